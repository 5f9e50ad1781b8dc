/** One log-in per user and environment, all users at once, through the proxy's own redirects. */

import { logIn, usualStarts } from '../../identity/login.ts'
import { type UserName, userWithoutClaim } from '../../identity/users.ts'
import type { Dial } from '../../lab/dial.ts'
import type { Principal } from '../../plan/case.ts'
import { noCredentials } from '../../plan/credentials.ts'
import { rememberCookies } from '../results/redact.ts'
import type { Session } from './session.ts'
import type { Naming } from './user-form.ts'
import type { NodesOfUsers } from './user-nodes.ts'

export type Entrance = {
  readonly host: string
  /** Host name of the OpenID provider; default idp.test. */
  readonly provider?: string
  readonly dial: Dial
  readonly ca: string
  /** Of users who are known by their addresses. */
  readonly nodes?: NodesOfUsers | undefined
  /** `login.portal` of the variant. */
  readonly portal?: string | undefined
}

export type Sessions = {
  readonly sessions: Readonly<Record<Principal, Session>>
  readonly loginMs: number
  readonly naming: Naming
}

/** How users turn out to be named, from the sessions of two of them. */
export type Learning = (first: { readonly alice: Session; readonly bob: Session }) => Promise<Naming>

/** A failed log-in is a session with a reason and the chain of its redirects: the cells that need it tell it. */
export async function logEverybodyIn(
  { host, provider, dial, ca, portal }: Entrance,
  learn: Learning,
): Promise<Sessions> {
  const since = performance.now()
  const origin = `https://${host}`
  const enter = async (user: UserName): Promise<Session> => {
    const visit = await logIn({
      user,
      start: usualStarts(origin, portal),
      ...(provider !== undefined && { provider }),
      dial,
      ca,
      ...(portal !== undefined && { portal }),
    })
    const cookie = visit.cookies.header(`${origin}/`)
    rememberCookies(cookie)
    return visit.ok ? { cookie } : { cookie, reason: visit.reason, chain: visit.chain }
  }
  const [alice, bob, noEmail] = await Promise.all([enter('alice'), enter('bob'), enter('no-email')])
  const loginMs = Math.round(performance.now() - since)
  // Most proxies name users by their addresses: the user without one signs in beside the others, and for nothing where it is another claim.
  const naming = await learn({ alice, bob })
  const without = userWithoutClaim(naming.form)
  const nobody: Session = { cookie: '', reason: 'no user lacks the claim by which this proxy names users' }
  const noClaim = without === 'no-email' ? noEmail : without === undefined ? nobody : await enter(without)
  return { sessions: { anonymous: noCredentials, alice, bob, 'no-email': noClaim }, loginMs, naming }
}
