/** The HTTP/2 side: each stream becomes a request like any other; towards the gateway it is HTTP/1.1. */
import { performServerHandshake, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HeaderLine } from '../plan/case.ts'
import { textAnswer } from './answer.ts'
import { pairsOf, valuesOf } from './header-lines.ts'
import type { Front } from './http1.ts'
import type { ProxyRequest } from './request.ts'
import { keepTrailers, withMergedTrailers } from './trailers.ts'

/** Serves a connection on which ALPN chose `h2`. The nghttp2 parser refuses connection-specific lines and bad pseudo-headers (RFC 9113 8.2.2, 8.3). */
export function serveHttp2(front: Front, socket: Duplex, peer: string): void {
  const session = performServerHandshake(socket)
  const subject = front.subjectOf?.(socket)
  session.on('error', () => session.destroy())
  session.on('stream', (stream, _headers, _flags, flat) => {
    stream.on('error', () => stream.destroy())
    keepTrailers(stream)
    serveStream(front, stream, {
      ...proxyRequest(pairsOf(flat), peer),
      ...(subject !== undefined && { subject }),
    }).catch(() => stream.destroy())
  })
}

async function serveStream(front: Front, stream: ServerHttp2Stream, received: ProxyRequest): Promise<void> {
  const outcome = await front.core(received)
  if (outcome.kind === 'answer')
    return respond(stream, outcome.answer.status, outcome.answer.headers, outcome.answer.body)
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
      const { status, headers, body } = outcome.instead
      return respond(stream, status, headers, body)
    }
    stream.respond(fields(answered.status, answered.lines))
    await pipeline(answered.body, stream)
  } catch {
    if (stream.headersSent) stream.destroy()
    else {
      const { status, headers, body } = textAnswer(502, 'the gateway does not answer')
      respond(stream, status, headers, body)
    }
  }
}

function respond(stream: ServerHttp2Stream, status: number, headers: readonly HeaderLine[], body: string): void {
  stream.respond(
    fields(
      status,
      headers.filter(([name]) => name.toLowerCase() !== 'connection'),
    ),
  )
  stream.end(body)
}

/** Lines as the object that Node wants: lower case, several lines of a name as a list. */
function fields(status: number, lines: readonly HeaderLine[]): Record<string, string[] | string | number> {
  const grouped: Record<string, string[] | string | number> = { ':status': status }
  for (const [name, value] of lines) {
    const key = name.toLowerCase()
    const present = grouped[key]
    if (Array.isArray(present)) present.push(value)
    else grouped[key] = typeof present === 'string' ? [present, value] : value
  }
  return grouped
}

/** `:authority` stands for `Host`; both that differ are two hosts, and refused as such (RFC 9113 8.3.1). */
function proxyRequest(all: readonly HeaderLine[], peer: string): ProxyRequest {
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
  }
}
