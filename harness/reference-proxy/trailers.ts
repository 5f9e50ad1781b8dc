/** The trailer section of a client's request (RFC 9110 6.5). The correct proxy drops it; two mutants do not. */
import { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { HeaderLine } from '../plan/case.ts'
import type { Behaviour } from './behaviour.ts'
import { pairsOf } from './header-lines.ts'
import type { Asked, AskedBody } from './outcome.ts'

/** Node hands over the trailers of an HTTP/2 stream in an event, and keeps none. */
const received = new WeakMap<Readable, HeaderLine[]>()

export function keepTrailers(stream: ServerHttp2Stream): void {
  stream.on('trailers', (_trailers: unknown, _flags: unknown, flat: readonly string[]) =>
    received.set(stream, pairsOf(flat)),
  )
}

/** Complete when the body has ended. */
export function trailersOf({ stream }: AskedBody): readonly HeaderLine[] {
  return stream instanceof IncomingMessage ? pairsOf(stream.rawTrailers) : (received.get(stream) ?? [])
}

/** The request as it goes on: with the trailers among the headers, where the proxy makes that mistake. */
export async function withMergedTrailers(
  asked: Asked,
  body: AskedBody,
  trailers: Behaviour['trailers'],
): Promise<[Asked, AskedBody]> {
  if (!body.chunked || trailers !== 'merged') return [asked, body]
  const content = await buffer(body.stream)
  const length: HeaderLine = ['Content-Length', String(content.length)]
  const lines = [...asked.lines, ...trailersOf(body), length]
  return [
    { ...asked, lines },
    { stream: Readable.from([content]), chunked: false },
  ]
}
