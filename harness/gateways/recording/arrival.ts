/** What the gateway saw and decided: the record that every judgement rests on. */
import type { HeaderLine } from '../../plan/case.ts'

/** Attribution: whose request this is on the network (docs/gateways.md#g2-attribution). */
export type Attribution =
  | { readonly kind: 'direct-local' }
  | { readonly kind: 'direct-remote' }
  | { readonly kind: 'trusted-proxy'; readonly client: string }
  | { readonly kind: 'unattributable-proxy' }

/** The gateway's decision on one request or connection. `user` is `local` for the password fallback. */
export type Verdict =
  | {
      readonly kind: 'accepted'
      readonly user: string
      readonly method: 'trusted-proxy' | 'password' | 'loopback-user'
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly status?: number; readonly close?: number }

/** One request or upgrade exactly as it came off the wire. */
export type Arrival = {
  /** Counts up by one per recorded event of this gateway. */
  readonly sequence: number
  /** TCP peer address, never from a header. */
  readonly peer: string
  readonly transport: 'http' | 'websocket'
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Order, case and duplicates kept. */
  readonly headers: readonly HeaderLine[]
  readonly trailers: readonly HeaderLine[]
  /** The request's head as bytes, base64. */
  readonly raw: string
  readonly body: string
  readonly attribution: Attribution
  readonly verdict: Verdict
}
