import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import type { Arrival } from '../recording/arrival.ts'
import { Recorder } from '../recording/recorder.ts'
import { Recordings } from '../recording/recordings.ts'
import { startup } from '../rules/config.ts'
import { type ProfileName, profiles } from '../rules/profiles.ts'
import { ReferenceGateway, type ReferenceGatewayOptions } from './reference-gateway.ts'

const proxy = '10.77.0.2'
const source = {
  gateway: {
    mode: 'local',
    bind: 'lan',
    trustedProxies: [proxy],
    auth: {
      mode: 'trusted-proxy',
      password: 'right',
      trustedProxy: { userHeader: 'x-forwarded-user', allowUsers: ['alice@example.test'] },
    },
    controlUi: { allowedOrigins: ['https://app.test'] },
  },
}
const withScopes = {
  gateway: {
    ...source.gateway,
    auth: { ...source.gateway.auth, identityScopes: { 'alice@example.test': ['operator.read'] } },
  },
}
const identity = 'X-Forwarded-User: alice@example.test\r\nX-Forwarded-For: 203.0.113.7\r\n'

async function running(
  name: ProfileName = 'attributed',
  options: Partial<ReferenceGatewayOptions> & { readonly config?: unknown } = {},
) {
  const profile = profiles[name]
  const started = startup(options.config ?? source, profile)
  if (started.kind === 'refused') throw new Error(started.message)
  const recorder = new Recorder()
  const gateway = new ReferenceGateway({
    policy: { profile, config: started.config },
    recorder,
    ownAddresses: () => ['10.77.0.1'],
    bodyDeadlineMs: 50,
    ...options,
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  const dial = (peer = proxy): Duplex => {
    const [client, server] = duplexPair()
    gateway.accept(server, peer)
    // A stream pair has no close of its own: the client leaves when the gateway has ended.
    client.on('end', () => client.destroy())
    return client
  }
  return { gateway, recorder, recordings: Recordings.of(recorder), dial }
}

/** Everything that comes back until the gateway closes. */
async function exchange(socket: Duplex, ...writes: string[]): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const bytes of writes) socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const upgradeLines = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`
const rawOf = (arrival: Arrival | undefined) => Buffer.from(arrival?.raw ?? '', 'base64').toString('latin1')

describe('the recording', () => {
  it('keeps order, case, duplicates and odd blanks of header lines', async () => {
    const { dial, recordings } = await running()
    const head = `GET /a?b=c HTTP/1.1\r\nhOST:app.test\r\nX-Twice:   one\t \r\nx-twice: two\r\n${identity}Connection: close\r\n\r\n`
    await exchange(dial(), head)
    const [arrival] = recordings.since(0)
    expect(arrival).toMatchObject({
      method: 'GET',
      target: '/a?b=c',
      httpVersion: '1.1',
      peer: proxy,
      transport: 'http',
    })
    expect(arrival?.headers.slice(0, 3)).toEqual([
      ['hOST', 'app.test'],
      ['X-Twice', 'one'],
      ['x-twice', 'two'],
    ])
    expect(arrival?.attribution).toEqual({ kind: 'trusted-proxy', client: '203.0.113.7' })
    expect(rawOf(arrival)).toBe(head)
  })

  it('shows the bytes of a head that came in pieces', async () => {
    const { dial, recordings } = await running()
    await exchange(dial(), 'GET / HT', `TP/1.1\r\nHost: a\r\nConne`, 'ction: close\r\n', '\r\n')
    expect(rawOf(recordings.since(0)[0])).toBe('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  })

  it('is there before the answer', async () => {
    const { dial, recordings } = await running()
    const socket = dial()
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
    expect(recordings.since(0)).toHaveLength(1)
  })

  it('holds the first 4 KiB of the body and the trailers', async () => {
    const { dial, recordings } = await running()
    const chunk = 'x'.repeat(5000)
    await exchange(
      dial(),
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
      `1388\r\n${chunk}\r\n0\r\nX-Forwarded-User: mallory\r\n\r\n`,
    )
    const [arrival] = recordings.since(0)
    expect(arrival?.body).toHaveLength(4096)
    expect(arrival?.trailers).toEqual([['X-Forwarded-User', 'mallory']])
    expect(arrival?.headers.map(([name]) => name)).not.toContain('X-Forwarded-User')
  })

  it.each([
    ['in one write', (first: string, rest: string) => [first + rest]],
    ['with the body in a later write', (first: string, rest: string) => [first, rest]],
  ])('tells two pipelined requests apart, also behind a body that looks like a request, %s', async (_title, writes) => {
    const { dial, recordings } = await running()
    const fake = 'GET /second HTTP/1.1\r\nX: fake\r\n\r\n'
    const second = 'GET /second HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n'
    const first = `POST /first HTTP/1.1\r\nHost: a\r\n${identity}Content-Length: ${fake.length}\r\n\r\n`
    const answer = await exchange(dial(), ...writes(first, fake + second))
    expect(statuses(answer)).toHaveLength(2)
    expect(recordings.since(0).map(rawOf)).toEqual([first, second])
    expect(recordings.since(0)[0]?.body).toBe(fake)
  })

  it('holds a request whose body never ends, answers it after the deadline, and adds what came later', async () => {
    const { dial, recordings } = await running()
    const socket = dial()
    socket.write(`POST /tools/invoke HTTP/1.1\r\nHost: a\r\n${identity}Content-Length: 4\r\n\r\n{}`)
    const [answer] = await once(socket, 'data')
    expect(statuses(String(answer))).toEqual([400])
    expect(recordings.since(0)).toMatchObject([{ sequence: 1, body: '{}' }])
    socket.write('  ')
    await recordings.waitFor(({ body }) => body === '{}  ', 1000)
    expect(recordings.since(0)).toHaveLength(1)
    socket.destroy()
  })

  it('holds a request that was cut off', async () => {
    const { dial, recordings } = await running('attributed', { bodyDeadlineMs: 60_000 })
    const socket = dial()
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n{`)
    socket.end()
    await recordings.waitFor(({ body }) => body === '{', 2000)
  })

  it('holds a request from its head on, and tells how much of its body came', async () => {
    const { dial, recordings } = await running('attributed', { bodyDeadlineMs: 60_000 })
    const slow = dial()
    slow.write(`POST /slow HTTP/1.1\r\nHost: a\r\n${identity}Content-Length: 6\r\n\r\n`)
    await recordings.caughtUp(1000)
    expect(recordings.since(0)).toMatchObject([
      { target: '/slow', bodyLength: 0, complete: false, verdict: { kind: 'accepted', user: 'alice@example.test' } },
    ])
    const before = recordings.last
    await exchange(dial(), 'GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    slow.write('abc')
    slow.write('def')
    await once(slow, 'data')
    slow.destroy()
    expect(recordings.since(before)).toMatchObject([{ target: '/later', complete: true }])
    expect(recordings.since(0)).toMatchObject([
      { sequence: 1, body: 'abcdef', bodyLength: 6, bodyDigest: sha256('abcdef'), complete: true },
      { sequence: 2, bodyLength: 0, bodyDigest: sha256(''), complete: true },
    ])
  })

  it('measures a body that is longer than what is kept of it, without its chunks', async () => {
    const { dial, recordings } = await running()
    const body = 'y'.repeat(10_000)
    await exchange(
      dial(),
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
      `1388\r\n${body.slice(0, 5000)}\r\n1388\r\n${body.slice(5000)}\r\n0\r\n\r\n`,
    )
    expect(recordings.since(0)).toMatchObject([{ bodyLength: 10_000, bodyDigest: sha256(body), complete: true }])
  })

  const ways = ['end', 'resetAndDestroy'] as const
  it.each(
    ways.flatMap((way) => [
      ['a chunked body that is cut short', 'Transfer-Encoding: chunked', ['2\r\n{}\r\n'], way] as const,
      [
        'a chunked body that goes wrong, with more behind it',
        'Transfer-Encoding: chunked',
        ['ZZ\r\n', '2\r\n{}\r\n0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'],
        way,
      ] as const,
      ['a body that is shorter than announced', 'Content-Length: 40', ['{'], way] as const,
    ]),
  )('counts the rest of a connection that broke off as no arrival: %s', async (_title, framing, rest, way) => {
    const { gateway, recordings } = await running()
    const socket = connect(await gateway.listen(0), '127.0.0.1').resume()
    socket.on('error', () => {})
    socket.write(`POST /cut HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
    await recordings.waitFor(() => true, 1000)
    for (const bytes of rest) await new Promise((resolve) => socket.write(bytes, resolve))
    socket[way]()
    await once(socket, 'close')
    await recordings.caughtUp(1000)
    expect(recordings.since(0)).toMatchObject([{ target: '/cut', complete: false }])
  })

  it.each(ways)('holds one arrival where the connection ends behind a whole chunked body (%s)', async (way) => {
    const { gateway, recordings } = await running()
    const socket = connect(await gateway.listen(0), '127.0.0.1')
    socket.write(`POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`)
    await once(socket, 'data')
    socket.resume()[way]()
    await once(socket, 'close')
    await recordings.caughtUp(1000)
    expect(recordings.since(0)).toMatchObject([{ target: '/whole', complete: true }])
  })

  it.each(ways)('holds no head that was cut short (%s)', async (way) => {
    const { gateway, recordings } = await running()
    const socket = connect(await gateway.listen(0), '127.0.0.1').resume()
    await new Promise((resolve) => socket.write('GET /cut HTTP/1.1\r\nX-Forw', resolve))
    await recordings.caughtUp(1000)
    socket[way]()
    await once(socket, 'close')
    await recordings.caughtUp(1000)
    expect(recordings.since(0)).toEqual([])
  })

  it.each([
    ['an ordinary request', `POST /tools/invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n`, '{}', 401],
    ['an upgrade', upgradeLines('/ws'), '', 101],
    ['an upgrade that is turned away', `${upgradeLines('/ws')}X-Forwarded-For: nobody\r\n`, '', 403],
    ['an upgrade on a path of its own', upgradeLines('/api/channels/x'), '', 401],
  ])('echoes the mark of %s in the answer', async (_title, head, body, status) => {
    const { dial } = await running()
    const socket = dial('10.77.0.3')
    socket.write(`${head}X-Conformance-Request: mark-0123456789ab.2\r\n\r\n${body}`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(String(answer)).toMatch(/^x-conformance-request: mark-0123456789ab\.2\r$/im)
    socket.destroy()
  })

  it.each([
    ['an obsolete fold', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n folded\r\n\r\n', 400],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-User : alice\r\n\r\n', 400],
    ['two framings', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['no HTTP', 'HELLO\r\n\r\n', 400],
    ['a head of more than 16 KiB', `GET / HTTP/1.1\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('holds what the parser rejects: %s', async (_title, bytes, status) => {
    const { dial, recordings } = await running()
    expect(statuses(await exchange(dial(), bytes))).toEqual([status])
    expect(recordings.since(0)).toMatchObject([
      { method: '', target: '', verdict: { kind: 'refused', reason: 'bad_request', status } },
    ])
    expect(rawOf(recordings.since(0)[0])).toBe(bytes)
  })

  it('answers the request before the bytes that are none', async () => {
    const { dial, recordings } = await running()
    const first = `POST /tools/invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n`
    const answer = await exchange(dial(), `${first}{}GARBAGE\r\n\r\n`)
    expect(statuses(answer)).toEqual([403, 400])
    expect(recordings.since(0).map(rawOf)).toEqual([first, 'GARBAGE\r\n\r\n'])
    expect(recordings.since(0)[0]?.body).toBe('{}')
  })

  it('counts a broken body as part of its request', async () => {
    const { dial, recordings } = await running()
    const answer = await exchange(
      dial(),
      `POST /tools/invoke HTTP/1.1\r\nHost: a\r\n${identity}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    )
    expect(statuses(answer)).toEqual([400])
    expect(recordings.since(0)).toMatchObject([{ target: '/tools/invoke', verdict: { user: 'alice@example.test' } }])
  })

  it.each([
    ['HTTP/1.1 without Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', [400]],
    ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nConnection: close\r\n\r\n', [417]],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', []],
    ['an upgrade to h2c', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', [400]],
    [
      'a WebSocket version that does not exist',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\n\r\n',
      [400],
    ],
  ])('holds what Node would answer by itself: %s', async (_title, bytes, status) => {
    const { dial, recordings } = await running()
    expect(statuses(await exchange(dial('10.77.0.3'), bytes))).toEqual(status)
    expect(recordings.since(0)).toMatchObject([{ verdict: { kind: 'refused', reason: 'bad_request' } }])
  })

  it('takes the peer from the connection and never from a header', async () => {
    const { dial, recordings } = await running()
    const bytes =
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.77.0.2\r\nX-Real-IP: 10.77.0.2\r\nConnection: close\r\n\r\n'
    expect(statuses(await exchange(dial('::ffff:10.77.0.3'), bytes))).toEqual([403])
    expect(recordings.since(0)[0]?.peer).toBe('10.77.0.3')
  })
})

describe('the HTTP surface', () => {
  it.each([
    [401, 'unauthorized', '10.77.0.3', ''],
    [403, 'proxy_attribution_required', proxy, ''],
    [403, 'forbidden', proxy, `${identity}X-OpenClaw-Scopes:\r\n`],
  ])('answers %i %s as JSON and without the reason', async (status, type, peer, lines) => {
    const { dial } = await running()
    const answer = await exchange(
      dial(peer),
      `POST /tools/invoke HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\nContent-Length: 2\r\n\r\n{}`,
    )
    expect(statuses(answer)).toEqual([status])
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { type } })
    expect(answer).not.toContain('trusted_proxy')
  })

  it('locks the password after ten failures: 429', async () => {
    const { dial } = await running()
    const attempt = (password: string) =>
      exchange(
        dial('127.0.0.1'),
        `POST /tools/invoke HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${password}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      )
    expect(statuses(await attempt('right'))).toEqual([400])
    for (let failure = 0; failure < 10; failure += 1) expect(statuses(await attempt('wrong'))).toEqual([401])
    expect(statuses(await attempt('right'))).toEqual([429])
  })

  it.each([
    ['legacy', 'right', 500],
    ['allow-loopback', undefined, 500],
    ['allow-loopback', 'right', 200],
    ['attributed', undefined, 200],
    ['coderclaw', 'right', 500],
  ] as const)('runs sessions_list over its own socket as %s with password %s: %i', async (name, password, status) => {
    const { password: _, ...auth } = source.gateway.auth
    const config = { gateway: { ...source.gateway, auth: { ...auth, ...(password && { password }) } } }
    const { dial } = await running(name, { config })
    const invoke = (tool: string) => {
      const body = JSON.stringify({ tool, args: {} })
      return exchange(
        dial(),
        `POST /tools/invoke HTTP/1.1\r\nHost: a\r\n${identity}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    }
    expect(statuses(await invoke('sessions_list'))).toEqual([status])
    expect(statuses(await invoke('agents_list'))).toEqual([200])
  })
})

/** One connection: its next frame, and the close code at the end. */
function webSocket(socket: Duplex, headers: Record<string, string> = {}) {
  const client = new WebSocket('ws://gateway:18789/ws', { headers, createConnection: () => socket })
  const closed = new Promise<number>((resolve, reject) => {
    client.on('close', resolve)
    client.on('error', reject)
  })
  // A test that waits for a frame hears of the failure there.
  closed.catch(() => {})
  const next = () => once(client, 'message').then(([message]) => JSON.parse(String(message)))
  return { client, closed, next }
}

const aliceHeaders = { 'X-Forwarded-User': 'alice@example.test', 'X-Forwarded-For': '203.0.113.7' }
const connectFrame = (params: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: 'req',
    id: '1',
    method: 'connect',
    params: { minProtocol: 4, maxProtocol: 4, client: { id: 'test', mode: 'test' }, role: 'operator', ...params },
  })

describe('the WebSocket', () => {
  it('challenges, greets, and tells who one is', async () => {
    const { dial, recordings } = await running('attributed', { config: withScopes })
    const { client, next } = webSocket(dial(), aliceHeaders)
    expect(await next()).toMatchObject({
      event: 'connect.challenge',
      payload: { nonce: expect.any(String), ts: expect.any(Number) },
    })
    client.send(connectFrame())
    expect(await next()).toMatchObject({
      ok: true,
      payload: {
        type: 'hello-ok',
        protocol: 4,
        auth: { method: 'trusted-proxy', role: 'operator', scopes: ['operator.read'] },
        snapshot: { presence: [{ user: { email: 'alice@example.test' }, ip: '203.0.113.7' }] },
      },
    })
    client.send(JSON.stringify({ type: 'req', id: '2', method: 'users.self', params: {} }))
    expect(await next()).toMatchObject({ id: '2', ok: true, payload: { profile: { emails: ['alice@example.test'] } } })
    expect(recordings.since(0)).toMatchObject([
      { transport: 'websocket', target: '/ws', verdict: { kind: 'accepted', user: 'alice@example.test' } },
    ])
    client.terminate()
  })

  it('refuses with an error frame that tells the reason, then 1008', async () => {
    const { dial } = await running()
    const { client, next, closed } = webSocket(dial(), { ...aliceHeaders, 'X-Forwarded-User': 'mallory' })
    await next()
    client.send(connectFrame({ auth: { token: 'bogus' } }))
    expect(await next()).toMatchObject({
      ok: false,
      error: {
        code: 'INVALID_REQUEST',
        message: 'unauthorized',
        details: { code: 'AUTH_UNAUTHORIZED', authReason: 'trusted_proxy_user_not_allowed' },
      },
    })
    expect(await closed).toBe(1008)
  })

  it('hides the reason from a client without device and credentials, and records it all the same', async () => {
    const { dial, recordings } = await running()
    const { client, next, closed } = webSocket(dial(), { 'X-Forwarded-For': '203.0.113.7' })
    await next()
    client.send(connectFrame())
    expect(await next()).toMatchObject({
      error: { code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } },
    })
    expect(await closed).toBe(1008)
    expect(recordings.since(0)).toMatchObject([{ verdict: { reason: 'trusted_proxy_user_missing', close: 1008 } }])
  })

  it.each([
    ['attributed', 'AUTH_IDENTITY_HEADER_REQUIRED'],
    ['allow-loopback', 'AUTH_UNAUTHORIZED'],
  ] as const)('as %s says %s for a missing required header', async (name, code) => {
    const trustedProxy = { ...source.gateway.auth.trustedProxy, requiredHeaders: ['X-Forwarded-Proto'] }
    const config = { gateway: { ...source.gateway, auth: { ...source.gateway.auth, trustedProxy } } }
    const { dial } = await running(name, { config })
    const { client, next } = webSocket(dial(), aliceHeaders)
    await next()
    client.send(connectFrame({ auth: { token: 'bogus' } }))
    expect(await next()).toMatchObject({
      error: { details: { code, authReason: 'trusted_proxy_missing_header_X-Forwarded-Proto' } },
    })
    client.terminate()
  })

  it('records the upgrade before connect, with the verdict that a plain connect would get, then the real one', async () => {
    const { dial, recordings } = await running()
    const { client, next, closed } = webSocket(dial('127.0.0.1'))
    await next()
    expect(recordings.since(0)).toMatchObject([{ verdict: { reason: 'trusted_proxy_untrusted_source' } }])
    client.send(connectFrame({ auth: { password: 'right' } }))
    await next()
    expect(recordings.since(0)).toMatchObject([
      { sequence: 1, verdict: { kind: 'accepted', user: 'local', method: 'password' } },
    ])
    client.terminate()
    await closed
  })

  it('answers an unattributable upgrade with HTTP 403 and no 101', async () => {
    const { dial, recordings } = await running()
    const answer = await exchange(
      dial(),
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    expect(statuses(answer)).toEqual([403])
    expect(answer).toContain('proxy_attribution_required')
    expect(recordings.since(0)).toMatchObject([
      { transport: 'websocket', verdict: { reason: 'proxy_attribution_required', status: 403 } },
    ])
  })

  it('closes with 1008 when the first frame is not connect, and 1009 when it is over 64 KiB', async () => {
    const { dial } = await running()
    const stranger = webSocket(dial(), aliceHeaders)
    await stranger.next()
    stranger.client.send(JSON.stringify({ type: 'req', id: '1', method: 'health', params: {} }))
    expect(await stranger.closed).toBe(1008)
    const large = webSocket(dial(), aliceHeaders)
    await large.next()
    large.client.send('x'.repeat(70_000))
    expect(await large.closed).toBe(1009)
  })

  it('closes with 1000 when connect does not come', async () => {
    const { dial } = await running('attributed', { connectDeadlineMs: 20 })
    expect(await webSocket(dial(), aliceHeaders).closed).toBe(1000)
  })

  it('takes 32 unauthenticated sockets of one client and answers the 33rd with 503', async () => {
    const { dial } = await running()
    const open = Array.from({ length: 32 }, () => webSocket(dial(), aliceHeaders))
    await Promise.all(open.map(({ next }) => next()))
    await expect(webSocket(dial(), aliceHeaders).closed).rejects.toThrow('503')
    const other = webSocket(dial(), { ...aliceHeaders, 'X-Forwarded-For': '203.0.113.8' })
    await other.next()
    const first = open[0]
    first?.client.terminate()
    await first?.closed
    // The gateway hears of the close a moment later: its answer to a further socket is the condition.
    await expect
      .poll(
        () =>
          webSocket(dial(), aliceHeaders)
            .next()
            .catch(() => undefined),
        { timeout: 2000 },
      )
      .toBeDefined()
  })
})

/** A reader in another process's place. */
async function overSocket(recorder: Recorder): Promise<Recordings> {
  const folder = await mkdtemp(join(tmpdir(), 'recorder-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await recorder.listen(join(folder, 'recorder.sock'))
  return await Recordings.connect(join(folder, 'recorder.sock'))
}

describe('the channel to the harness', () => {
  it('gives every reader everything from the start, over a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recorder-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const socketPath = join(folder, 'recorder.sock')
    const { dial, recorder } = await running()
    const early = Recordings.connect(socketPath, 5000)
    await recorder.listen(socketPath)
    await using reader = await early
    const waiting = reader.waitFor(({ target }) => target === '/seen', 5000)
    await exchange(dial(), 'GET /seen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const seen = await waiting
    await using late = await Recordings.connect(socketPath)
    expect(await late.waitFor(({ sequence }) => sequence === 1, 5000)).toEqual(seen)
    expect(late.last).toBe(1)
    expect(late.since(1)).toEqual([])
    await recorder[Symbol.asyncDispose]()
    await expect(late.waitFor(() => false, 5000)).rejects.toThrow('the gateway has stopped')
  })

  it('says when it has told all that had reached it', async () => {
    const { gateway, recorder } = await running('attributed', { bodyDeadlineMs: 5000 })
    await using outside = await overSocket(recorder)
    await using inside = Recordings.of(recorder)
    const port = await gateway.listen(0)
    for (const [round, reader] of [outside, inside, outside].entries()) {
      const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
      onTestFinished(() => sockets.forEach((socket) => void socket.destroy()))
      // Written, and no answer awaited: the bytes lie in the system's buffers.
      await Promise.all(
        sockets.map((socket) => new Promise((resolve) => socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n', resolve))),
      )
      await reader.caughtUp(5000)
      expect(reader.since(0)).toHaveLength(20 * (round + 1))
    }
    await recorder[Symbol.asyncDispose]()
    await expect(outside.caughtUp(5000)).rejects.toThrow('the gateway has stopped')
  })

  it('says so without waiting for bodies, whose ends update what is recorded and change no order', async () => {
    const { gateway, recorder } = await running('attributed', { bodyDeadlineMs: 60_000 })
    await using outside = await overSocket(recorder)
    await using inside = Recordings.of(recorder)
    const port = await gateway.listen(0)
    const begin = async (name: string) => {
      const socket = connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      const head = `POST /${name} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n`
      await new Promise((resolve) => socket.write(head, resolve))
      return socket
    }
    const first = await begin('first')
    await outside.caughtUp(5000)
    const second = await begin('second')
    for (const reader of [outside, inside]) {
      await reader.caughtUp(5000)
      expect(reader.since(0)).toMatchObject([
        { target: '/first', complete: false },
        { target: '/second', complete: false },
      ])
      expect(reader.since(1)).toMatchObject([{ target: '/second' }])
    }
    // The younger one ends first.
    for (const socket of [second, first]) {
      socket.write('{}')
      await once(socket, 'data')
    }
    for (const reader of [outside, inside]) {
      await reader.caughtUp(5000)
      expect(reader.since(0)).toMatchObject([
        { sequence: 1, target: '/first', bodyLength: 2, complete: true },
        { sequence: 2, target: '/second', bodyLength: 2, complete: true },
      ])
      expect(reader.since(2)).toEqual([])
    }
    await recorder[Symbol.asyncDispose]()
  })

  it('gives up with a reason', async () => {
    const { recordings } = await running()
    await expect(recordings.waitFor(() => true, 10)).rejects.toThrow('Nothing of that kind arrived within 10 ms')
    await expect(Recordings.connect(join(tmpdir(), 'no-such-recorder.sock'), 30)).rejects.toThrow(
      'has the gateway started?',
    )
  })
})

describe('the process', () => {
  async function start(config: unknown, profile: string) {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const configPath = join(folder, 'config.json')
    const socketPath = join(folder, 'recorder.sock')
    await writeFile(configPath, JSON.stringify(config))
    const program = join(import.meta.dirname, 'main.ts')
    const child = spawn(process.execPath, [
      program,
      ...['--config', configPath, '--recorder', socketPath, '--profile', profile, '--port', '0'],
    ])
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, socketPath }
  }

  it('prints ready, records, and stops on SIGTERM', async () => {
    const config = { gateway: { ...source.gateway, bind: 'loopback', trustedProxies: ['127.0.0.1'] } }
    const { child, socketPath } = await start(config, 'legacy')
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await expect.poll(() => output, { timeout: 10_000 }).toMatch(/^ready$/m)
    const port = Number(/port (\d+)/.exec(output)?.[1])
    await using recordings = await Recordings.connect(socketPath)
    const answer = await exchange(
      connect(port, '127.0.0.1'),
      `POST /tools/invoke HTTP/1.1\r\nHost: a\r\n${identity}Connection: close\r\nContent-Length: 2\r\n\r\n{}`,
    )
    expect(statuses(answer)).toEqual([400])
    expect(await recordings.waitFor(() => true, 2000)).toMatchObject({
      peer: '127.0.0.1',
      verdict: { kind: 'accepted' },
    })
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('stops with the exit code of the program when its configuration is refused', async () => {
    const { child } = await start({ gateway: { ...source.gateway, trustedProxies: [] } }, 'attributed')
    const [message] = await once(child.stderr, 'data')
    expect(String(message)).toContain('requires gateway.trustedProxies')
    expect(await once(child, 'exit')).toEqual([78, null])
  })
})
