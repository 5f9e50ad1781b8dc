/** A case's request as the bytes that go on the wire, HTTP/1.x. Nothing is corrected: what the case says is what is written. */
import { randomBytes } from 'node:crypto'
import type { HeaderLine, Send } from '../plan/case.ts'
import { type Credentials, credentialsIn, noCredentials } from '../plan/credentials.ts'
import { markLines, withMark } from '../plan/marks.ts'
import { UserError } from '../plan/user-error.ts'
import type { ConnectAs } from './gateway-protocol.ts'
import { probe } from './probe.ts'

/** What an environment adds to a request of a case. */
export type RequestContext = Credentials & {
  /** The proxy's public host name. */
  readonly host: string
  /** The request's mark: its cell's goes into the target unless it stands there already, its own into a header. Empty: none. */
  readonly mark: string
  /** The gateway's local password. */
  readonly password: string
}

export type RequestKind = 'http' | 'websocket'

/** Never the right one. */
const wrongPassword = 'wrong-password-of-the-conformance-suite'

/**
 * One buffer per TCP write. Order: request line, `Host`, `Cookie`, the transport's own lines, then the case's `headers`.
 * A header of the case takes the place of the transport's own line of that name (`Sec-WebSocket-Version`, `Content-Length`, …), but stands
 * beside `Host`, `Cookie` and `Connection`, for which a case has keys of their own. Placeholders must be filled in before.
 * @throws UserError where a text has characters beyond latin-1
 */
export function requestBytes(send: Send, context: RequestContext, kind: RequestKind): Buffer[] {
  if (send.raw !== undefined) return send.raw.map(latin1)
  const method = methodOf(send, kind)
  const body = bodyOf(send, method)
  const lines = [...ownLines(send, context, kind, body), ...(send.headers ?? [])]
  const head = `${method} ${targetOf(send, context, kind)} HTTP/${send.version ?? '1.1'}\r\n${render(lines)}\r\n`
  return [latin1(head + (send.trailers === undefined ? (body ?? '') : chunked(body ?? '', send.trailers)))]
}

/** The method that goes on the wire; for raw bytes, their first word. */
export function methodOf(send: Send, kind: RequestKind): string {
  if (send.raw !== undefined) return /^\s*(\S+)/.exec(send.raw.join(''))?.[1] ?? ''
  return send.method ?? (kind === 'websocket' ? 'GET' : probe.method)
}

/** The body, `{}` by default where the method has one, as the probe wants it. */
export function bodyOf(send: Send, method: string): string | undefined {
  return send.body ?? (['POST', 'PUT', 'PATCH'].includes(method) ? probe.body : undefined)
}

/** The case's target with the cell's mark. Targets that are no path or URL (`*`, and `host:port` of CONNECT) stay as they are. */
export function targetOf(send: Send, { mark }: Pick<RequestContext, 'mark'>, kind: RequestKind): string {
  const target = send.target ?? (kind === 'websocket' ? '/' : probe.target)
  return target === '*' || send.method === 'CONNECT' ? target : withMark(target, mark)
}

/** What goes along of the user's credentials: `cookie: false` sends none of them, whatever kind they are. */
export function shownOf(send: Send, context: Credentials): Credentials {
  return send.cookie === false ? noCredentials : credentialsIn(context)
}

export function passwordOf(send: Send, { password }: Pick<RequestContext, 'password'>): string | undefined {
  if (send.password === undefined) return undefined
  return send.password === 'right' ? password : wrongPassword
}

/** How the client connects to the gateway after a WebSocket has opened. */
export function connectAs(send: Send, context: Pick<RequestContext, 'password'>): ConnectAs {
  const password = passwordOf(send, context)
  return {
    clientId: send.clientId ?? 'test',
    clientMode: send.clientMode ?? 'test',
    ...(password !== undefined && { password }),
    ...(send.device !== undefined && { device: send.device }),
  }
}

function ownLines(
  send: Send,
  context: RequestContext,
  kind: RequestKind,
  body: string | undefined,
): readonly HeaderLine[] {
  const { cookie, header } = shownOf(send, context)
  const password = kind === 'http' ? passwordOf(send, context) : undefined
  const connection = send.connection ?? [kind === 'websocket' ? 'Upgrade' : 'close']
  const replaceable: HeaderLine[] = [
    ...markLines(context.mark, send.headers),
    ...(password === undefined ? [] : [line('Authorization', `Bearer ${password}`)]),
    ...(header === undefined || (password !== undefined && isAuthorization(header)) ? [] : [header]),
    ...(kind === 'websocket'
      ? [
          line('Upgrade', 'websocket'),
          line('Sec-WebSocket-Version', '13'),
          line('Sec-WebSocket-Key', randomBytes(16).toString('base64')),
        ]
      : []),
    ...(body === undefined && send.trailers === undefined ? [] : [line('Content-Type', 'application/json')]),
    ...framing(send, body),
  ]
  const named = new Set(send.headers?.map(([name]) => name.toLowerCase()))
  return [
    ...(send.host ?? [context.host]).map((host) => line('Host', host)),
    ...(cookie === '' ? [] : [line('Cookie', cookie)]),
    ...connection.map((value) => line('Connection', value)),
    ...replaceable.filter(([name]) => !named.has(name.toLowerCase())),
  ]
}

/** A case that frames its body itself gets no second framing; a case that wants two lists both. */
function framing(send: Send, body: string | undefined): HeaderLine[] {
  const own = send.headers?.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name)) ?? false
  if (own) return []
  if (send.trailers !== undefined) return [line('Transfer-Encoding', 'chunked')]
  return body === undefined ? [] : [line('Content-Length', String(latin1(body).length))]
}

/** RFC 9112 7.1: one chunk, the last chunk, and the trailer section. */
function chunked(body: string, trailers: readonly HeaderLine[]): string {
  const chunk = body === '' ? '' : `${latin1(body).length.toString(16)}\r\n${body}\r\n`
  return `${chunk}0\r\n${render(trailers)}\r\n`
}

const line = (name: string, value: string): HeaderLine => [name, value]

/** A request has one of these (RFC 9110 11.6.2): the gateway's password takes its place. */
export const isAuthorization = ([name]: HeaderLine) => name.toLowerCase() === 'authorization'

const render = (lines: readonly HeaderLine[]) => lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')

function latin1(text: string): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL and its like are what some cases send
  const beyond = /[^\u0000-\u00ff]/u.exec(text)?.[0]
  if (beyond !== undefined) {
    throw new UserError(
      `"${beyond}" cannot be sent as it stands: a request is latin-1, one character for each byte. Write the bytes of its UTF-8 form, e.g. "\\xc3\\xa9" for "é".`,
    )
  }
  return Buffer.from(text, 'latin1')
}
