/** For the mutants of `framing` only: messages that two programs read in two ways, forwarded instead of refused. */
import type { Duplex } from 'node:stream'
import type { HeaderLine } from '../plan/case.ts'
import { answerBytes, headBytes } from './answer.ts'
import type { Behaviour } from './behaviour.ts'
import { valuesOf, without } from './header-lines.ts'
import { type Front, join } from './http1.ts'

/** Reads up to the end of the first message head. Resolves early when the connection ends. */
export function readHead(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0)
    const done = () => {
      socket.off('readable', read)
      socket.off('close', done)
      resolve(seen)
    }
    const read = () => {
      for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
        seen = Buffer.concat([seen, chunk])
      }
      if (seen.includes('\r\n\r\n') || socket.readableEnded) done()
    }
    socket.on('readable', read)
    socket.on('close', done)
  })
}

type Head = {
  readonly method: string
  readonly target: string
  readonly version: string
  /** A folded line is part of the value before it. */
  readonly headers: readonly HeaderLine[]
  /** Folded lines that look like header lines. */
  readonly folded: readonly HeaderLine[]
}

/** How a head that the correct proxy refuses, or reads in another way, is forwarded: the request to decide on, and the lines that frame it for the gateway. */
type Reading = {
  readonly target: string
  readonly framed: (lines: readonly HeaderLine[]) => readonly HeaderLine[]
  /** Forwarded without a decision. */
  readonly unchecked?: true
}

/**
 * Forwards the head, rewritten like any other, and then whatever follows it, so that the gateway alone decides where the
 * message ends.
 * @returns false when the head is not of the kind that the mutant misreads, and nothing was done
 */
export async function forwardAmbiguous(
  front: Front,
  framing: Exclude<Behaviour['framing'], 'strict'>,
  socket: Duplex,
  bytes: Buffer,
  peer: string,
): Promise<boolean> {
  const end = bytes.indexOf('\r\n\r\n')
  const head = headOf(bytes.subarray(0, Math.max(end, 0)).toString('latin1'))
  const reading = misread(head, framing)
  if (reading === undefined) return false

  const { method, version, headers } = head
  const request = { transport: 'http', method, httpVersion: version, headers, peer } as const
  const outcome = reading.unchecked
    ? ({ kind: 'forward', target: reading.target, lines: headers } as const)
    : await front.core({ ...request, target: reading.target })
  if (outcome.kind === 'answer') {
    socket.end(answerBytes(outcome.answer))
    return true
  }
  const gateway = await front.dialGateway()
  gateway.write(headBytes(`${method} ${outcome.target} HTTP/1.1`, reading.framed(outcome.lines)))
  join(socket, bytes.subarray(end + 4), gateway)
  return true
}

function headOf(text: string): Head {
  const [first = '', ...rest] = text.split('\r\n')
  const lineOf = (line: string): HeaderLine => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  }
  const isFolded = (line: string) => /^[ \t]/.test(line)
  const headers = rest.filter((line) => !isFolded(line)).map(lineOf)
  const folded = rest.filter((line) => isFolded(line) && line.includes(':')).map(lineOf)
  const [method = '', target = '', version = ''] = first.split(' ')
  return { method, target, version: version.replace('HTTP/', ''), headers, folded }
}

function misread(
  { method, target, headers, folded }: Head,
  framing: Exclude<Behaviour['framing'], 'strict'>,
): Reading | undefined {
  const [length] = valuesOf('content-length', headers)
  const [coding] = valuesOf('transfer-encoding', headers)
  switch (framing) {
    case 'keeps-chunked':
    case 'keeps-length': {
      if (length === undefined || coding === undefined) return undefined
      const line: HeaderLine = framing === 'keeps-length' ? ['Content-Length', length] : ['Transfer-Encoding', coding]
      return { target, framed: (lines) => [...without('content-length', lines), line] }
    }
    case 'drops-length-of-get':
      if (method !== 'GET' || length === undefined || Number(length) === 0) return undefined
      return { target, framed: (lines) => without('content-length', lines) }
    case 'unfolds':
      if (folded.length === 0) return undefined
      return { target, framed: (lines) => [...lines, ...folded] }
    case 'opaque-target': {
      const path = /^https?:(?!\/\/)(\/?[^/].*)$/i.exec(target)?.[1]
      if (path === undefined) return undefined
      return { target: path.startsWith('/') ? path : `/${path}`, framed: (lines) => lines, unchecked: true }
    }
  }
}
