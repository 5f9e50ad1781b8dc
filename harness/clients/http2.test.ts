import { once } from 'node:events'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CertificateAuthority, createAuthority } from '../lab/certificate-authority.ts'
import type { HeaderLine, Send } from '../plan/case.ts'
import { encodeFields, requestFields } from './header-block.ts'
import { sendHttp2 } from './http2.ts'
import { KeptHttp2 } from './kept-http2.ts'
import { peerOf } from './peer.testing.ts'
import type { Peer } from './tls.ts'

const context = { host: 'app.test', cookie: 'session=1', mark: 'mark-1.2', password: 'right' }
let authority: CertificateAuthority
beforeAll(async () => {
  authority = await createAuthority()
})

const open: Http2SecureServer[] = []
const sessions = new Set<ServerHttp2Session>()
afterEach(() => {
  for (const session of sessions) session.destroy()
  sessions.clear()
  for (const server of open.splice(0)) server.close()
})

type Seen = { readonly lines: HeaderLine[]; readonly trailers: HeaderLine[]; body: string }

const pairs = (raw: readonly string[]): HeaderLine[] =>
  raw.flatMap((name, at): HeaderLine[] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []))

async function server(): Promise<{ readonly peer: Peer; readonly seen: Seen[] }> {
  const leaf = await authority.issue(['app.test'])
  const seen: Seen[] = []
  const target = createSecureServer({ cert: leaf.certificate, key: leaf.key, maxHeaderListPairs: 200 })
  target.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  target.on('stream', (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: readonly string[]) => {
    const one: Seen = { lines: pairs(raw), trailers: [], body: '' }
    seen.push(one)
    stream.on('error', () => {})
    stream.on('trailers', (_trailers: unknown, _trailerFlags: unknown, rawTrailers: readonly string[]) =>
      one.trailers.push(...pairs(rawTrailers)),
    )
    stream.on('data', (chunk: Buffer) => {
      one.body += chunk.toString()
    })
    stream.on('end', () => {
      stream.respond({ ':status': 400, 'set-cookie': ['a=1', 'b=2'] })
      stream.end('{"error":{"type":"invalid_request","message":"tools.invoke requires body.tool"}}')
    })
  })
  open.push(target)
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  return { peer: { ...(await peerOf(target)), tls: { ca: authority.certificate, servername: 'app.test' } }, seen }
}

it('asks the probe over h2 and hears the gateway', async () => {
  const { peer, seen } = await server()
  const exchange = await sendHttp2(peer, { headers: [['X-Forwarded-User', 'evil']] }, context)
  expect(exchange).toMatchObject({
    response: {
      status: 400,
      headers: expect.arrayContaining([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]),
    },
    verdict: { kind: 'accepted' },
  })
  expect(seen).toEqual([
    {
      lines: [
        [':method', 'POST'],
        [':scheme', 'https'],
        [':authority', 'app.test'],
        [':path', '/tools/invoke?mark=mark-1&end=1'],
        ['cookie', 'session=1'],
        ['x-conformance-request', 'mark-1.2'],
        ['user-agent', 'trusted-proxy-conformance (mark-1.2)'],
        ['content-type', 'application/json'],
        ['content-length', '2'],
        ['x-forwarded-user', 'evil'],
      ],
      trailers: [],
      body: '{}',
    },
  ])
  expect(exchange.sent.toString()).toMatch(
    /^POST https:\/\/app.test\/tools\/invoke\?mark=mark-1&end=1 HTTP\/2\r\n:method: POST\r\n/,
  )
})

it('sends what no library writes: duplicates in order, a host beside :authority, long values over several frames', async () => {
  const { peer, seen } = await server()
  const headers: HeaderLine[] = [
    ['x_forwarded_user', 'a'],
    ['x-forwarded-user', 'b'],
    ['x-forwarded-user', '\xe9'],
    ['host', 'evil.test'],
    ['x-long', 'a'.repeat(40_000)],
  ]
  const exchange = await sendHttp2(peer, { method: 'GET', target: '/', headers }, { ...context, cookie: '', mark: '' })
  expect(exchange.fault).toBeUndefined()
  // Node's server keeps x-forwarded-user apart; a second `host` is what the peer makes of it.
  expect(seen[0]?.lines.slice(4)).toEqual(headers)
})

