/** One request of a case over HTTP/2, as a transport of its own: TLS with ALPN `h2`, header fields exactly as the case has them. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import type { HeaderLine, Send } from '../plan/case.ts'
import type { Credentials } from '../plan/credentials.ts'
import type { Exchange, Response } from './exchange.ts'
import { encodeFields, requestFields } from './header-block.ts'
import { notTheGateway, verdictOf } from './probe.ts'
import { bodyOf, methodOf, type RequestContext, shownOf } from './request-bytes.ts'
import { substitutingHeaders } from './substituted-headers.ts'
import { holderOf, openStream, type Peer } from './tls.ts'
import { type Cut, type Limits, usualLimits } from './wire.ts'

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
  const fields = requestFields(send, context, 'http')
  const body = bodyOf(send, methodOf(send, 'http'))
  const trailers = lowerCase(send.trailers ?? [])
  const sent = render(fields, body ?? '', trailers)
  const ended = ({ response, ...cut }: Answer): Exchange => ({
    sent,
    ...(response && { response }),
    verdict: response === undefined ? notTheGateway : verdictOf(response),
    ...cut,
    ms: performance.now() - since,
  })
  if (send.raw !== undefined) return ended(rawOverHttp2)
  const blocks = trailers.length > 0 ? [fields, trailers] : [fields]
  const opened = await openSession(peer, blocks, shownOf(send, context), limits)
  if ('fault' in opened) return ended(opened)
  await using session = opened
  const ending = trailers.length > 0 ? 'trailers' : 'no trailers'
  return ended(await answerTo(session.http2, () => request(session.http2, body, ending), limits.deadlineMs))
}

export type Answer = Cut & { readonly response?: Response }

/** What a case with raw bytes gets. */
export const rawOverHttp2: Answer = {
  ending: 'unsupported',
  fault: 'raw bytes are HTTP/1.x and cannot be sent over h2',
}

type Session = AsyncDisposable & {
  readonly http2: ClientHttp2Session
  /** Header blocks of the requests to come. */
  readonly blocks: Buffer[]
}

/** A session whose HEADERS frames carry these blocks in their order. Does not reject: what the network does is `fault`. */
export async function openSession(
  peer: Peer,
  blocks: readonly (readonly HeaderLine[])[],
  shown: Credentials,
  { deadlineMs }: Limits,
): Promise<Session | (Cut & { readonly fault: string })> {
  let stream: Duplex
  try {
    stream = await openStream(peer, 'h2', deadlineMs, holderOf(shown))
  } catch (error) {
    return { ending: 'not-connected', fault: error instanceof Error ? error.message : String(error) }
  }
  const waiting = blocks.map(encodeFields)
  const substituted = substitutingHeaders(stream, waiting)
  const http2 = connect('https://substituted.invalid', { createConnection: () => substituted })
  return {
    http2,
    blocks: waiting,
    async [Symbol.asyncDispose]() {
      http2.destroy()
      stream.destroy()
    },
  }
}

/**
 * The answer on the stream that `open` makes.
 * @param until `head`: what follows a 2xx is the caller's to read
 */
export function answerTo(
  session: ClientHttp2Session,
  open: () => ClientHttp2Stream,
  deadlineMs: number,
  until: 'head' | 'end' = 'end',
): Promise<Answer> {
  return new Promise((resolve) => {
    let head: Omit<Response, 'body'> | undefined
    const chunks: Buffer[] = []
    const done = (cut: Cut = {}) => {
      clearTimeout(timer)
      resolve({ ...(head && { response: { ...head, body: Buffer.concat(chunks).toString() } }), ...cut })
    }
    const timer = setTimeout(() => {
      const what = head === undefined ? 'no answer came' : 'the answer did not end'
      done({ ending: head === undefined ? 'no-answer' : 'unfinished', fault: `${what} within ${deadlineMs} ms` })
    }, deadlineMs)
    // The peer's protocol error is its answer to a malformed request: RST_STREAM or GOAWAY.
    session.on('error', () => done({ ending: 'closed' }))
    session.on('close', () => done({ ending: 'closed' }))
    // A GOAWAY with an error ends the exchange: no answer follows, although the peer may close later (Envoy: after a second).
    session.on('goaway', (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) done({ ending: 'closed' })
    })
    const stream = open()
    const over = () => {
      const alive = !session.closed && !session.destroyed
      const reset = alive && stream.rstCode !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR
      done(reset ? { ending: 'reset' } : head === undefined ? { ending: 'closed' } : {})
    }
    stream.on('error', over)
    stream.on('response', (_headers, _flags, raw) => {
      head = responseHead(raw)
      if (until === 'head' && head.status >= 200 && head.status <= 299) done()
      else stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    })
    stream.on('end', over)
    stream.on('close', over)
  })
}

/** The request that Node believes it sends; its header blocks are substituted on the way. */
export function request(
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
export function render(fields: readonly HeaderLine[], body: string, trailers: readonly HeaderLine[]): Buffer {
  const first = (name: string) => fields.find(([found]) => found === name)?.[1] ?? ''
  const authority = first(':authority')
  const target = authority === '' ? first(':path') : `https://${authority}${first(':path')}`
  const lines = (list: readonly HeaderLine[]) => list.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${first(':method')} ${target} HTTP/2\r\n${lines(fields)}\r\n${body}${lines(trailers)}`, 'latin1')
}

const lowerCase = (lines: readonly HeaderLine[]) =>
  lines.map(([name, value]): HeaderLine => [name.toLowerCase(), value])
