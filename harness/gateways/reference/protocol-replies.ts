/** What the server itself answers, before and beside the gateway's rules: bad requests, bad handshakes, too many sockets. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HeaderLine } from '../../plan/case.ts'
import { markHeader } from '../../plan/marks.ts'
import type { Answer } from './answer.ts'

/** The status for an error of Node's parser. */
export function parserErrorStatus(code: string | undefined): number {
  return errorStatus[code ?? ''] ?? 400
}

/** Node's own answers to what its parser rejects. */
const errorStatus: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** The connection ended in the middle of a request: a reset, or an end where the parser waited for more. */
export function brokeOff({ code }: NodeJS.ErrnoException): boolean {
  return code === 'HPE_INVALID_EOF_STATE' || code === 'ECONNRESET' || code === 'EPIPE'
}

/** The request's mark as it arrived, for the answer: the client then sees whose answer it got. */
export function echoedLines(headers: readonly HeaderLine[]): HeaderLine[] {
  return headers.filter(([name, value]) => name.toLowerCase() === echoed && /^[\x20-\x7e]{1,200}$/.test(value))
}

const echoed = markHeader.toLowerCase()

export const badRequest: Answer = { status: 400, type: 'text/plain; charset=utf-8', body: 'Bad Request' }
const expectationFailed: Answer = { status: 417, type: 'text/plain; charset=utf-8', body: 'Expectation Failed' }
export const tooManySockets: Answer = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  body: 'Too many unauthenticated connections',
}

/** What Node's server answers before any handler: HTTP/1.1 without Host (RFC 9112 3.2) and unknown expectations (RFC 9110 10.1.1). */
export function protocolAnswer(request: IncomingMessage): Answer | undefined {
  if (request.httpVersion === '1.1' && request.headers.host === undefined)
    return { ...badRequest, denied: 'bad_request' }
  const { expect } = request.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return { ...expectationFailed, denied: 'bad_request' }
  }
  return undefined
}

/** RFC 6455 4.2.1, as the `ws` library will demand it: checked here so that the refusal is recorded before it is sent. */
export function isWebSocketHandshake(request: IncomingMessage): boolean {
  const { headers } = request
  const version = headers['sec-websocket-version']
  return (
    request.method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    (version === '13' || version === '8')
  )
}

/** Writes an answer where there is no HTTP response object, and closes. @param asked header lines of the request */
export function endWith(socket: Duplex, reply: Answer, asked: readonly HeaderLine[]): void {
  const head = [
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}`,
    `Content-Type: ${reply.type}`,
    `Content-Length: ${Buffer.byteLength(reply.body)}`,
    ...echoedLines(asked).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${reply.body}`, () => socket.destroy())
}
