/** The HTTP/2 side: each stream becomes a request like any other; towards the gateway it is HTTP/1.1. */
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HeaderLine } from '../plan/case.ts'
import { textAnswer } from './answer.ts'
import { pairsOf, valuesOf } from './header-lines.ts'
import type { Front } from './http1.ts'
import { fields, respond } from './http2-answer.ts'
import type { ProxyRequest } from './request.ts'
import { keepTrailers, withMergedTrailers } from './trailers.ts'
import { serveWebSocketStream } from './websocket-stream.ts'

/** Serves a connection on which ALPN chose `h2`. The nghttp2 parser refuses connection-specific lines and bad pseudo-headers (RFC 9113 8.2.2, 8.3). */
export function serveHttp2(front: Front, socket: Duplex, peer: string): void {
  // RFC 8441 3: only a peer that reads this may open a WebSocket on a stream.
  const session: ServerHttp2Session = performServerHandshake(socket, { settings: { enableConnectProtocol: true } })
  const subject = front.subjectOf?.(socket)
  session.on('error', () => session.destroy())
  session.on('stream', (stream, _headers, _flags, flat) => {
    stream.on('error', () => stream.destroy())
    keepTrailers(stream)
    const received = { ...proxyRequest(pairsOf(flat), peer, socket), ...(subject !== undefined && { subject }) }
    serveStream(front, stream, received, valuesOf(':protocol', pairsOf(flat))[0]).catch(() => stream.destroy())
  })
}

async function serveStream(
  front: Front,
  stream: ServerHttp2Stream,
  received: ProxyRequest,
  protocol: string | undefined,
): Promise<void> {
  if (protocol !== undefined) return await serveWebSocketStream(front, stream, received, protocol)
  const outcome = await front.core(received)
  if (outcome.kind === 'answer') return respond(stream, outcome.answer)
  const { target, lines } = outcome
  try {
    const sized = valuesOf('content-length', lines).length > 0
    const asked = { method: received.method, target, lines }
    const answered = await (stream.endAfterHeaders
      ? front.gateway.request(asked)
      : front.gateway.request(
          ...(await withMergedTrailers(asked, { stream, chunked: !sized }, front.behaviour.trailers)),
        ))
    if (outcome.instead) {
      answered.body.resume()
      return respond(stream, outcome.instead)
    }
    stream.respond(fields(answered.status, answered.lines))
    await pipeline(answered.body, stream)
  } catch {
    if (stream.headersSent) stream.destroy()
    else respond(stream, textAnswer(502, 'the gateway does not answer'))
  }
}

/** `:authority` stands for `Host`; both that differ are two hosts, and refused as such (RFC 9113 8.3.1). */
function proxyRequest(all: readonly HeaderLine[], peer: string, connection: object): ProxyRequest {
  const pseudo = (name: string) => valuesOf(name, all)[0]
  const authority = pseudo(':authority')
  const headers = all.filter(
    ([name, value]) => !name.startsWith(':') && !(name.toLowerCase() === 'host' && value === authority),
  )
  return {
    transport: 'http',
    method: pseudo(':method') ?? '',
    target: pseudo(':path') ?? '',
    httpVersion: '2.0',
    headers: authority === undefined ? headers : [['Host', authority], ...headers],
    peer,
    connection,
  }
}