it('sends trailers', async () => {
  const { peer, seen } = await server()
  await sendHttp2(peer, { trailers: [['X-Forwarded-User', 'evil']] }, context)
  expect(seen[0]).toMatchObject({ body: '{}', trailers: [['x-forwarded-user', 'evil']] })
})

describe('a malformed request', () => {
  it.each<[string, Send]>([
    ['a connection-specific field', { connection: ['close'] }],
    ['transfer-encoding', { headers: [['transfer-encoding', 'chunked']] }],
    ['a second :path', { headers: [[':path', '/evil']] }],
    ['two authorities', { host: ['app.test', 'evil.test'] }],
    [
      'a pseudo-header behind a regular one',
      {
        headers: [
          ['a', 'b'],
          [':path', '/evil'],
        ],
      },
    ],
  ])('with %s reaches the peer, which resets the stream: no answer and no fault', async (_what, send) => {
    const { peer, seen } = await server()
    const exchange = await sendHttp2(peer, send, context)
    expect(exchange).toMatchObject({ verdict: { kind: 'not-the-gateway' } })
    expect(exchange).not.toHaveProperty('response')
    expect(exchange).not.toHaveProperty('fault')
    expect(seen).toEqual([])
  })
})

it('puts the pseudo-headers of a case beside its own, and behind regular ones where the case has them there', () => {
  const names = (headers: HeaderLine[]) =>
    requestFields({ method: 'GET', headers }, { ...context, cookie: '', mark: '' }, 'http').map(([name]) => name)
  const own = [':method', ':scheme', ':authority', ':path']
  expect(
    names([
      [':path', '/x'],
      ['a', 'b'],
    ]),
  ).toEqual([...own, ':path', 'a'])
  expect(
    names([
      ['a', 'b'],
      [':path', '/x'],
    ]),
  ).toEqual([...own, 'a', ':path'])
})

it('encodes lengths as RFC 7541 5.1 has them', () => {
  expect(encodeFields([['a', 'b'.repeat(126)]]).subarray(0, 4)).toEqual(Buffer.from([0, 1, 0x61, 126]))
  expect(encodeFields([['a', 'b'.repeat(127)]]).subarray(0, 5)).toEqual(Buffer.from([0, 1, 0x61, 127, 0]))
  // The example of appendix C.1.2 has 1337 in 5 bits; in 7 bits it is 127 and 1210 = 58 + 9 * 128.
  expect(encodeFields([['a', 'b'.repeat(1337)]]).subarray(0, 6)).toEqual(Buffer.from([0, 1, 0x61, 127, 0xba, 0x09]))
})

it('is a fault where the peer does not speak h2, and for raw bytes', async () => {
  const { peer } = await server()
  const { createServer } = await import('node:tls')
  const leaf = await authority.issue(['app.test'])
  const old = createServer({ cert: leaf.certificate, key: leaf.key, ALPNProtocols: ['http/1.1'] })
  old.on('tlsClientError', () => {})
  const oldPeer = { ...(await peerOf(old)), ...(peer.tls && { tls: peer.tls }) }
  expect((await sendHttp2(oldPeer, {}, context)).fault).toMatch(/^TLS with app.test failed: /)
  old.close()
  expect((await sendHttp2(peer, { raw: ['x'] }, context)).fault).toMatch(/^raw bytes are HTTP\/1.x/)
})

it('keeps one connection for the streams of several users, and opens another where the peer has closed it', async () => {
  const { peer, seen } = await server()
  await using kept = new KeptHttp2(peer, 1000)
  for (const user of ['alice', 'bob']) {
    const exchange = await kept.send({ body: user }, { ...context, cookie: `session=${user}` })
    expect(exchange).toMatchObject({ response: { status: 400 }, verdict: { kind: 'accepted' } })
  }
  expect(sessions.size).toBe(1)
  const cookies = seen.map(({ lines }) => lines.filter(([name]) => name === 'cookie').map(([, value]) => value))
  expect(cookies).toEqual([['session=alice'], ['session=bob']])
  expect(seen.map(({ body }) => body)).toEqual(['alice', 'bob'])
  for (const session of sessions) session.destroy()
  await vi.waitFor(async () => {
    expect(await kept.send({}, context)).toMatchObject({ response: { status: 400 } })
  })
  expect(sessions.size).toBe(2)
})
