/** What both stages of the decision share: the rules and configuration in force, what is known of a request, what is decided. */
import type { HeaderLine } from '../../plan/case.ts'
import type { Attribution, Verdict } from '../recording/arrival.ts'
import type { GatewayConfig } from './config.ts'
import type { Profile } from './profiles.ts'

/** What both stages need of the gateway itself. */
export type Policy = {
  readonly profile: Profile
  readonly config: GatewayConfig
  /** A broken gateway's own way to decide (`mutants.ts`); no profile has one. */
  readonly decideInstead?: Decide
}

/** One request as the decision sees it. */
export type Evidence = {
  /** TCP peer address; empty when the connection was gone before it could be read. */
  readonly peer: string
  readonly transport: 'http' | 'websocket'
  readonly headers: readonly HeaderLine[]
  /** The password that the client sent: HTTP bearer, WebSocket `auth.password`. */
  readonly password?: string
  /** The gateway's own addresses; `undefined` when they could not be listed. */
  readonly ownAddresses: readonly string[] | undefined
  /** The password fallback is locked for this client after too many failures. */
  readonly passwordLocked: boolean
}

export type Decision = {
  readonly attribution: Attribution
  readonly verdict: Verdict
  /** The password fallback was asked, and its answer counts for the rate limit. */
  readonly passwordTried?: 'right' | 'wrong'
}

export type Decide = (evidence: Evidence, policy: Policy) => Decision
