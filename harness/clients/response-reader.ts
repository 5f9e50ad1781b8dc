/** Reads HTTP/1.x responses from the wire. Order, case and duplicates of header lines are kept; what is malformed is read as far as possible. */
import type { HeaderLine } from '../plan/case.ts'
import type { Response } from './exchange.ts'

type Head = {
  readonly version: string
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly end: number
}

type Parsed =
  /** `closes`: nothing may follow on this connection, RFC 9112 9.3. */
  | { readonly kind: 'response'; readonly response: Response; readonly end: number; readonly closes: boolean }
  /** `partial`: the head is there, the body has not ended. */
  | { readonly kind: 'incomplete'; readonly partial?: Response }
  | { readonly kind: 'not-http' }

/** Takes the bytes of one connection and cuts them into responses. */
export class ResponseReader {
  /** Final responses in order; interim ones (1xx) are passed over. */
  readonly responses: Response[] = []
  /** What followed a 101: no longer HTTP. */
  upgraded: Buffer | undefined
  /** The first bytes, where the peer does not speak HTTP. */
  garbage: string | undefined
  /** The peer answers in HTTP/2 frames: it took the request for HTTP/2. */
  http2 = false
  /** The last response is not whole. */
  cutShort = false
  /** The peer closes the connection after the last response, as its head or the form of its body says. */
  closes = false
  #rest: Buffer = Buffer.alloc(0)
  #method: string

  /** @param method of the first request: a HEAD has no body in its answer, RFC 9112 6.3 */
  constructor(method: string) {
    this.#method = method
  }

  push(chunk: Buffer): void {
    if (this.upgraded !== undefined) this.upgraded = Buffer.concat([this.upgraded, chunk])
    else {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      this.#cut('open')
    }
  }

  /** The peer closed, or no more is waited for: a body that has not ended ends here. */
  end(): void {
    if (this.upgraded === undefined) this.#cut('closed')
  }

  /** Whether bytes of a response have come whose end is still missing. */
  get midway(): boolean {
    return this.#rest.length > 0
  }

