/** For the tests of the mutants: those that one request tells from the correct proxy. */
import { type Bench, handshake, statusOf } from '../bench.testing.ts'
import { sessionCookie } from '../session.ts'
import {
  anonymous,
  asAlice,
  evil,
  forged,
  header,
  identities,
  type Observation,
  type Row,
  real,
  smuggled,
  targets,
} from './observations.testing.ts'

const asUser =
  (user: Parameters<Bench['sessions']['open']>[0], ...lines: string[]): Observation =>
  (bench) =>
    bench.get('/', `Cookie: ${sessionCookie}=${bench.sessions.open(user)}`, ...lines)
const getAsAlice =
  (target: string): Observation =>
  (bench) =>
    bench.get(target, `Cookie: ${bench.alice}`)
const tokenOf = (cookie: string) => cookie.slice(cookie.indexOf('=') + 1)
const withoutLogIn = (target: string, arrived = target): Row => [targets(anonymous(target)), [], [arrived]]
const believed = (address: string): Row => [
  header('X-Forwarded-For', asAlice(`X-Forwarded-For: ${address}`)),
  [['10.213.7.10']],
  [[address]],
]
const sibling = (arrived: string): Row => [
  header('X-Auth-Request-Email', asAlice(`X-Auth-Request-Email: ${evil}`)),
  [[]],
  [[arrived]],
]
const nominated = (name: string): Row => [
  header('X-Forwarded-For', asAlice(`Connection: ${name}`)),
  [['10.213.7.10']],
  [[]],
]
const raw =
  (lines: readonly string[], after = ''): Observation =>
  (bench) =>
    bench.exchange([...lines, 'Host: app.test', `Cookie: ${bench.alice}`], after)
const rewritten = (target: string, arrived: string): Row => [targets(getAsAlice(target)), [target], [arrived]]

