/** What was seen of one cell: the only thing, with the case itself, that a judgement rests on. */
import type { Exchange } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { Expectation } from '../plan/case.ts'

/** One request of the case (one entry of `send`), on a connection of its own. */
export type Attempt = {
  /** The case's expectation with this attempt's placeholders filled in. */
  readonly expect: Expectation
  readonly exchange: Exchange
  /** What the gateway recorded under this attempt's mark; always empty where the gateway cannot record. */
  readonly arrivals: readonly Arrival[]
}

/** A tagged request that is allowed, sent after the case through the same path: when it is there, whatever came before it would be too. */
export type Fence = {
  readonly needed: boolean
  readonly arrived: boolean
  /** Why it did not arrive, as a half sentence: `the client got 502`. */
  readonly reason?: string
}

export type Observation = {
  readonly attempts: readonly Attempt[]
  /** Whether the gateway records arrivals. Where it does not, keys under `arrives` are not judged. */
  readonly recordable: boolean
  readonly fence: Fence
  /** Set when the case's user could not sign in: nothing was sent. A half sentence with the chain's last hop. */
  readonly signInFailed?: string
  /** Why the case's own TypeScript step did not come to its end: nothing was sent after it. Half a sentence. */
  readonly stepFailed?: string
  /** What a case's own TypeScript step found, beside the attempts. */
  readonly findings?: readonly Finding[]
}

/** One check and what it says, met or not, as a clause: `x-forwarded-user arrived as "evil" instead of "alice"`. */
export type Finding = {
  readonly met: boolean
  readonly says: string
  /** It holds only because nothing was seen: needs the fence. */
  readonly silent?: boolean
}
