/** What came after a request's head: the body's first bytes, its length and digest, and the trailers. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Arrival } from '../recording/arrival.ts'
import { pairLines } from '../rules/header-lines.ts'

const keptBytes = 4096

type Rest = Pick<Arrival, 'body' | 'bodyLength' | 'bodyDigest' | 'trailers' | 'complete'>

type BodyReading = {
  /** Resolves when the body has ended, the connection broke, or nothing more came within the deadline: what had come by then. */
  readonly settled: Promise<Rest>
  /** Resolves when nothing more can come. */
  readonly ended: Promise<Rest>
}

/** Of a request whose body has not begun. @param complete where it has none */
export const noBody = (complete: boolean): Rest => ({
  body: '',
  bodyLength: 0,
  bodyDigest: digestOfNothing,
  trailers: [],
  complete,
})

const digestOfNothing = createHash('sha256').digest('hex')

/** RFC 9112 6.3: a request has a body where it has one of these lines; a length of 0 is no body either. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
}

/**
 * Reads a request to its end and keeps the first 4 KiB as latin-1, byte for byte.
 * @param deadlineMs how long an answer may wait for the next bytes of a body that does not end
 * @param broken aborted when the parser gave the connection up
 */
export function readBody(request: IncomingMessage, deadlineMs: number, broken: AbortSignal): BodyReading {
  const chunks: Buffer[] = []
  const digest = createHash('sha256')
  let length = 0
  request.on('data', (chunk: Buffer) => {
    if (length < keptBytes) chunks.push(chunk)
    length += chunk.length
    digest.update(chunk)
  })
  const rest = (): Rest => ({
    body: Buffer.concat(chunks).subarray(0, keptBytes).toString('latin1'),
    bodyLength: length,
    bodyDigest: digest.copy().digest('hex'),
    trailers: pairLines(request.rawTrailers),
    complete: request.complete,
  })
  const ended = new Promise<Rest>((resolve) => {
    const finish = () => resolve(rest())
    request.on('end', finish)
    request.on('close', finish)
    request.on('error', finish)
    // What had come before still flows out of the stream, and a whole body ends by itself.
    broken.addEventListener('abort', () => {
      if (!request.complete) setImmediate(finish)
    })
  })
  const settled = new Promise<Rest>((resolve) => {
    const timer = setTimeout(() => resolve(rest()), deadlineMs)
    // A large body on a busy machine is slow, not unfinished: the proxy is not to blame for that.
    request.on('data', () => timer.refresh())
    void ended.then((whole) => {
      clearTimeout(timer)
      resolve(whole)
    })
  })
  return { settled, ended }
}
