/** How the proxy names users to the gateway: as the variant says, or as it shows in what arrives for two users. */

import { sendHttp1 } from '../../clients/http1.ts'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { belongsTo } from '../../gateways/recording/owner.ts'
import type { Recordings } from '../../gateways/recording/recordings.ts'
import { sameName } from '../../gateways/rules/header-lines.ts'
import { formOf, userWithoutClaim } from '../../identity/users.ts'
import type { Dial } from '../../lab/dial.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import type { Variant } from '../../plan/proxy.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import { publicPort } from './listeners.ts'
import type { Session } from './running-environment.ts'

export type Naming = {
  readonly form: UserForm
  /** One sentence, where a reader must know of it. */
  readonly note?: string
}

const words: Readonly<Record<UserForm, string>> = {
  email: 'e-mail addresses',
  'local-part': 'the part of their e-mail addresses before the @',
  preferred_username: 'user names (claim preferred_username)',
  name: 'full names (claim name)',
  sub: 'subjects (claim sub)',
}

const recordDeadline = 5000

/**
 * Asks the app once as each of the two. What arrives for alice is alice if it is one of her claims and not what arrives for bob.
 * Never rejects: where nothing can be learned, users are named by their e-mail addresses, and the cases show what arrives instead.
 */
export async function learnForm(
  { userForm, host, identity }: Pick<Variant, 'userForm' | 'host' | 'identity'>,
  { dial, ca }: { readonly dial: Dial; readonly ca: string },
  { alice, bob }: { readonly alice: Session; readonly bob: Session },
  recordings: Recordings | undefined,
): Promise<Naming> {
  if (userForm !== undefined) return { form: userForm }
  if (recordings === undefined)
    return {
      form: 'email',
      note: 'This gateway keeps no record, so users were taken to arrive as their e-mail addresses. If they do not, set user-form in proxy.yaml.',
    }
  const peer = { dial, host, port: publicPort, tls: { ca, servername: host } }
  const since = recordings.last
  const ask = async ({ cookie }: Session): Promise<string> => {
    const mark = requestMark(newCellMark(), 1)
    await sendHttp1(peer, {}, { cookie, password: '', host, mark }, 'http').catch(() => {})
    return mark
  }
  const marks = await Promise.all([ask(alice), ask(bob)])
  await recordings.caughtUp(recordDeadline).catch(() => {})
  const arrivals = recordings.since(since)
  const [first, second] = marks.map((mark) => nameIn(arrivals, mark, identity))
  const form = first === undefined || second === undefined ? undefined : formOf(first, second)
  if (form === undefined || form === 'email') return { form: 'email' }
  return { form, note: `Users arrive as their ${words[form]} (learned from the first request).` }
}

/** Of an environment whose users are named in this form: everybody has a subject, so no user without one can sign in. */
export function featuresFor(features: readonly string[], { form }: Naming): readonly string[] {
  return userWithoutClaim(form) === undefined ? features.filter((feature) => feature !== 'no-email-user') : features
}

/** The one value of the identity header of the one arrival with this mark. */
function nameIn(arrivals: readonly Arrival[], mark: string, identity: string): string | undefined {
  const values = arrivals
    .filter((arrival) => belongsTo(arrival, mark))
    .flatMap(({ headers }) => headers.filter(([name]) => sameName(name, identity)).map(([, value]) => value.trim()))
  return values.length === 1 ? values[0] : undefined
}
