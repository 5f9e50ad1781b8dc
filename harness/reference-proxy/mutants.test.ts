import { expect, it } from 'vitest'
import { administrationPort, authPort } from '../lab/ports.ts'
import { Bench, exchange, identity } from './bench.testing.ts'
import { valuesOf } from './header-lines.ts'
import { mutantNamed, mutants } from './mutants.ts'

const evil = 'evil@attacker.test'
const real = 'alice@example.test'

/** What can be seen of a bench after one thing was sent: the identity lines of every arrival, or whatever else is asked for. */
type Observation = (bench: Bench) => Promise<unknown>

const identities =
  (send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.identities()
  }
const header =
  (name: string, send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.arrived.map(({ headers }) => valuesOf(name, headers))
  }
const targets =
  (send: Observation): Observation =>
  async (bench) => {
    await send(bench)
    return bench.arrived.map(({ target }) => target)
  }
const asAlice =
  (...lines: string[]): Observation =>
  (bench) =>
    bench.get('/', `Cookie: ${bench.alice}`, ...lines)
const anonymous =
  (target: string, ...lines: string[]): Observation =>
  (bench) =>
    bench.get(target, ...lines)
const forged = `${identity}: ${evil}`
const smuggled = `GET /smuggled HTTP/1.1\r\nHost: app.test\r\n${forged}\r\nConnection: close\r\n\r\n`
const chunk = `${smuggled.length.toString(16)}\r\n`
const bothLengths =
  (length: number, body: string): Observation =>
  (bench) =>
    bench.exchange(
      [
        'POST / HTTP/1.1',
        'Host: app.test',
        `Cookie: ${bench.alice}`,
        `Content-Length: ${length}`,
        'Transfer-Encoding: chunked',
      ],
      body,
    )

/** Mutant → what is looked at, what the correct proxy shows, what the mutant shows. */
const rows: Record<string, readonly [Observation, correct: unknown, broken: unknown]> = {
  passthrough: [identities(anonymous('/', forged)), [], [[evil]]],
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

it.each(mutants.map(({ name }) => name))('%s differs from the correct proxy in what can be seen', async (name) => {
  const row = rows[name]
  if (!row) throw new Error(`no observation tells ${name} from the correct proxy`)
  const [observe, right, wrong] = row
  {
    await using bench = await Bench.start()
    expect(await observe(bench), 'the correct proxy').toEqual(right)
  }
  await using bench = await Bench.start(mutantNamed(name).behaviour)
  expect(await observe(bench), `the mutant ${name}`).toEqual(wrong)
})

it.each(
  mutants
    .map(({ name }) => name)
    .filter((name) => !['passthrough', 'deny-all', 'dead', 'strip-forwarded', 'xff-none'].includes(name)),
)('%s still serves a user who plays no trick', async (name) => {
  await using bench = await Bench.start(mutantNamed(name).behaviour)
  await asAlice()(bench)
  expect(bench.identities()).toEqual([[real]])
})

it('has a sentence on the mistake of every mutant, and no name twice', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  for (const { name, mistake } of mutants) expect(mistake, name).toMatch(/^[A-Z].{20,140}\.$/)
})
