/** Header fields for HTTP/2 as bytes: what no library writes (connection-specific fields, duplicate pseudo-headers) must still be sendable. */
import type { HeaderLine, Send } from '../plan/case.ts'
import { markLines } from '../plan/marks.ts'
import {
  bodyOf,
  isAuthorization,
  methodOf,
  passwordOf,
  type RequestContext,
  type RequestKind,
  shownOf,
  targetOf,
} from './request-bytes.ts'

/**
 * Fields of a request in wire order: pseudo-headers, cookie, own fields, then the case's `headers`. Names are lower case (RFC 9113 8.2.1).
 * A header of the case whose name begins with `:` stands beside the client's own pseudo-header as long as no regular header comes before it,
 * and where the case wrote it otherwise. `host` becomes `:authority`; none is sent for an empty list. `connection` becomes the header that
 * RFC 9113 8.2.2 forbids. A WebSocket is an extended CONNECT (RFC 8441 4 and 5).
 */
export function requestFields(send: Send, context: RequestContext, kind: RequestKind): HeaderLine[] {
  const written = methodOf(send, kind)
  // The GET of a handshake is written as CONNECT (RFC 8441 5).
  const method = kind === 'websocket' && written === 'GET' ? 'CONNECT' : written
  const body = kind === 'websocket' ? send.body : bodyOf(send, method)
  const { cookie, header } = shownOf(send, context)
  const password = kind === 'http' ? passwordOf(send, context) : undefined
  const given = (send.headers ?? []).map(([name, value]): HeaderLine => [name.toLowerCase(), value])
  const regular = given.findIndex(([name]) => !name.startsWith(':'))
  const pseudo = regular === -1 ? given : given.slice(0, regular)
  const named = new Set(given.map(([name]) => name))
  const own: HeaderLine[] = [
    ...markLines(context.mark, given).map(([name, value]) => field(name.toLowerCase(), value)),
    ...(password === undefined ? [] : [field('authorization', `Bearer ${password}`)]),
    ...(header === undefined || (password !== undefined && isAuthorization(header))
      ? []
      : [field(header[0].toLowerCase(), header[1])]),
    ...(kind === 'websocket' ? [field('sec-websocket-version', '13')] : []),
    ...(body === undefined ? [] : [field('content-type', 'application/json')]),
    ...(body === undefined || send.trailers !== undefined
      ? []
      : [field('content-length', String(Buffer.byteLength(body, 'latin1')))]),
  ]
  return [
    field(':method', method),
    ...(kind === 'websocket' ? [field(':protocol', 'websocket')] : []),
    field(':scheme', 'https'),
    ...(send.host ?? [context.host]).map((host) => field(':authority', host)),
    field(':path', targetOf(send, context, kind)),
    ...pseudo,
    ...(cookie === '' ? [] : [field('cookie', cookie)]),
    ...(send.connection ?? []).map((value) => field('connection', value)),
    ...own.filter(([name]) => !named.has(name)),
    ...given.slice(pseudo.length),
  ]
}

/** RFC 7541 6.2.2: each field literal, not indexed, not Huffman coded. Depends on no state, so it may stand in for any header block. */
export function encodeFields(fields: readonly HeaderLine[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(bytes.length), bytes])
}

/** RFC 7541 5.1 with a 7-bit prefix; the eighth bit (Huffman) is zero. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value)
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.of(...bytes, rest)
}

const field = (name: string, value: string): HeaderLine => [name, value]
