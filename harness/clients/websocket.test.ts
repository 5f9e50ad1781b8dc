/** Against the reference gateway, which the contract tests hold against the real one. */
import { createServer } from 'node:http'
import { duplexPair } from 'node:stream'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Send } from '../plan/case.ts'
import { gateway } from './gateway.testing.ts'
import { Http1Connection, sendHttp1 } from './http1.ts'
import { peerOf } from './peer.testing.ts'
import { FrameSocket } from './websocket-frames.ts'
import { usualLimits, Wire } from './wire.ts'

const context = { host: 'app.test', cookie: '', mark: 'mark-1', password: 'right' }
const identity = (user: string): Send => ({
  headers: [
    ['X-Forwarded-User', user],
    ['X-Forwarded-For', '203.0.113.7'],
  ],
})

describe('the handshake after the 101', () => {
  it('tells as whom and from where the gateway accepted', async () => {
    const exchange = await sendHttp1(gateway(), identity('alice@example.test'), context, 'websocket')
    expect(exchange).toMatchObject({
      response: { status: 101 },
      verdict: { kind: 'accepted', user: 'alice@example.test', client: '203.0.113.7' },
    })
    expect(exchange).not.toHaveProperty('close')
    expect(exchange).not.toHaveProperty('fault')
  })

  it('tells the reason of a refusal, and the close code', async () => {
    expect(await sendHttp1(gateway(), identity('bob@example.test'), context, 'websocket')).toMatchObject({
      response: { status: 101 },
      verdict: { kind: 'refused', reason: 'trusted_proxy_user_not_allowed' },
      close: { code: 1008, reason: 'unauthorized' },
    })
  })

  it('hears the refusal before the 101', async () => {
    const send: Send = { headers: [['X-Forwarded-User', 'alice@example.test']] }
    expect(await sendHttp1(gateway(), send, context, 'websocket')).toMatchObject({
      response: { status: 403 },
      verdict: { kind: 'refused', reason: 'proxy_attribution_required' },
    })
  })

  it.each([
    ['right', { kind: 'accepted', user: 'local' }],
    ['wrong', { kind: 'refused', reason: 'password_mismatch' }],
  ] as const)('shows the %s password as a local client', async (password, verdict) => {
    const send: Send = { password, clientId: 'gateway-client', clientMode: 'backend' }
    expect((await sendHttp1(gateway('attributed', '127.0.0.1'), send, context, 'websocket')).verdict).toEqual(verdict)
  })

  it.each(['attributed', 'allow-loopback', 'strict-loopback', 'legacy', 'coderclaw'] as const)(
    'hears an acceptance and a refusal on %s, of either protocol',
    async (profile) => {
      const verdict = async (user: string) =>
        (await sendHttp1(gateway(profile), identity(user), context, 'websocket')).verdict.kind
      expect(await verdict('alice@example.test')).toBe('accepted')
      expect(await verdict('bob@example.test')).toBe('refused')
    },
  )

  it('is made for raw bytes that upgrade, too', async () => {
    const raw = `GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: keep-alive, uPGRADE\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-User: alice@example.test\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n`
    const exchange = await sendHttp1(gateway(), { raw: [raw] }, context, 'http')
    expect(exchange.verdict).toMatchObject({ kind: 'accepted', user: 'alice@example.test' })
  })
})

describe('a WebSocket that is not the gateway', () => {
  const servers: { close: () => void }[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function other(greet: (server: WebSocketServer) => void) {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    greet(sockets)
    servers.push(sockets, server)
    return peerOf(server)
  }
  const brief = { ...usualLimits, deadlineMs: 200 }

  it('is a fault at the deadline, with the 101', async () => {
    const exchange = await sendHttp1(await other(() => {}), {}, context, 'websocket', brief)
    expect(exchange).toMatchObject({
      response: { status: 101 },
      verdict: { kind: 'not-the-gateway' },
      fault: 'no connect.challenge came over the WebSocket in time',
    })
  })

  it('shows its close code and is no fault', async () => {
    const closing = await other((server) => server.on('connection', (socket) => socket.close(1013, 'starting')))
    expect(await sendHttp1(closing, {}, context, 'websocket', brief)).toMatchObject({
      verdict: { kind: 'not-the-gateway' },
      close: { code: 1013, reason: 'starting' },
    })
  })
})

describe('frames', () => {
  it.each([0, 125, 126, 65_535, 65_536])('of %i bytes go both ways, in fragments, past a ping', async (length) => {
    const server = createServer()
    const sockets = new WebSocketServer({ server, perMessageDeflate: false })
    onTestFinished(() => {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
    })
    sockets.on('connection', (socket) =>
      socket.on('message', (message) => {
        const text = message.toString()
        socket.send(text.slice(0, 1), { fin: false })
        socket.send(text.slice(1), { fin: true })
        socket.ping()
        socket.on('pong', () => socket.close(4001, 'done'))
      }),
    )
    await using connection = new Http1Connection(await peerOf(server), usualLimits)
    const { socket } = await connection.upgrade({}, context, 'websocket')
    if (socket === undefined) throw new Error('no WebSocket')
    socket.send('x'.repeat(length))
    expect(await socket.next()).toEqual({ kind: 'text', text: 'x'.repeat(length) })
    expect(await socket.next()).toEqual({ kind: 'close', code: 4001, reason: 'done' })
  })

  it('end the conversation when a server masks them', async () => {
    const [stream, server] = duplexPair()
    const socket = new FrameSocket(new Wire(stream))
    // RFC 6455 5.1: FIN and text, the mask bit and no payload, the mask.
    server.write(Buffer.of(0x81, 0x80, 1, 2, 3, 4))
    expect(await socket.next()).toEqual({ kind: 'end' })
  })
})