export const requestRows: Readonly<Record<string, Row>> = {
  'other-name': [header('X-Conformance-User', asAlice()), [[]], [[real]]],
  'old-clients': [identities(raw(['GET / HTTP/1.0'])), [[real]], [[]]],
  'family-base64': sibling(Buffer.from(evil).toString('base64')),
  'family-percent': sibling(encodeURIComponent(evil)),
  'family-upper': sibling(evil.toUpperCase()),
  'family-hex': sibling(Buffer.from(evil).toString('hex')),
  'family-cut': sibling(evil.slice(0, -1)),
  'required-through': [
    header('X-Pomerium-Jwt-Assertion', anonymous('/public', `X-Pomerium-Jwt-Assertion: ${evil}`)),
    [[]],
    [[evil]],
  ],
  'missing-claim-alias': [
    header('X_Forwarded.User', (bench) => bench.get('/', `Cookie: ${bench.noEmail}`, `X_Forwarded.User: ${evil}`)),
    [],
    [[evil]],
  ],
  'made-up-name': [identities((bench) => bench.get('/', `Cookie: ${bench.noEmail}`)), [], [['unknown']]],
  'claim-cut': [identities(asUser({ subject: 'm', unusableEmail: `m@example.test,${real}` })), [], [[real]]],
  'unverified-email': [identities(asUser({ subject: 'm', unverifiedEmail: real })), [], [[real]]],
  'address-exempt': [targets(anonymous('/a', 'X-Forwarded-For: 10.9.8.7')), [], ['/a']],
  'path-decode-twice': withoutLogIn('/public/%252e%252e/admin', '/admin'),
  'path-parameters': withoutLogIn('/public/..;x/admin', '/admin'),
  'path-strip-prefix': withoutLogIn('/public../admin', '/admin'),
  'path-resolved-match': withoutLogIn('/admin/../public/page'),
  'path-anywhere': withoutLogIn('/admin?next=/public/page'),
  'path-any-case': withoutLogIn('/PUBLIC/page'),
  'path-any-callback': withoutLogIn('/auth/callback'),
  'path-undeclared': withoutLogIn('/healthz'),
  'path-undeclared-api': withoutLogIn('/v1/models'),
  'path-loses-identity': [identities(getAsAlice('/socket.io/x')), [[real]], [[]]],
  'path-upgrade-loses-identity': [
    identities((bench) => bench.upgrade('/browser/x', `Cookie: ${bench.alice}`)),
    [[real]],
    [[]],
  ],
  'path-client-first': [
    identities((bench) => bench.get('/browser/x', `Cookie: ${bench.alice}`, forged)),
    [[real]],
    [[evil]],
  ],
  'path-skips-log-in': withoutLogIn('/browser/x'),
  'path-upgrade-open': [targets((bench) => bench.upgrade('/socket.io/x')), [], ['/socket.io/x']],
  'path-scopes-through': [
    header('X-OpenClaw-Scopes', (bench) =>
      bench.get('/socket.io/x', `Cookie: ${bench.alice}`, 'X-OpenClaw-Scopes: operator.admin'),
    ),
    [[]],
    [['operator.admin']],
  ],
  'path-spelling-through': [
    header('X_Forwarded_User', (bench) =>
      bench.get('/browser/x', `Cookie: ${bench.alice}`, `X_Forwarded_User: ${evil}`),
    ),
    [[]],
    [[evil]],
  ],
  'opaque-target': [
    targets((bench) => bench.exchange(['GET http:/admin HTTP/1.1', 'Host: app.test', 'Connection: close'])),
    [],
    ['/admin'],
  ],
  'public-closed': [targets(anonymous('/public')), ['/public'], []],
  'token-in-query': [identities((bench) => bench.get(`/?access_token=${tokenOf(bench.alice)}`)), [], [[real]]],
  'token-in-authorization': [
    identities((bench) => bench.get('/', `Authorization: Bearer ${tokenOf(bench.alice)}`)),
    [],
    [[real]],
  ],
  'last-cookie': [identities((bench) => bench.get('/', `Cookie: ${bench.alice}; ${bench.bob}`)), [], [[real]]],
  'xff-trust-private': believed('192.168.1.1'),
  'xff-trust-link-local': believed('169.254.10.1'),
  'xff-trust-shared': believed('100.100.1.1'),
  'xff-trust-own': believed('10.213.7.11'),
  'forwarded-through': [header('X-Forwarded-Port', asAlice('X-Forwarded-Port: 1')), [[]], [['1']]],
  'default-host-open': [
    targets((bench) => bench.exchange(['GET / HTTP/1.1', 'Host: APP.TEST', 'Connection: close'])),
    [],
    ['/'],
  ],
  'target-rewritten': rewritten('/a%20b', '/a+b'),
  'query-dropped': rewritten('/a?b=1&mark=2', '/a?mark=2'),
  'query-changed': rewritten('/a?b=%20', '/a?b=+'),
  'headers-cut': [header('X-Own', asAlice('X-Own: 1')), [['1']], [[]]],
  'handshake-cut': [
    header('Sec-WebSocket-Protocol', (bench) =>
      bench.upgrade('/', `Cookie: ${bench.alice}`, 'Sec-WebSocket-Protocol: conformance'),
    ),
    [['conformance']],
    [[]],
  ],
  'origin-rewritten': [
    header('Origin', asAlice('Origin: https://app.test')),
    [['https://app.test']],
    [['http://gateway:18789']],
  ],
  'line-breaks-decoded': [header('X-Injected', getAsAlice('/x%0d%0aX-Injected:%20yes')), [[]], [['yes']]],
  'hop-by-hop-lower': nominated('x-forwarded-for'),
  'hop-by-hop-upper': nominated('X-FORWARDED-FOR'),
  'hop-by-hop-mixed': nominated('X-Forwarded-For'),
  'h2c-through': [header('Upgrade', asAlice('Upgrade: h2c')), [[]], [['h2c']]],
  'connect-tunnel': [targets(raw(['CONNECT gateway:18789 HTTP/1.1'], smuggled)), [], ['/smuggled']],
  'smuggle-get': [
    targets(raw(['GET / HTTP/1.1', `Content-Length: ${smuggled.length}`, 'Connection: close'], smuggled)),
    ['/'],
    ['/', '/smuggled'],
  ],
  'upgrade-tail': [
    targets(raw(['GET /refused HTTP/1.1', ...handshake], smuggled)),
    ['/refused'],
    ['/refused', '/smuggled'],
  ],
  'trailers-through': [
    async (bench) => {
      const lines = ['POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Connection: close']
      await raw(lines, `2\r\n{}\r\n0\r\n${forged}\r\n\r\n`)(bench)
      return bench.arrived.map(({ trailers }) => trailers.map(([, value]) => value))
    },
    [[]],
    [[evil]],
  ],
  'location-line-break': [
    async (bench) => /^x-injected:/im.test(await bench.get('/x%0d%0aX-Injected:%20yes', 'Accept: text/html')),
    false,
    true,
  ],
  'login-page-200': [async (bench) => statusOf(await bench.get('/', 'Accept: text/html')), 302, 200],
  'auth-endpoint-open': [async (bench) => statusOf(await bench.get('/oauth2/auth')), 404, 202],
  'method-changed': [
    async (bench) => {
      await raw(['DELETE / HTTP/1.1', 'Connection: close'])(bench)
      return bench.arrived.map(({ method }) => method)
    },
    ['DELETE'],
    ['GET'],
  ],
  'body-changed': [posted(300, ({ body }) => body[0]), ['a'], ['x']],
  'body-cut': [posted(70_000, ({ body }) => body.length), [70_000], [65_536]],
  'cache-control-lost': [
    async (bench) => /cache-control: max-age/i.test(await bench.get('/', `Cookie: ${bench.alice}`)),
    false,
    true,
  ],
}

function posted(length: number, look: (recorded: Bench['arrived'][number]) => unknown): Observation {
  return async (bench) => {
    await raw(['POST / HTTP/1.1', `Content-Length: ${length}`, 'Connection: close'], 'a'.repeat(length))(bench)
    return bench.arrived.map(look)
  }
}
