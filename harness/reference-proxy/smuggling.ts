/** For the mutants `smuggle` and `smuggle-length` only: a message with two lengths, forwarded under one of them. */
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

/**
 * If the head has both lengths: forwards it, rewritten like any other, with one of them, and then whatever follows, so
 * that the gateway alone decides where the message ends.
 * @returns false when the head has not both, and nothing was done
 */
export async function forwardAmbiguous(
  front: Front,
  framing: Behaviour['framing'],
  socket: Duplex,
  bytes: Buffer,
  peer: string,
): Promise<boolean> {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...rest] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n')
  const headers = rest.map((line): HeaderLine => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
  const [length] = valuesOf('content-length', headers)
  const [coding] = valuesOf('transfer-encoding', headers)
  if (length === undefined || coding === undefined) return false

  const [method = '', target = '', version = ''] = first.split(' ')
  const outcome = await front.core({
    transport: 'http',
    method,
    target,
    httpVersion: version.replace('HTTP/', ''),
    headers,
    peer,
  })
  if (outcome.kind === 'answer') {
    socket.end(answerBytes(outcome.answer))
    return true
  }
  const lines = without('content-length', outcome.lines)
  const framed: HeaderLine = framing === 'keeps-length' ? ['Content-Length', length] : ['Transfer-Encoding', coding]
  const gateway = await front.dialGateway()
  gateway.write(headBytes(`${method} ${outcome.target} HTTP/1.1`, [...lines, framed]))
  join(socket, bytes.subarray(end + 4), gateway)
  return true
}