  #cut(input: 'open' | 'closed'): void {
    while (this.#rest.length > 0 && this.garbage === undefined && this.upgraded === undefined && !this.http2) {
      const parsed = parseResponse(this.#rest, this.#method, input)
      if (parsed.kind === 'not-http') {
        const frame = http2Frame(this.#rest)
        if (frame === 'unfinished' && input === 'open') return
        this.http2 = frame === 'whole'
        if (!this.http2) this.garbage = this.#rest.subarray(0, 40).toString('latin1')
        return
      }
      if (parsed.kind === 'incomplete') {
        if (input === 'closed' && parsed.partial !== undefined) {
          this.responses.push(parsed.partial)
          this.cutShort = true
        }
        return
      }
      const { response, end } = parsed
      const rest = this.#rest.subarray(end)
      this.#rest = rest
      if (response.status === 101) {
        this.upgraded = Buffer.from(rest)
        this.#rest = Buffer.alloc(0)
      }
      if (response.status >= 200 || response.status === 101) {
        this.responses.push(response)
        this.closes = parsed.closes
        this.#method = 'GET'
      }
    }
  }
}

function parseResponse(bytes: Buffer, method: string, input: 'open' | 'closed'): Parsed {
  const head = parseHead(bytes)
  if (head === undefined || head === 'not-http') {
    return head === undefined ? { kind: 'incomplete' } : { kind: 'not-http' }
  }
  const { status, headers, end } = head
  const body = bodyOf(bytes.subarray(end), head, method)
  const response = { status, headers, body: body.text }
  const closes = body.toClose === true || saysClose(head)
  if (body.length !== undefined) return { kind: 'response', response, end: end + body.length, closes }
  // Read-to-close, RFC 9112 6.3: the close is the end. A body cut short is given as far as it came.
  if (input === 'closed' && body.toClose) return { kind: 'response', response, end: bytes.length, closes }
  return { kind: 'incomplete', partial: response }
}

function parseHead(bytes: Buffer): Head | 'not-http' | undefined {
  const start = bytes.subarray(0, 16).toString('latin1').trimStart()
  if (start !== '' && !('HTTP/'.startsWith(start) || start.startsWith('HTTP/'))) return 'not-http'
  const text = bytes.toString('latin1')
  const stop = /\r?\n\r?\n/.exec(text.trimStart())
  if (stop === null) return undefined
  const skipped = text.length - text.trimStart().length
  const [first = '', ...lines] = text.slice(skipped, skipped + stop.index).split(/\r?\n/)
  const [, version = '', status] = /^HTTP\/(\d(?:\.\d)?)[ \t]+(\d{3})/.exec(first) ?? []
  if (status === undefined) return 'not-http'
  return { version, status: Number(status), headers: headerLines(lines), end: skipped + stop.index + stop[0].length }
}

/** RFC 9112 9.3: a `close` option, or HTTP/1.0 without a `keep-alive` option. */
function saysClose({ version, headers }: Head): boolean {
  const options = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((option) => option.trim())
  return options.includes('close') || (version !== '1.1' && !options.includes('keep-alive'))
}

const frameHead = 9

/** The first frame of an HTTP/2 server is SETTINGS, or GOAWAY where it gives up at once (RFC 9113 3.4, 6.5 and 6.8): on stream 0, of fitting length. */
function http2Frame(bytes: Buffer): 'whole' | 'unfinished' | 'none' {
  if (bytes[0] !== 0) return 'none'
  if (bytes.length < frameHead) return 'unfinished'
  const length = bytes.readUIntBE(0, 3)
  if (length > 16_384 || bytes.readUInt32BE(5) !== 0) return 'none'
  const [settings, goAway] = [4, 7]
  const fits = (bytes[3] === settings && length % 6 === 0) || (bytes[3] === goAway && length >= 8)
  return fits ? 'whole' : 'none'
}

/** A line that begins with a blank continues the one before (obs-fold, RFC 9112 5.2). */
function headerLines(lines: readonly string[]): HeaderLine[] {
  const headers: HeaderLine[] = []
  for (const line of lines) {
    const last = headers.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) headers[headers.length - 1] = [last[0], `${last[1]} ${line.trim()}`]
    else {
      const colon = line.indexOf(':')
      headers.push(colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()])
    }
  }
  return headers
}

type Body = { readonly text: string; readonly length?: number; readonly toClose?: true }

/** RFC 9112 6.3, in its order. */
function bodyOf(bytes: Buffer, { status, headers }: Head, method: string): Body {
  const values = (name: string) => headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { text: '', length: 0 }
  if (method === 'CONNECT' && status < 300) return { text: bytes.toString(), toClose: true }
  if (/\bchunked\s*$/i.test(values('transfer-encoding').at(-1) ?? '')) return chunkedBody(bytes)
  const length = /^\d+/.exec(values('content-length')[0] ?? '')?.[0]
  if (length === undefined) return { text: bytes.toString(), toClose: true }
  const text = bytes.subarray(0, Number(length)).toString()
  return bytes.length < Number(length) ? { text } : { text, length: Number(length) }
}

function chunkedBody(bytes: Buffer): Body {
  const parts: Buffer[] = []
  const soFar = () => Buffer.concat(parts).toString()
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\n', at)
    if (end === -1) return { text: soFar() }
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    at = end + 1
    // A size that is none: the body ends where it stops making sense.
    if (Number.isNaN(size)) return { text: soFar(), length: bytes.length }
    if (size === 0) break
    parts.push(bytes.subarray(at, at + size))
    at += size
    if (bytes.length < at + 1) return { text: soFar() }
    at = bytes.indexOf('\n', at) + 1
    if (at === 0) return { text: soFar() }
  }
  // The trailer section, up to an empty line.
  for (;;) {
    const end = bytes.indexOf('\n', at)
    if (end === -1) return { text: soFar() }
    const empty = end - at <= 1
    at = end + 1
    if (empty) return { text: soFar(), length: at }
  }
}
