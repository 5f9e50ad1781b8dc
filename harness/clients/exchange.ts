/** What a client sent and what it got back: the outside view of one request. */
import type { HeaderLine } from '../plan/case.ts'

export type Response = {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly body: string
}

/** The gateway's verdict where the client receives it (WebSocket `connect`, HTTP error type). */
export type ClientVerdict =
  | { readonly kind: 'accepted'; readonly user?: string; readonly client?: string }
  | { readonly kind: 'refused'; readonly reason?: string }
  /** The answer need not come from the gateway: a proxy's page, a redirect, a closed connection. */
  | { readonly kind: 'not-the-gateway' }

/** How an exchange ended that has no answer, or not the whole of it. */
export type Ending =
  /** No connection: refused, no such name, no TLS. Nothing was sent. */
  | 'not-connected'
  /** The connection was accepted, and nothing came back within the deadline. */
  | 'no-answer'
  /** An answer began, or a WebSocket opened, and its end did not come within the deadline. */
  | 'unfinished'
  /** The peer closed the connection (over h2: ended the session). */
  | 'closed'
  /** The peer reset the connection (over h2: the stream). */
  | 'reset'
  /** The answer is in HTTP/2 frames: the peer took the bytes for HTTP/2. */
  | 'http2'
  /** The answer is in no protocol that is known here. */
  | 'not-http'
  /** The peer does not speak what the transport needs, or the client cannot send it there. Nothing was sent. */
  | 'unsupported'

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
  /** Absent where the answer came to its end. */
  readonly ending?: Ending
  /** Why nothing can be said of the peer, in one sentence: no connection, a passed deadline. Not a refusal by the peer's HTTP. */
  readonly fault?: string
  readonly ms: number
}
