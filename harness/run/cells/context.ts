/** What an environment adds to the words of a case. */
import { users } from '../../identity/users.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { PlaceholderContext } from '../../plan/placeholders.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'

export function contextOf(
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  own: Pick<PlaceholderContext, 'cookie' | 'evil' | 'mark'>,
): PlaceholderContext {
  return {
    ...environment.addresses,
    identity: planned.variant.identity,
    host: planned.variant.host,
    alice: users.alice.email,
    bob: users.bob.email,
    password: environment.password,
    logOut: planned.variant.login.logOut ?? '',
    required: planned.variant.requiredHeaders,
    ...own,
  }
}
