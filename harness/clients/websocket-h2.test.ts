/** Against a server of Node's that carries the stream of an extended CONNECT to the reference gateway. */
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type CertificateAuthority, createAuthority } from '../lab/certificate-authority.ts'
import { gateway } from './gateway.testing.ts'
import { peerOf } from './peer.testing.ts'
import type { Peer } from './tls.ts'
import { sendWebSocketOverHttp2 } from './websocket-h2.ts'
import { usualLimits, Wire } from './wire.ts'

const context = { host: 'app.test', cookie: 'session=1', mark: 'mark-1.2', password: 'right' }
const brief = { ...usualLimits, deadlineMs: 200 }
let authority: CertificateAuthority
beforeAll(async () => {
  authority = await createAuthority()
})

async function proxy(
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => unknown,
  settings = { enableConnectProtocol: true },
): Promise<Peer> {
  const leaf = await authority.issue(['app.test'])
  const server: Http2SecureServer = createSecureServer({ cert: leaf.certificate, key: leaf.key, settings })
  server.on('session', (session) => {
    session.on('error', () => {})
    onTestFinished(() => session.destroy())
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    void serve(stream, headers)
  })
  onTestFinished(() => void server.close())
  return { ...(await peerOf(server)), tls: { ca: authority.certificate, servername: 'app.test' } }
}

/** As a proxy does it: an upgrade over HTTP/1.1 towards the gateway, with the user it knows. */
async function carry(stream: ServerHttp2Stream, user: string): Promise<void> {
  const { dial, host, port } = gateway()
  const upstream = await dial(host, port)
  upstream.write(
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-User: ${user}\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n`,
  )
  const carried = new Wire(upstream)
  stream.respond({ ':status': 200 })
  let head = ''
  const ended = () => stream.end()
  carried.read((chunk) => {
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    stream.write(Buffer.from(head.slice(end + 4), 'latin1'))
    carried.read((frames) => stream.write(frames), ended)
  }, ended)
  stream.pipe(upstream)
}

describe('a WebSocket over HTTP/2', () => {
  it('is an extended CONNECT, and tells as whom the gateway accepted', async () => {
    const seen: IncomingHttpHeaders[] = []
    const peer = await proxy((stream, headers) => {
      seen.push(headers)
      return carry(stream, 'alice@example.test')
    })
    const exchange = await sendWebSocketOverHttp2(peer, { headers: [['X-Forwarded-User', 'evil']] }, context)
    expect(exchange).toMatchObject({
      response: { status: 200 },
      verdict: { kind: 'accepted', user: 'alice@example.test', client: '203.0.113.7' },
    })
    expect(exchange).not.toHaveProperty('fault')
    expect(seen).toMatchObject([
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'https',
        ':authority': 'app.test',
        ':path': '/?mark=mark-1&end=1',
        cookie: 'session=1',
        'sec-websocket-version': '13',
        'x-conformance-request': 'mark-1.2',
        'user-agent': 'trusted-proxy-conformance (mark-1.2)',
        'x-forwarded-user': 'evil',
      },
    ])
  })

  it('hears the refusal of the gateway and its close', async () => {
    const peer = await proxy((stream) => carry(stream, 'bob@example.test'))
    expect(await sendWebSocketOverHttp2(peer, {}, context)).toMatchObject({
      verdict: { kind: 'refused', reason: 'trusted_proxy_user_not_allowed' },
      close: { code: 1008 },
    })
  })

  it('has the answer of a proxy that opens nothing', async () => {
    const peer = await proxy((stream) => {
      stream.respond({ ':status': 302, location: '/log-in' })
      stream.end('to the log-in')
    })
    const exchange = await sendWebSocketOverHttp2(peer, {}, context)
    expect(exchange).toMatchObject({
      response: { status: 302, headers: expect.arrayContaining([['location', '/log-in']]), body: 'to the log-in' },
      verdict: { kind: 'not-the-gateway' },
    })
    expect(exchange).not.toHaveProperty('ending')
  })

  it('is not tried where the peer does not offer it', async () => {
    let asked = 0
    const peer = await proxy(() => (asked += 1), { enableConnectProtocol: false })
    expect(await sendWebSocketOverHttp2(peer, {}, context, brief)).toMatchObject({
      ending: 'unsupported',
      fault: expect.stringContaining('RFC 8441'),
    })
    expect(asked).toBe(0)
  })

  it.each([
    ['no-answer', () => {}],
    ['unfinished', (stream: ServerHttp2Stream) => stream.respond({ ':status': 200 })],
    ['reset', (stream: ServerHttp2Stream) => stream.close(8)],
    ['closed', (stream: ServerHttp2Stream) => stream.session?.destroy()],
  ] as const)('ends as %s where it came to nothing', async (ending, serve) => {
    expect(await sendWebSocketOverHttp2(await proxy(serve), {}, context, brief)).toMatchObject({
      ending,
      verdict: { kind: 'not-the-gateway' },
    })
  })
})
