/** For the tests of the mutants: what tells each of the first ones from the correct proxy. */
import { administrationPort, authPort } from '../../lab/ports.ts'
import { certificates, exchange, identity } from '../bench.testing.ts'
import { valuesOf } from '../header-lines.ts'
import { signInWithPlantedCookie } from '../sign-in.testing.ts'
import {
  anonymous,
  asAlice,
  bothLengths,
  chunk,
  evil,
  forged,
  header,
  identities,
  type Row,
  real,
  smuggled,
  targets,
} from './observations.testing.ts'

export const firstRows: Readonly<Record<string, Row>> = {
  passthrough: [identities(anonymous('/', forged)), [], [[evil]]],
  everybody: [identities(anonymous('/')), [], [[real]]],
  'host-is-user': [
    identities(async (bench) => {
      const lines = ['GET / HTTP/1.1', 'Host: app.test', 'Connection: close']
      await exchange(await bench.connectFrom(bench.network.addresses.gateway), lines)
    }),
    [],
    [[real]],
  ],
  append: [identities(asAlice(forged)), [[real]], [[evil, real]]],
  'first-wins': [identities(asAlice(forged, `${identity}: second`)), [[real]], [[evil]]],
  'last-wins': [identities(asAlice(forged, `${identity}: second`)), [[real]], [['second']]],
  joined: [identities(asAlice(forged)), [[real]], [[`${evil}, ${real}`]]],
  'http-only': [identities((bench) => bench.upgrade('/', `Cookie: ${bench.alice}`, forged)), [[real]], [[evil]]],
  'ws-unauthenticated': [identities((bench) => bench.upgrade('/')), [], [[]]],
  'canonical-only': [header('X_Forwarded.User', asAlice(`X_Forwarded.User: ${evil}`)), [[]], [[evil]]],
  'family-through': [header('X-Auth-Request-Email', asAlice(`X-Auth-Request-Email: ${evil}`)), [[]], [[evil]]],
  'happy-path-strip': [identities(anonymous('/public', forged)), [[]], [[evil]]],
  'missing-claim': [identities((bench) => bench.get('/', `Cookie: ${bench.noEmail}`, forged)), [], [[evil]]],
  'literal-placeholder': [
    identities((bench) => bench.get('/', `Cookie: ${bench.noEmail}`)),
    [],
    [['{http.auth.user.email}']],
  ],
  'deny-but-forward': [identities(anonymous('/', 'Accept: application/json')), [], [[]]],
  'fail-open': [
    identities((bench) => {
      bench.proxy.stopAuth()
      return bench.get('/')
    }),
    [],
    [[]],
  ],
  'open-bypass': [
    identities(async ({ network }) => {
      const dial = network.dialFrom(network.addresses.internet)
      const socket = await dial('auth', authPort).catch(() => undefined)
      return socket && exchange(socket, ['GET / HTTP/1.1', 'Host: auth', 'Connection: close', forged])
    }),
    [],
    [[evil]],
  ],
  'open-administration': [
    async ({ network }) => {
      const dial = network.dialFrom(network.addresses.lan)
      const socket = await dial('proxy', administrationPort).catch(() => undefined)
      const answer = socket && (await exchange(socket, ['GET /config/ HTTP/1.1', 'Host: proxy', 'Connection: close']))
      return String(answer).includes('"apps"')
    },
    false,
    true,
  ],
  'loopback-source': [
    async (bench) => {
      await asAlice()(bench)
      return bench.arrived.map(({ peer }) => peer)
    },
    ['10.213.7.2'],
    ['127.0.0.1'],
  ],
  'xff-append': [
    header('X-Forwarded-For', asAlice('X-Forwarded-For: 6.6.6.6')),
    [['10.213.7.10']],
    [['6.6.6.6, 10.213.7.10']],
  ],
  'xff-none': [header('X-Forwarded-For', asAlice()), [['10.213.7.10']], [[]]],
  'xff-trust-client': [
    header('X-Forwarded-For', asAlice('X-Forwarded-For: 127.0.0.1')),
    [['10.213.7.10']],
    [['127.0.0.1']],
  ],
  'real-ip-through': [header('X-Real-IP', asAlice('X-Real-IP: 127.0.0.1')), [[]], [['127.0.0.1']]],
  'strip-forwarded': [header('X-Forwarded-Proto', asAlice()), [['https']], [[]]],
  'host-rewrite': [header('Host', asAlice()), [['app.test']], [['gateway:18789']]],
  'scopes-through': [
    header('X-OpenClaw-Scopes', asAlice('X-OpenClaw-Scopes: operator.admin')),
    [[]],
    [['operator.admin']],
  ],
  'hop-by-hop': [identities(asAlice(`Connection: close, ${identity}`)), [[real]], [[]]],
  'hop-through': [header('Keep-Alive', asAlice('Keep-Alive: timeout=5')), [[]], [['timeout=5']]],
  'session-through': [
    async (bench) => {
      await asAlice()(bench)
      return bench.arrived.map(({ headers }) => valuesOf('cookie', headers).length)
    },
    [0],
    [1],
  ],
  'token-through': [
    targets((bench) => bench.get('/?access_token=x&a=1', `Cookie: ${bench.alice}`)),
    ['/?a=1'],
    ['/?access_token=x&a=1'],
  ],
  reflects: [
    async (bench) =>
      /set-cookie: fixed/i.test(await bench.get('/', `Cookie: ${bench.alice}`, 'X-Pomerium-Set-Cookie: fixed=1')),
    false,
    true,
  ],
  'path-decode': [targets(anonymous('/public/%2e%2e/admin?q')), [], ['/admin?q']],
  'skip-by-header': [targets(anonymous('/admin', 'X-Forwarded-Uri: /public')), [], ['/admin']],
  smuggle: [targets(bothLengths(5 + smuggled.length, `0\r\n\r\n${smuggled}`)), [], ['/', '/smuggled']],
  'smuggle-length': [targets(bothLengths(chunk.length, `${chunk}${smuggled}\r\n0\r\n\r\n`)), [], ['/', '/smuggled']],
  'trailers-merged': [
    identities((bench) =>
      bench.exchange(
        [
          'POST / HTTP/1.1',
          'Host: app.test',
          'Connection: close',
          `Cookie: ${bench.alice}`,
          'Transfer-Encoding: chunked',
        ],
        `2\r\n{}\r\n0\r\n${forged}\r\n\r\n`,
      ),
    ),
    [[real]],
    [[real, evil]],
  ],
  'any-host': [
    header('Host', (bench) =>
      bench.exchange(['GET / HTTP/1.1', 'Host: evil.test', 'Connection: close', `Cookie: ${bench.alice}`]),
    ),
    [],
    [['evil.test']],
  ],
  'cross-user': [
    identities(async (bench) => {
      await bench.get('/?1', `Cookie: ${bench.alice}`)
      await bench.get('/?2', `Cookie: ${bench.bob}`)
    }),
    [[real], ['bob@example.test']],
    [[real], [real]],
  ],
  'logout-forgets': [
    identities(async (bench) => {
      await bench.get('/logout', `Cookie: ${bench.alice}`)
      await asAlice()(bench)
    }),
    [],
    [[real]],
  ],
  'session-kept': [
    identities(async (bench) => {
      await bench.get('/', `Cookie: ${await signInWithPlantedCookie(bench)}`)
    }),
    [],
    [[real]],
  ],
  'session-half': [
    identities(async (bench) => {
      await asAlice()(bench)
      const half = bench.alice.length - 12
      await bench.get('/', `Cookie: ${bench.alice.slice(0, half)}${'x'.repeat(12)}`)
    }),
    [[real]],
    [[real], [real]],
  ],
  'any-certificate': [
    identities(async (bench) => {
      await bench.knowByCertificate()
      const lines = ['GET / HTTP/1.1', 'Host: app.test', 'Connection: close']
      await exchange(await bench.connect('http/1.1', certificates.genuine), lines)
      await exchange(await bench.connect('http/1.1', certificates.foreign), lines)
      await exchange(await bench.connect(), lines)
    }),
    [[real]],
    [[real], [real]],
  ],
  'open-redirect': [
    async (bench) => {
      let kept = ''
      const begin = bench.sessions.begin.bind(bench.sessions)
      bench.sessions.begin = (login) => {
        kept = login.returnTo
        return begin(login)
      }
      await bench.get('/oauth2/start?rd=https://evil.test/')
      return kept
    },
    '/',
    'https://evil.test/',
  ],
  'deny-all': [identities(asAlice()), [[real]], []],
  dead: [
    (bench) =>
      bench.network
        .dialFrom(bench.network.addresses.internet)('app.test', 443)
        .then(
          () => 'connected',
          () => 'refused',
        ),
    'connected',
    'refused',
  ],
}
