import { describe, expect, it } from 'vitest'
import type { Send } from '../plan/case.ts'
import { type RequestKind, requestBytes } from './request-bytes.ts'

const context = { host: 'app.test', cookie: 'session=1', mark: 'mark-1.2', password: 'right' }
const anonymous = { ...context, cookie: '' }

function written(send: Send, kind: RequestKind = 'http', within = anonymous): string {
  return Buffer.concat(requestBytes(send, within, kind))
    .toString('latin1')
    .replaceAll('\r\n', '\n')
}

describe('an ordinary request', () => {
  it('is the probe, marked, on a connection of its own, with the cookie of the user', () => {
    expect(written({}, 'http', context)).toBe(
      'POST /tools/invoke?mark=mark-1&end=1 HTTP/1.1\nHost: app.test\nCookie: session=1\nConnection: close\n' +
        'X-Conformance-Request: mark-1.2\nUser-Agent: trusted-proxy-conformance (mark-1.2)\nContent-Type: application/json\nContent-Length: 2\n\n{}',
    )
  })

  it('keeps order, case and duplicates of the headers of the case, behind the own lines', () => {
    const headers = [
      ['X-Forwarded-User', 'a'],
      ['x-FORWARDED-user', 'b'],
      ['X-Forwarded-User', ' padded '],
    ] as const
    expect(written({ method: 'GET', target: '/', headers })).toBe(
      'GET /?mark=mark-1&end=1 HTTP/1.1\nHost: app.test\nConnection: close\nX-Conformance-Request: mark-1.2\nUser-Agent: trusted-proxy-conformance (mark-1.2)\nX-Forwarded-User: a\nx-FORWARDED-user: b\nX-Forwarded-User:  padded \n\n',
    )
  })

  it('writes header names with _ and . as they stand', () => {
    const headers = [
      ['X_Forwarded_User', 'a'],
      ['REMOTE_USER', 'b'],
      ['x.forwarded.user', 'c'],
    ] as const
    expect(written({ headers })).toMatch(/\nX_Forwarded_User: a\nREMOTE_USER: b\nx\.forwarded\.user: c\n/)
  })

  it('sends as many Host lines as it is told, and none for an empty list', () => {
    expect(written({ method: 'GET', target: '/', host: ['a', 'b'] })).toMatch(/\nHost: a\nHost: b\n/)
    expect(written({ method: 'GET', target: '/', host: [] })).not.toMatch(/host/i)
  })

  it('leaves the cookie out when told to, and sends one of the case beside it', () => {
    expect(written({ cookie: false }, 'http', context)).not.toMatch(/cookie/i)
    expect(written({ headers: [['Cookie', 'other=1']] }, 'http', context)).toMatch(
      /\nCookie: session=1\n.*\nCookie: other=1\n/s,
    )
  })

  it('writes each Connection value of the case as a line instead of its own', () => {
    expect(written({ connection: ['close', 'x-forwarded-user'] })).toMatch(
      /\nConnection: close\nConnection: x-forwarded-user\n/,
    )
    expect(written({ connection: [] })).not.toMatch(/\nConnection/)
  })

  it('frames nothing a second time when the case frames its body itself', () => {
    expect(written({ headers: [['Content-Length', '900']] }).match(/content-length/gi)).toHaveLength(1)
    expect(written({ headers: [['Transfer-Encoding', 'xchunked']] })).not.toMatch(/content-length/i)
  })

  it('puts trailers behind the last chunk', () => {
    expect(written({ trailers: [['X-Forwarded-User', 'evil']] })).toMatch(
      /\nTransfer-Encoding: chunked\n\n2\n\{\}\n0\nX-Forwarded-User: evil\n\n$/,
    )
  })

  it('authorizes with the right or a wrong password', () => {
    expect(written({ password: 'right' })).toMatch(/\nAuthorization: Bearer right\n/)
    expect(written({ password: 'wrong' })).toMatch(/\nAuthorization: Bearer wrong-/)
  })

  it.each([
    [{ target: '/a?b=c' }, 'POST /a?b=c&mark=mark-1&end=1 HTTP/1.1'],
    [{ target: '/a?x=mark-1' }, 'POST /a?x=mark-1 HTTP/1.1'],
    [{ method: 'OPTIONS', target: '*' }, 'OPTIONS * HTTP/1.1'],
    [{ method: 'CONNECT', target: 'gateway:18789' }, 'CONNECT gateway:18789 HTTP/1.1'],
    [{ target: 'https://evil.test/x', version: '1.0' as const }, 'POST https://evil.test/x?mark=mark-1&end=1 HTTP/1.0'],
  ])('marks %j where the target has room for it', (send, line) => {
    expect(written(send).split('\n', 1)).toEqual([line])
  })

  it('carries no mark where there is none, and another than its own where the case writes the header', () => {
    expect(written({}, 'http', { ...anonymous, mark: '' })).not.toMatch(/mark|X-Conformance/)
    expect(written({ headers: [['x-conformance-request', 'mark-2.1']] })).not.toMatch(/mark-1\.2/)
  })
})

describe('an upgrade', () => {
  it('has one line of each kind', () => {
    expect(written({}, 'websocket')).toMatch(
      /^GET \/\?mark=mark-1&end=1 HTTP\/1.1\nHost: app.test\nConnection: Upgrade\nX-Conformance-Request: mark-1.2\nUser-Agent: trusted-proxy-conformance \(mark-1.2\)\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: [\w+/]{22}==\n\n$/,
    )
  })

  it('gives way to the lines of the case', () => {
    const text = written(
      {
        headers: [
          ['sec-websocket-version', '12'],
          ['Sec-WebSocket-Version', '8'],
        ],
      },
      'websocket',
    )
    expect(text.match(/sec-websocket-version: \d+/gi)).toEqual([
      'sec-websocket-version: 12',
      'Sec-WebSocket-Version: 8',
    ])
  })

  it('keeps the password for the handshake of the gateway', () => {
    expect(written({ password: 'right' }, 'websocket')).not.toMatch(/authorization/i)
  })
})

describe('raw bytes', () => {
  it('go out as they are, entry by entry, and nothing beside them', () => {
    const raw = ['GET / HTTP/1.1\nHost: a\r\n', 'X: \xe9\0\r\n folded\r\n\r\n']
    expect(requestBytes({ raw }, context, 'http').map((bytes) => bytes.toString('latin1'))).toEqual(raw)
  })

  it('refuse characters that have no byte', () => {
    expect(() => requestBytes({ raw: ['GET /€'] }, context, 'http')).toThrow(/"€" cannot be sent/)
  })
})
