/** One request of a case over HTTP/2, as a transport of its own: TLS with ALPN `h2`, header fields exactly as the case has them. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import type { HeaderLine, Send } from '../plan/case.ts'
import type { Exchange, Response } from './exchange.ts'
import { encodeFields, requestFields } from './header-block.ts'
import { notTheGateway, verdictOf } from './probe.ts'
import { bodyOf, methodOf, type RequestContext } from './request-bytes.ts'
import { substitutingHeaders } from './substituted-headers.ts'
import { openStream, type Peer } from './tls.ts'
import { type Limits, usualLimits } from './wire.ts'

/**
 * Sends one request on a connection of its own. A stream that the peer resets, or a connection that it ends, is an exchange without an answer;
 * `fault` is for what kept the request from being sent and for a passed deadline. Raw bytes are HTTP/1.x: a case that has them gets a fault.
 */
export async function sendHttp2(
  peer: Peer,
  send: Send,
  context: RequestContext,
  limits: Limits = usualLimits,
): Promise<Exchange> {
  const since = performance.now()
  const fields = requestFields(send, context)
  const body = bodyOf(send, methodOf(send, 'http'))
  const sent = render(fields, body ?? '', send.trailers ?? [])
  const ended = (rest: Pick<Exchange, 'response' | 'fault'>): Exchange => ({
    sent,
    verdict: rest.response === undefined ? notTheGateway : verdictOf(rest.response),
    ...rest,
    ms: performance.now() - since,
  })
  if (send.raw !== undefined) return ended({ fault: 'raw bytes are HTTP/1.x and cannot be sent over h2' })
  let stream: Duplex
  try {
    stream = await openStream(peer, 'h2', limits.deadlineMs, context.cookie)
  } catch (error) {
    return ended({ fault: error instanceof Error ? error.message : String(error) })
  }
  const trailers = send.trailers ?? []
  const blocks = [encodeFields(fields), ...(trailers.length > 0 ? [encodeFields(lowerCase(trailers))] : [])]
  const session = connect('https://substituted.invalid', {
    createConnection: () => substitutingHeaders(stream, blocks),
  })
  try {
    return ended(await answerTo(session, body, trailers.length > 0 ? 'trailers' : 'no trailers', limits.deadlineMs))
  } finally {
    session.destroy()
    stream.destroy()
  }
}

function answerTo(
  session: ClientHttp2Session,
  body: string | undefined,
  ending: 'trailers' | 'no trailers',
  deadlineMs: number,
): Promise<Pick<Exchange, 'response' | 'fault'>> {
  return new Promise((resolve) => {
    let head: Omit<Response, 'body'> | undefined
    const chunks: Buffer[] = []
    const done = (fault?: string) => {
      clearTimeout(timer)
      resolve({
        ...(head && { response: { ...head, body: Buffer.concat(chunks).toString() } }),
        ...(fault !== undefined && { fault }),
      })
    }
    const timer = setTimeout(
      () => done(`${head === undefined ? 'no answer came' : 'the answer did not end'} within ${deadlineMs} ms`),
      deadlineMs,
    )
    // The peer's protocol error is its answer to a malformed request: RST_STREAM or GOAWAY.
    session.on('error', () => done())
    session.on('close', () => done())
    // With an error it is the last word, though a peer may take its time to close (Envoy: a second).
    session.on('goaway', (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) done()
    })
    const stream = open(session, body, ending)
    stream.on('error', () => done())
    stream.on('response', (_headers, _flags, raw) => {
      head = responseHead(raw)
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => done())
    stream.on('close', () => done())
  })
}

/** The request that Node believes it sends; its header blocks are substituted on the way. */
function open(
  session: ClientHttp2Session,
  body: string | undefined,
  ending: 'trailers' | 'no trailers',
): ClientHttp2Stream {
  const waitForTrailers = ending === 'trailers'
  const endStream = body === undefined && !waitForTrailers
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream, waitForTrailers })
  if (waitForTrailers) stream.on('wantTrailers', () => stream.sendTrailers({ substituted: '' }))
  if (!endStream) stream.end(Buffer.from(body ?? '', 'latin1'))
  return stream
}

function responseHead(raw: readonly string[]): Omit<Response, 'body'> {
  const headers: HeaderLine[] = []
  let status = 0
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = raw.slice(at, at + 2)
    if (name === ':status') status = Number(value)
    else headers.push([name, value])
  }
  return { status, headers }
}

/** For people and for the judge: the shape of an HTTP/1.x request, with the pseudo-headers as the lines that they are. */
function render(fields: readonly HeaderLine[], body: string, trailers: readonly HeaderLine[]): Buffer {
  const first = (name: string) => fields.find(([found]) => found === name)?.[1] ?? ''
  const authority = first(':authority')
  const target = authority === '' ? first(':path') : `https://${authority}${first(':path')}`
  const lines = (list: readonly HeaderLine[]) => list.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${first(':method')} ${target} HTTP/2\r\n${lines(fields)}\r\n${body}${lines(trailers)}`, 'latin1')
}

const lowerCase = (lines: readonly HeaderLine[]) =>
  lines.map(([name, value]): HeaderLine => [name.toLowerCase(), value])
