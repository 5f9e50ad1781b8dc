/** What a client sent and what it got back: the outside view of one request. */
import type { HeaderLine } from '../plan/case.ts'

/** A byte stream to `host:port` as seen from one vantage point. */
export type Dial = (host: string, port: number) => Promise<import('node:stream').Duplex>

export type Response = {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly body: string
}

/** The gateway's own words, where the client can hear them (WebSocket `connect`, HTTP error type). */
export type ClientVerdict =
  | { readonly kind: 'accepted'; readonly user?: string; readonly client?: string }
  | { readonly kind: 'refused'; readonly reason?: string }
  /** Nothing that only the gateway could have said: a proxy's page, a redirect, a closed connection. */
  | { readonly kind: 'not-the-gateway' }

export type Exchange = {
  /** All bytes written, before TLS. For h2: a readable rendering. */
  readonly sent: Buffer
  /** Absent when the connection closed without an answer. */
  readonly response?: Response
  /** Responses after the first on the same connection: pipelined, or smuggled. */
  readonly further?: readonly Response[]
  /** WebSocket close after a 101. */
  readonly close?: { readonly code: number; readonly reason: string }
  readonly verdict: ClientVerdict
  /** A fault of the harness or the network, in one sentence (connection refused, deadline). Not a refusal by the peer's HTTP. */
  readonly fault?: string
  /** The peer took the request, and no answer began within the deadline: `fault` says so, and whoever is tested is at fault. */
  readonly unanswered?: true
  readonly ms: number
}
