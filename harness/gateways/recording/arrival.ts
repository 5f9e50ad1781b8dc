/** What the gateway saw and decided: the record that every judgement depends on. */
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
  /** Counts up by one per recorded arrival of this gateway, in the order of the record. */
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
  /** The first 4 KiB of the body, latin-1. */
  readonly body: string
  /** Of the body as far as it came, without its transfer coding: bytes, and SHA-256 in hex. */
  readonly bodyLength: number
  readonly bodyDigest: string
  /** Whether the request came to its end. An arrival is recorded at its head and updated when its body has settled. */
  readonly complete: boolean
  readonly attribution: Attribution
  readonly verdict: Verdict
}
