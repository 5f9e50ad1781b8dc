/** One log-in per user and environment, all users at once, through the proxy's own redirects. */
import type { Dial } from '../../clients/exchange.ts'
import { logIn, usualStarts } from '../../identity/login.ts'
import { renderChain } from '../../identity/login-chain.ts'
import type { UserName } from '../../identity/users.ts'
import type { Principal } from '../../plan/case.ts'
import type { Session } from './running-environment.ts'

export type Entrance = {
  readonly host: string
  readonly dial: Dial
  readonly ca: string
  /** `login.portal` of the variant. */
  readonly portal?: string | undefined
}

export type Sessions = { readonly sessions: Readonly<Record<Principal, Session>>; readonly loginMs: number }

/** A failed log-in is a session with a reason that shows the chain: the cells that need it tell it. */
export async function logEverybodyIn({ host, dial, ca, portal }: Entrance): Promise<Sessions> {
  const since = performance.now()
  const origin = `https://${host}`
  const enter = async (user: UserName): Promise<Session> => {
    const visit = await logIn({
      user,
      start: usualStarts(origin, portal),
      dial,
      ca,
      ...(portal !== undefined && { portal }),
    })
    const cookie = visit.cookies.header(`${origin}/`)
    return visit.ok ? { cookie } : { cookie, reason: `${visit.reason}\n${renderChain(visit.chain)}` }
  }
  const [alice, bob, noEmail] = await Promise.all([enter('alice'), enter('bob'), enter('no-email')])
  return {
    sessions: { anonymous: { cookie: '' }, alice, bob, 'no-email': noEmail },
    loginMs: Math.round(performance.now() - since),
  }
}
