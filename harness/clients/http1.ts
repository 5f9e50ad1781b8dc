/** Requests of a case over HTTP/1.x, plain or TLS, written as they stand; and after a 101 the gateway's own handshake. */
import { performance } from 'node:perf_hooks'
import type { Send } from '../plan/case.ts'
import type { Credentials } from '../plan/credentials.ts'
import type { Exchange } from './exchange.ts'
import { converse } from './gateway-protocol.ts'
import { notTheGateway, verdictOfAll } from './probe.ts'
import { connectAs, methodOf, type RequestContext, type RequestKind, requestBytes, shownOf } from './request-bytes.ts'
import { ResponseReader } from './response-reader.ts'
import { holderOf, openStream, type Peer } from './tls.ts'
import { FrameSocket } from './websocket-frames.ts'
import { type Limits, readAnswers, usualLimits, Wire, writeAll } from './wire.ts'

/**
 * Sends one request on a connection of its own and reads what comes back.
 * Never rejects for what network and peer do: a refused connection, a failed TLS handshake and a passed deadline are `fault`; a peer that
 * closes without an answer is no fault, and neither is one that leaves raw bytes unanswered.
 * @throws UserError where the request cannot be written as bytes
 */
export async function sendHttp1(
  peer: Peer,
  send: Send,
  context: RequestContext,
  kind: RequestKind,
  limits: Limits = usualLimits,
): Promise<Exchange> {
  await using connection = new Http1Connection(peer, limits)
  return await connection.send(send, context, kind)
}

/** Carries request after request as long as the peer lets it, and is opened again where the peer has said that it closes, or has closed. */
export class Http1Connection implements AsyncDisposable {
  readonly #peer: Peer
  readonly #limits: Limits
  #wire: Wire | undefined
  #certificate: string | undefined
  /** How often it had to be opened: more than once means that the peer closed it. */
  opened = 0

  /** Nothing is dialled before the first request. */
  constructor(peer: Peer, limits: Limits) {
    this.#peer = peer
    this.#limits = limits
  }

  /** Whether the next request goes over the same connection as the last. */
  get usable(): boolean {
    return this.#wire !== undefined && this.#wire.ended === undefined && this.#wire.stream.writable
  }

  /** One request after the other: the next may be sent when this one is answered. Never rejects for what network and peer do. */
  async send(send: Send, context: RequestContext, kind: RequestKind): Promise<Exchange> {
    const { exchange, socket } = await this.upgrade(send, context, kind)
    if (socket === undefined) return exchange
    const since = performance.now()
    const timer = setTimeout(() => socket.expire(), this.#limits.deadlineMs)
    const conversation = await converse(socket, connectAs(send, context))
    clearTimeout(timer)
    if (conversation.close === undefined) socket.close(1000)
    return { ...exchange, ...conversation, ms: exchange.ms + performance.now() - since }
  }

  /** The same without the gateway's handshake: where the peer opens a WebSocket, it is the caller's as long as this connection is. */
  async upgrade(
    send: Send,
    context: RequestContext,
    kind: RequestKind,
  ): Promise<{ readonly exchange: Exchange; readonly socket?: FrameSocket }> {
    const writes = requestBytes(send, context, kind)
    const sent = Buffer.concat(writes)
    const since = performance.now()
    let wire: Wire
    try {
      wire = await this.#open(shownOf(send, context))
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      const ms = performance.now() - since
      return { exchange: { sent, verdict: notTheGateway, ending: 'not-connected', fault, ms } }
    }
    const reader = new ResponseReader(methodOf(send, kind))
    // Not waited for: a peer may answer without having read everything, and the end of the connection ends what is left.
    void writeAll(wire, writes)
    const cut = await readAnswers(wire, reader, send.raw === undefined ? 'one' : 'all', this.#limits)
    const [response, ...further] = reader.responses
    const exchange: Exchange = {
      sent,
      ...(response && { response }),
      ...(further.length > 0 && { further }),
      ...cut,
      verdict: verdictOfAll(reader.responses),
      ms: performance.now() - since,
    }
    if (speaksWebSocket(reader)) return { exchange, socket: new FrameSocket(wire, reader.upgraded) }
    // RFC 9112 9.3 and 9.6: nothing may be sent on a connection that the peer has said it will close.
    if (cut.ending !== undefined || reader.upgraded !== undefined || reader.closes) await this[Symbol.asyncDispose]()
    return { exchange }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wire?.stream.destroy()
    this.#wire = undefined
  }

  /** A client certificate belongs to the connection: whoever shows another one opens another. */
  async #open(shown: Credentials): Promise<Wire> {
    const same = this.#certificate === shown.certificate?.certificate
    if (this.#wire !== undefined && this.usable && same) return this.#wire
    await this[Symbol.asyncDispose]()
    const wire = new Wire(await openStream(this.#peer, 'http/1.1', this.#limits.deadlineMs, holderOf(shown)))
    this.#wire = wire
    this.#certificate = shown.certificate?.certificate
    this.opened += 1
    return wire
  }
}

function speaksWebSocket({ upgraded, responses }: ResponseReader): boolean {
  const upgrade = responses.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'upgrade')?.[1]
  return upgraded !== undefined && upgrade?.toLowerCase() === 'websocket'
}
