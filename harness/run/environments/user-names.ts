/** By which names the users of an environment are known at its gateway. */
import { nameOf, type UserName, users } from '../../identity/users.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import type { RunningEnvironment } from './running-environment.ts'

type Named = Pick<RunningEnvironment, 'form' | 'names'>

/** What the gateway is told of a user: the deployment's own name where there is one, else the claim of the run's user. */
export function nameAt({ form, names }: Named, user: UserName): string {
  const own = user === 'alice' || user === 'bob' ? names?.[user] : undefined
  return own ?? nameOf(users[user], form)
}

/** How a forged name looks like the names of this environment. */
export function forgedForm({ form, names }: Named): UserForm | undefined {
  if (names?.alice === undefined) return form
  return names.alice.includes('@') ? 'email' : 'name'
}
