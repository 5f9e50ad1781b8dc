/** What was seen of one cell: the only thing, with the case itself, that a judgement depends on. */
import type { Exchange } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { Expectation, HeaderLine } from '../plan/case.ts'
import type { OwnAbout } from './about.ts'

/** One request of the case (one entry of `send`), on a connection of its own. */
export type Attempt = {
  /** The case's expectation with this attempt's placeholders filled in. */
  readonly expect: Expectation
  readonly exchange: Exchange
  /** What the gateway recorded of this request; always empty where the gateway cannot record. */
  readonly arrivals: readonly Arrival[]
  /** The request's own mark, which the reference gateway sends back. */
  readonly mark?: string
  /** The forged value of this cell: every other one belongs to another cell. */
  readonly evil?: string
  /** Absent where the client wrote raw bytes instead of a request. */
  readonly sent?: SentRequest
  /**
   * Looked for only where a header arrived that must not: what arrives under the same names when the client sends another value. A proxy that
   * overwrites whatever the client sends is as good as one that removes it.
   */
  readonly baseline?: readonly HeaderLine[]
}

/** A request as its parts, the way it was written. */
export type SentRequest = {
  readonly method: string
  /** With the mark. */
  readonly target: string
  /** What has to arrive as it is: neither `Host`, nor the session's cookie, nor what ends at the next hop. */
  readonly headers: readonly HeaderLine[]
  readonly bodyLength: number
  /** SHA-256, hex. */
  readonly bodyDigest: string
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
  /** What was found beside the attempts: by the case's own TypeScript step, or of this cell among the arrivals of others. */
  readonly findings?: readonly Finding[]
}

/** One check and what it says, met or not, as a clause: `x-forwarded-user arrived as "evil" instead of "alice"`. */
export type Finding = {
  readonly met: boolean
  readonly says: string
  /** What it is about, where it is not met; several where several headers show it. */
  readonly about?: OwnAbout | readonly OwnAbout[]
  /** It holds only because nothing was seen: needs the fence. */
  readonly silent?: boolean
  /** Not met only because the request arrived without any identity: whoever needs one cannot be judged where the identity itself never arrives. */
  readonly lacksIdentity?: boolean
  /** Not met because no answer came within the deadline. */
  readonly unanswered?: boolean
  /** Neither met nor not: the proxy drops what tells the requests apart, and what arrived would suit either way. */
  readonly indistinct?: boolean
}
