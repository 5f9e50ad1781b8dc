/** What the proxy says itself, without the gateway. */
import { STATUS_CODES } from 'node:http'
import type { HeaderLine } from '../plan/case.ts'
import { membersOf } from './header-lines.ts'

export type Answer = { readonly status: number; readonly headers: readonly HeaderLine[]; readonly body: string }

export function textAnswer(status: number, reason: string, headers: readonly HeaderLine[] = []): Answer {
  const body = `${STATUS_CODES[status] ?? 'Refused'}: ${reason}\n`
  return {
    status,
    headers: [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Length', String(Buffer.byteLength(body))],
      ['Cache-Control', 'no-store'],
      ...headers,
    ],
    body,
  }
}

export function redirect(location: string, headers: readonly HeaderLine[] = []): Answer {
  return textAnswer(302, 'see the Location', [['Location', location], ...headers])
}

/** Status line and header lines as bytes of HTTP/1.1, up to and with the empty line. */
export function headBytes(first: string, lines: readonly HeaderLine[]): Buffer {
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${first}\r\n${fields}\r\n`, 'latin1')
}

/** The whole answer on a connection that ends with it. */
export function answerBytes({ status, headers, body }: Answer): Buffer {
  const head = headBytes(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, [...headers, ['Connection', 'close']])
  return Buffer.concat([head, Buffer.from(body)])
}

const responseHopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The gateway's response lines without those of the hop between proxy and gateway (RFC 9110 7.6.1). */
export function endToEnd(lines: readonly HeaderLine[]): HeaderLine[] {
  const nominated = new Set(membersOf('connection', lines))
  return lines.filter(([name]) => !responseHopByHop.has(name.toLowerCase()) && !nominated.has(name.toLowerCase()))
}
