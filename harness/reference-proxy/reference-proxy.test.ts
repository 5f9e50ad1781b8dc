import { connect as connectHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { expect, it } from 'vitest'
import { authPort } from '../lab/ports.ts'
import { Bench, certificateAuthority, exchange, handshake, identity, statusOf } from './bench.testing.ts'
import { valuesOf } from './header-lines.ts'

const evil = 'evil@attacker.test'
const real = 'alice@example.test'

it('asserts the user of the session and the address of the peer, and keeps the public Host and the target', async () => {
  await using bench = await Bench.start()
  const answer = await bench.get('/a?b=%2F', `Cookie: x=1; ${bench.alice}; y=2`)
  expect(answer).toContain('you sent 0')
  expect(answer.match(/set-cookie: [ab]=[12]/gi)).toHaveLength(2)
  const [arrival] = bench.arrived
  expect(arrival).toMatchObject({ method: 'GET', target: '/a?b=%2F', peer: bench.network.addresses.proxy })
  const value = (name: string) => valuesOf(name, arrival?.headers ?? [])
  expect(value(identity)).toEqual([real])
  expect(value('X-Forwarded-For')).toEqual([bench.network.addresses.internet])
  expect(value('X-Forwarded-Proto')).toEqual(['https'])
  expect(value('X-Forwarded-Host')).toEqual(['app.test'])
  expect(value('Host')).toEqual(['app.test'])
  expect(value('Cookie')).toEqual(['x=1; y=2'])
})

it.each(['http', 'websocket'] as const)('strips every spelling of every name that is its own over %s', async (over) => {
  await using bench = await Bench.start()
  const forged = [
    'X-Forwarded-User',
    'x-forwarded-user',
    'X_Forwarded_User',
    'X.Forwarded.User',
    'X-Forwarded_User',
    'X-Auth-Request-Email',
    'X_Pomerium.Claim-Email',
    'Remote-User',
    'Tailscale-User-Login',
    'Forwarded',
    'Via',
    'X-Real-IP',
    'x_real_ip',
    'X-Forwarded-For',
    'X-Forwarded-Uri',
    'X-Original-URL',
    'X-Client-IP',
    'True-Client-IP',
    'X-OpenClaw-Scopes',
    'X-Envoy-External-Address',
  ]
  const lines = [`Cookie: ${bench.alice}`, ...forged.map((name) => `${name}: ${evil}`), 'X-Harmless: yes']
  await (over === 'http' ? bench.get('/', ...lines) : bench.upgrade('/', ...lines))
  expect(bench.identities()).toEqual([[real]])
  const headers = bench.arrived[0]?.headers ?? []
  expect(JSON.stringify(headers)).not.toContain(evil)
  expect(valuesOf('x-harmless', headers)).toEqual(['yes'])
})

it('drops what Connection nominates before it writes its own', async () => {
  await using bench = await Bench.start()
  const nominated = `Connection: close, ${identity}, X-Forwarded-For, X-Nominated`
  await bench.exchange(['GET / HTTP/1.1', 'Host: app.test', nominated, `Cookie: ${bench.alice}`, 'X-Nominated: 1'])
  expect(bench.identities()).toEqual([[real]])
  const headers = bench.arrived[0]?.headers ?? []
  expect(valuesOf('X-Forwarded-For', headers)).toEqual([bench.network.addresses.internet])
  expect(valuesOf('X-Nominated', headers)).toEqual([])
})

it('passes a body on, with its length or chunked, and drops its trailers', async () => {
  await using bench = await Bench.start()
  const head = ['POST /b HTTP/1.1', 'Host: app.test', 'Connection: close', `Cookie: ${bench.alice}`]
  expect(await bench.exchange([...head, 'Content-Length: 4'], 'body')).toContain('you sent 4')
  const chunks = `3\r\nabc\r\n2\r\nde\r\n0\r\n${identity}: ${evil}\r\n\r\n`
  expect(await bench.exchange([...head, 'Transfer-Encoding: chunked'], chunks)).toContain('you sent 5')
  expect(bench.arrived.map(({ body }) => body)).toEqual(['body', 'abcde'])
  expect(JSON.stringify(bench.arrived)).not.toContain(evil)
})

it('tunnels an upgrade of a user and delivers the gateway’s refusal of one as such', async () => {
  await using bench = await Bench.start()
  expect(await bench.upgrade('/ws', `Cookie: ${bench.alice}`, 'Sec-WebSocket-Protocol: p')).toMatch(
    /^HTTP\/1.1 101 [\s\S]*hello$/,
  )
  const refusal = await bench.upgrade('/refused', `Cookie: ${bench.alice}`)
  expect(refusal).toMatch(/^HTTP\/1.1 403 Forbidden[\s\S]*X-From: gateway[\s\S]*not me$/)
  expect(bench.identities()).toEqual([[real], [real]])
  expect(valuesOf('sec-websocket-protocol', bench.arrived[0]?.headers ?? [])).toEqual(['p'])
})

it.each([
  ['an anonymous page view', 302, (bench: Bench) => bench.get('/page', 'Accept: text/html')],
  ['an anonymous program', 401, (bench: Bench) => bench.get('/api', 'Accept: application/json')],
  ['an anonymous upgrade', 401, (bench: Bench) => bench.upgrade('/')],
  ['an unknown session', 401, (bench: Bench) => bench.upgrade('/', `Cookie: ${bench.alice}x`)],
  ['two sessions at once', 401, (bench: Bench) => bench.upgrade('/', `Cookie: ${bench.bob}`, `Cookie: ${bench.alice}`)],
  [
    'a user without e-mail address',
    403,
    (bench: Bench) => bench.get('/', `Cookie: ${bench.noEmail}`, `${identity}: ${evil}`),
  ],
  [
    'cookies beyond what the auth service takes',
    503,
    (bench: Bench) => bench.get('/', `Cookie: ${bench.alice}; b=${'b'.repeat(9000)}`),
  ],
  [
    'another host',
    421,
    (bench: Bench) => bench.exchange(['GET / HTTP/1.1', 'Host: evil.test', `Cookie: ${bench.alice}`]),
  ],
  [
    'two hosts',
    400,
    (bench: Bench) => bench.exchange(['GET / HTTP/1.1', 'Host: app.test', 'Host: app.test', `Cookie: ${bench.alice}`]),
  ],
  [
    'an absolute target of another host',
    400,
    (bench: Bench) => bench.get('https://evil.test/', `Cookie: ${bench.alice}`),
  ],
  [
    'CONNECT',
    405,
    (bench: Bench) => bench.exchange(['CONNECT gateway:18789 HTTP/1.1', 'Host: app.test', `Cookie: ${bench.alice}`]),
  ],
  [
    'two lengths',
    400,
    (bench: Bench) =>
      bench.exchange(
        [
          'POST / HTTP/1.1',
          'Host: app.test',
          `Cookie: ${bench.alice}`,
          'Content-Length: 5',
          'Transfer-Encoding: chunked',
        ],
        '0\r\n\r\n',
      ),
  ],
  [
    'two Content-Length lines',
    400,
    (bench: Bench) =>
      bench.exchange(
        ['POST / HTTP/1.1', 'Host: app.test', `Cookie: ${bench.alice}`, 'Content-Length: 1', 'Content-Length: 2'],
        'ab',
      ),
  ],
  [
    'an unknown transfer coding',
    400,
    (bench: Bench) =>
      bench.exchange(
        ['POST / HTTP/1.1', 'Host: app.test', `Cookie: ${bench.alice}`, 'Transfer-Encoding: xchunked'],
        '0\r\n\r\n',
      ),
  ],
  [
    'a bare line feed',
    400,
    (bench: Bench) => bench.exchange([`GET / HTTP/1.1\nHost: app.test`, `Cookie: ${bench.alice}`]),
  ],
  [
    'a blank before the colon',
    400,
    (bench: Bench) => bench.get('/', `Cookie: ${bench.alice}`, `${identity} : ${evil}`),
  ],
  ['a folded line', 400, (bench: Bench) => bench.get('/', `Cookie: ${bench.alice}`, 'X-Folded: a', ` ${evil}`)],
  [
    'a page of its own that is not there',
    404,
    (bench: Bench) => bench.get('/oauth2/../admin', `Cookie: ${bench.alice}`),
  ],
] as const)('refuses %s itself with %i', async (_what, status, send) => {
  await using bench = await Bench.start()
  expect(statusOf(await send(bench))).toBe(status)
  // The fence: a request that must arrive, and arrives alone.
  await bench.get('/fence', `Cookie: ${bench.alice}`)
  expect(bench.arrived.map(({ target }) => target)).toEqual(['/fence'])
})

it('exempts only the one spelling of a public path, without any identity', async () => {
  await using bench = await Bench.start()
  await bench.get('/public/x?y', `${identity}: ${evil}`)
  await bench.get('/public', `Cookie: ${bench.alice}`, `X_Forwarded_User: ${evil}`)
  expect(bench.identities()).toEqual([[], []])
  for (const path of [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public%2F..%2Fadmin',
    '/public//admin',
    '/public;x/../admin',
    '/publicly',
    '/public/.',
  ]) {
    expect(statusOf(await bench.get(path, 'Accept: application/json')), path).toBe(401)
  }
  expect(bench.arrived).toHaveLength(2)
})

it('lets nobody pass while the auth service is down', async () => {
  await using bench = await Bench.start()
  bench.proxy.stopAuth()
  expect(statusOf(await bench.get('/', `Cookie: ${bench.alice}`))).toBe(503)
  expect(statusOf(await bench.upgrade('/', `Cookie: ${bench.alice}`))).toBe(503)
  expect(bench.arrived).toEqual([])
  bench.proxy.startAuth()
  expect(statusOf(await bench.get('/', `Cookie: ${bench.alice}`))).toBe(200)
})

it('dials the gateway over loopback as a sidecar, and still says who the client is', async () => {
  await using bench = await Bench.start(undefined, 'sidecar')
  await bench.get('/', `Cookie: ${bench.alice}`, 'X-Forwarded-For: 127.0.0.1')
  expect(bench.arrived[0]?.peer).toBe('127.0.0.1')
  expect(valuesOf('X-Forwarded-For', bench.arrived[0]?.headers ?? [])).toEqual([bench.network.addresses.internet])
})

it('has an auth service that names nobody and leads nowhere', async () => {
  await using bench = await Bench.start()
  const ask = async (...lines: string[]) => {
    const socket = await bench.network.dialFrom(bench.network.addresses.lan)('auth', authPort)
    return exchange(socket, ['GET /oauth2/auth HTTP/1.1', 'Host: auth', 'Connection: close', ...lines])
  }
  expect(statusOf(await ask(`${identity}: ${evil}`))).toBe(401)
  const known = await ask(`Cookie: ${bench.alice}`)
  expect(statusOf(known)).toBe(202)
  expect(known).not.toContain('alice')
  expect(bench.arrived).toEqual([])
})

it('keeps two users of one connection apart', async () => {
  await using bench = await Bench.start()
  const request = (cookie: string, connection: string) => [
    'GET / HTTP/1.1',
    'Host: app.test',
    `Cookie: ${cookie}`,
    `Connection: ${connection}`,
  ]
  const pipelined = [...request(bench.alice, 'keep-alive'), '', ...request(bench.bob, 'close')]
  expect((await bench.exchange(pipelined)).match(/HTTP\/1.1 200/g)).toHaveLength(2)
  expect(bench.identities()).toEqual([[real], ['bob@example.test']])
})

it('answers 502 when the gateway is not there', async () => {
  await using bench = await Bench.start()
  await bench.gateway[Symbol.asyncDispose]()
  expect(statusOf(await bench.get('/', `Cookie: ${bench.alice}`))).toBe(502)
  expect(statusOf(await bench.upgrade('/', `Cookie: ${bench.alice}`))).toBe(502)
})

it.each([
  [
    'h2c',
    ['GET / HTTP/1.1', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ],
  ['a POST', ['POST / HTTP/1.1', 'Content-Length: 0', ...handshake]],
  ['HTTP/1.0', ['GET / HTTP/1.0', ...handshake]],
])('serves an upgrade by %s as the ordinary request that it also is, and the last one', async (_what, lines) => {
  await using bench = await Bench.start()
  const socket = await bench.connect()
  const second = ['', 'GET /second HTTP/1.1', 'Host: app.test', `Cookie: ${bench.bob}`]
  await exchange(socket, [...lines, 'Host: app.test', `Cookie: ${bench.alice}`, `${identity}: ${evil}`, ...second])
  expect(bench.arrived[0]).toMatchObject({ transport: 'http', target: '/' })
  expect(valuesOf('upgrade', bench.arrived[0]?.headers ?? [])).toEqual([])
  expect(bench.identities()).toEqual([[real]])
})

it('reads nothing that follows an upgrade which the gateway refused', async () => {
  await using bench = await Bench.start()
  const second = `GET /second HTTP/1.1\r\nHost: app.test\r\n${identity}: ${evil}\r\n\r\n`
  const lines = ['GET /refused HTTP/1.1', 'Host: app.test', ...handshake, `Cookie: ${bench.alice}`]
  expect((await bench.exchange(lines, second)).match(/HTTP\/1.1/g)).toHaveLength(1)
  expect(bench.arrived.map(({ target }) => target)).toEqual(['/refused'])
})

it('speaks HTTP/2 with the same steps', async () => {
  await using bench = await Bench.start()
  const raw = await bench.network.dialFrom(bench.network.addresses.internet)('app.test', 443)
  const socket = connectTls({ socket: raw, servername: 'app.test', ca: certificateAuthority, ALPNProtocols: ['h2'] })
  const session = connectHttp2('https://app.test', { createConnection: () => socket })
  const stream = session.request({
    ':method': 'POST',
    ':path': '/h2',
    cookie: bench.alice,
    [identity]: evil,
    x_forwarded_user: evil,
  })
  stream.end('body')
  expect(await text(stream)).toBe('you sent 4')
  const anonymous = session.request({ ':path': '/h2', accept: 'application/json' })
  const status = new Promise((resolve) => anonymous.once('response', (headers) => resolve(headers[':status'])))
  expect(await status).toBe(401)
  session.close()
  expect(bench.identities()).toEqual([[real]])
  expect(bench.arrived[0]?.body).toBe('body')
  expect(valuesOf('host', bench.arrived[0]?.headers ?? [])).toEqual(['app.test'])
})

it('opens a WebSocket on a stream of HTTP/2 with the same steps, and nothing else', async () => {
  await using bench = await Bench.start()
  const fields = { cookie: bench.alice, 'x-forwarded-user': evil }
  expect(await bench.upgradeOverHttp2('/ws?a=1', fields)).toBe(200)
  expect(bench.arrived).toMatchObject([{ transport: 'websocket', method: 'GET', target: '/ws?a=1' }])
  expect(bench.identities()).toEqual([[real]])
  expect(await bench.upgradeOverHttp2('/refused', fields)).toBe(403)
  bench.arrived.length = 0
  expect(await bench.upgradeOverHttp2('/ws')).toBe(401)
  expect(await bench.upgradeOverHttp2('/ws', { ...fields, ':protocol': 'connect-udp' })).toBe(501)
  expect(await bench.upgradeOverHttp2('/ws', { ...fields, 'content-length': '4' })).toBe(400)
  expect(bench.arrived).toEqual([])
})
