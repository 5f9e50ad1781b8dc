/** What came after a request's head: the first bytes of the body, and the trailers. */
import type { IncomingMessage } from 'node:http'
import type { HeaderLine } from '../../plan/case.ts'
import { pairLines } from '../rules/header-lines.ts'

const keptBytes = 4096

export type Rest = { readonly body: string; readonly trailers: readonly HeaderLine[] }

export type BodyReading = {
  /** Resolves when the body has ended, the connection broke, or the deadline passed: what had come by then. */
  readonly settled: Promise<Rest>
  /** Resolves when nothing more can come. */
  readonly ended: Promise<Rest>
}

/**
 * Reads a request to its end and keeps the first 4 KiB as latin-1, byte for byte.
 * @param deadlineMs how long an answer may wait for a body that does not end
 * @param broken aborted when the parser gave the connection up
 */
export function readBody(request: IncomingMessage, deadlineMs: number, broken: AbortSignal): BodyReading {
  const chunks: Buffer[] = []
  let kept = 0
  request.on('data', (chunk: Buffer) => {
    if (kept >= keptBytes) return
    chunks.push(chunk)
    kept += chunk.length
  })
  const rest = (): Rest => ({
    body: Buffer.concat(chunks).subarray(0, keptBytes).toString('latin1'),
    trailers: pairLines(request.rawTrailers),
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
    void ended.then((whole) => {
      clearTimeout(timer)
      resolve(whole)
    })
  })
  return { settled, ended }
}
