/** Contract vectors over WebSocket: the HTTP vectors as upgrades, where the client receives the reason, and what only a WebSocket has. */
import type { HeaderLine } from '../../plan/case.ts'
import { httpVectors } from './http-vectors.ts'
import { alice, client, missingProto, no, proto, user, signedIn as valid } from './request-lines.ts'
import type { Expected, HttpVector, Outcome, Station, VectorConnect, WebSocketVector } from './vector.ts'

const evilOrigin: Outcome = {
  refused: 'CONTROL_UI_ORIGIN_NOT_ALLOWED',
  heard:
    'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)',
}
const deviceFirst = 'device identity required'

/** Origins and scopes have rules of their own on a WebSocket; paths have none. */
function hasUpgrade(vector: HttpVector): boolean {
  return (
    vector.target === '/tools/invoke' &&
    !vector.headers.some(([name]) => ['origin', 'x-openclaw-scopes'].includes(name.toLowerCase()))
  )
}

/** The same request as an upgrade, with a bogus token so that the reason is told. */
function upgradeOf(vector: HttpVector): WebSocketVector {
  const { config, from, headers, password, expect, basis } = vector
  return {
    id: vector.id.replace(/^http/, 'websocket'),
    config,
    from,
    headers,
    ...(password && { password }),
    basis,
    over: 'websocket',
    connect: { clientId: 'test', mode: 'test', ...(!password && { bogusToken: true }) },
    expect: {
      ...atUpgrades(expect),
      // CoderClaw lineage: a believed identity is still asked for a device, and no reason is told.
      coderclaw: coderclawHears(expect.coderclaw === undefined ? expect.all : expect.coderclaw),
    },
  }
}

function atUpgrades({ all, ...differs }: Expected): Expected {
  return {
    all: atUpgrade(all),
    ...Object.fromEntries(Object.entries(differs).map(([who, outcome]) => [who, atUpgrade(outcome ?? null)])),
  }
}

/** An unattributable upgrade is refused before the 101. */
function atUpgrade(outcome: Outcome | null): Outcome | null {
  if (!outcome || !('refused' in outcome) || outcome.refused !== 'proxy_attribution_required') return outcome
  return { ...outcome, status: 403 }
}

function coderclawHears(outcome: Outcome | null): Outcome | null {
  if (!outcome) return null
  return { ...outcome, heard: 'accepted' in outcome ? deviceFirst : 'unauthorized' }
}

/** Check 7 (docs/gateways.md#g3-1-order-of-the-checks) fails only after the 101: the user is fine, but the request is a direct local one. */
const foundAfterUpgrade = new Set(['websocket.loopback.email-only'])

const upgrades = httpVectors
  .filter(hasUpgrade)
  .map(upgradeOf)
  .filter(({ id }) => !foundAfterUpgrade.has(id))

type Asked = Partial<Pick<WebSocketVector, 'config' | 'password' | 'basis'>>
type Row = readonly [
  id: string,
  from: Station,
  headers: readonly HeaderLine[],
  connect: VectorConnect,
  expect: Expected,
  asked?: Asked,
]

function row([id, from, headers, connect, expect, asked]: Row): WebSocketVector {
  return {
    id: `websocket.${from}.${id}`,
    config: 'C1',
    from,
    over: 'websocket',
    headers,
    connect,
    expect,
    basis: 'observed',
    ...asked,
  }
}

const test: VectorConnect = { clientId: 'test', mode: 'test' }
const backend: VectorConnect = { clientId: 'gateway-client', mode: 'backend', scopes: ['operator.read'] }
const cli: VectorConnect = { clientId: 'cli', mode: 'cli', scopes: ['operator.read'] }
const controlUi: VectorConnect = { clientId: 'openclaw-control-ui', mode: 'ui' }
const masked = (outcome: Outcome): Outcome => ({ ...outcome, heard: deviceFirst })
const believed = (heard: string): Outcome => ({ ...alice, heard })
/** For a fresh device. */
const pairing = {
  all: believed('pairing required: device is not approved yet'),
  legacy: believed('pairing required'),
  coderclaw: believed('pairing required'),
} satisfies Expected
const asAdmin: Outcome = { ...alice, scopes: ['operator.admin'] }
const everyoneLocal: Outcome = { accepted: 'local', scopes: ['operator.read'] }
const origin = (value: string): HeaderLine => ['Origin', value]
const host = (value: string): HeaderLine => ['Host', value]

const own: readonly WebSocketVector[] = [
  ...[test, cli, backend].map(
    (connect): Row => [
      `deviceless ${connect.clientId}`,
      'proxy',
      valid,
      connect,
      { all: { ...alice, scopes: [] }, legacy: alice, coderclaw: believed(deviceFirst) },
    ],
  ),
  ...([
    ['masked-user-missing', 'proxy', [proto, client], test, { all: masked(no('user_missing')) }],
    [
      'masked-user-not-allowed',
      'proxy',
      [['X-Forwarded-User', 'mallory@attacker.test'], proto, client],
      test,
      { all: masked(no('user_not_allowed')) },
    ],
    ['masked-missing-header', 'proxy', [user, client], test, { all: masked(missingProto) }],
    ['masked-untrusted-source', 'intruder', [], test, { all: masked(no('untrusted_source')) }],
    [
      'origin-evil',
      'proxy',
      [...valid, origin('https://evil.test')],
      test,
      { all: evilOrigin, legacy: alice, 'openclaw@2026.3.28': evilOrigin, coderclaw: believed(deviceFirst) },
    ],
    [
      'origin-null',
      'proxy',
      [...valid, origin('null')],
      test,
      { all: evilOrigin, legacy: alice, 'openclaw@2026.3.28': evilOrigin, coderclaw: believed(deviceFirst) },
    ],
    [
      'origin-allowed',
      'proxy',
      [...valid, origin('https://app.test')],
      test,
      { all: alice, coderclaw: believed(deviceFirst) },
    ],
    ['control-ui-without-origin', 'proxy', valid, controlUi, { all: evilOrigin, coderclaw: null }],
    [
      'control-ui-evil-origin',
      'proxy',
      [...valid, origin('https://evil.test')],
      controlUi,
      { all: evilOrigin, coderclaw: null },
    ],
    [
      'control-ui-other-host',
      'proxy',
      [...valid, host('gateway.test'), origin('https://app.test')],
      controlUi,
      { all: alice, coderclaw: null },
    ],
    [
      'control-ui-without-build',
      'proxy',
      [...valid, host('app.test'), origin('https://app.test')],
      controlUi,
      {
        all: alice,
        attributed: believed('protocol mismatch: Control UI updated; reload this page to continue'),
        coderclaw: null,
      },
    ],
    [
      'control-ui-device',
      'proxy',
      [...valid, host('app.test'), origin('https://app.test')],
      { ...controlUi, device: 'fresh', scopes: ['operator.admin'] },
      {
        ...pairing,
        'openclaw@2026.5.12': asAdmin,
        'openclaw@2026.4.27': asAdmin,
        'strict-loopback': asAdmin,
        legacy: asAdmin,
        coderclaw: null,
      },
    ],
    ['device-fresh', 'proxy', valid, { ...test, device: 'fresh' }, { ...pairing }],
    [
      'device-user-missing',
      'proxy',
      [proto, client],
      { ...test, device: 'fresh' },
      { all: no('user_missing'), coderclaw: { ...no('user_missing'), heard: 'unauthorized' } },
    ],
    [
      'protocol-other',
      'proxy',
      valid,
      { ...test, protocol: 'other' },
      { all: { refused: 'PROTOCOL_MISMATCH', close: 1002, heard: 'protocol mismatch' } },
    ],
    [
      'scopes-of-identity',
      'proxy',
      valid,
      { ...test, scopes: ['operator.admin'] },
      { all: null, attributed: { ...alice, scopes: ['operator.read', 'operator.write'] } },
      { config: 'scopes' },
    ],
    [
      'scopes-capped',
      'proxy',
      [...valid, ['X-OpenClaw-Scopes', 'operator.read']],
      test,
      { all: null, attributed: { ...alice, scopes: ['operator.read'] } },
      { config: 'scopes' },
    ],
    [
      'scopes-capped-to-none',
      'proxy',
      [...valid, ['X-OpenClaw-Scopes', '']],
      test,
      { all: null, attributed: { ...alice, scopes: [] } },
      { config: 'scopes' },
    ],
    [
      'scopes-not-widened',
      'proxy',
      [...valid, ['X-OpenClaw-Scopes', 'operator.admin, operator.read']],
      test,
      { all: null, attributed: { ...alice, scopes: ['operator.read'] } },
      { config: 'scopes' },
    ],
    [
      'backend-nothing',
      'loopback',
      [],
      backend,
      { all: masked(no('loopback_source')), legacy: masked(missingProto), coderclaw: masked(missingProto) },
    ],
    [
      'backend-device',
      'loopback',
      [],
      { ...backend, device: 'fresh' },
      { all: no('loopback_source'), legacy: missingProto, coderclaw: { ...missingProto, heard: 'unauthorized' } },
    ],
    [
      'backend-right-password',
      'loopback',
      [],
      backend,
      {
        all: everyoneLocal,
        'openclaw@2026.5.12': no('loopback_source'),
        'strict-loopback': no('loopback_source'),
        legacy: missingProto,
        coderclaw: { ...missingProto, heard: 'unauthorized' },
      },
      { password: 'right' },
    ],
    [
      'cli-right-password',
      'loopback',
      [],
      cli,
      {
        all: everyoneLocal,
        'openclaw@2026.4.27': { accepted: 'local', scopes: [] },
        'openclaw@2026.5.12': no('loopback_source'),
        'strict-loopback': no('loopback_source'),
        legacy: missingProto,
        coderclaw: { ...missingProto, heard: 'unauthorized' },
      },
      { password: 'right' },
    ],
    [
      'backend-wrong-password',
      'loopback',
      [],
      backend,
      {
        all: { refused: 'password_mismatch' },
        'openclaw@2026.5.12': no('loopback_source'),
        'strict-loopback': no('loopback_source'),
        legacy: missingProto,
        coderclaw: { ...missingProto, heard: 'unauthorized' },
      },
      { password: 'wrong' },
    ],
    [
      'backend-identity',
      'loopback',
      [user, proto],
      backend,
      {
        all: masked(no('loopback_source')),
        attributed: { refused: 'proxy_attribution_required', status: 403 },
        legacy: alice,
        coderclaw: believed(deviceFirst),
      },
    ],
    [
      'backend-identity-allowed',
      'loopback',
      valid,
      backend,
      { all: { ...alice, scopes: [] }, 'strict-loopback': null, legacy: null, coderclaw: null },
      { config: 'C3' },
    ],
    [
      'email-only',
      'loopback',
      [['X-Auth-Request-Email', 'alice@example.test']],
      test,
      {
        all: alice,
        attributed: masked({ refused: 'proxy_attribution_required' }),
        'strict-loopback': null,
        legacy: null,
        coderclaw: null,
      },
      { config: 'loopback-email' },
    ],
    [
      'local-host-xff-rightmost',
      'proxy',
      [
        ['X-Auth-Request-Email', 'alice@example.test'],
        ['X-Forwarded-For', '203.0.113.9, 127.0.0.1'],
        host('localhost'),
      ],
      { ...test, device: 'fresh', scopes: ['operator.admin'] },
      {
        ...pairing,
        legacy: asAdmin,
        'openclaw@2026.3.28': believed('pairing required'),
      },
      { config: 'C2' },
    ],
    [
      'local-host-xff-leftmost',
      'proxy',
      [
        ['X-Auth-Request-Email', 'alice@example.test'],
        ['X-Forwarded-For', '127.0.0.1, 203.0.113.9'],
        host('localhost'),
      ],
      { ...test, device: 'fresh', scopes: ['operator.admin'] },
      { ...pairing, coderclaw: asAdmin },
      { config: 'C2' },
    ],
    [
      'public-host-xff-leftmost',
      'proxy',
      [['X-Auth-Request-Email', 'alice@example.test'], ['X-Forwarded-For', '127.0.0.1, 203.0.113.9'], host('app.test')],
      { ...test, device: 'fresh' },
      { ...pairing },
      { config: 'C2' },
    ],
  ] satisfies Row[]),
].map(row)

const ownOrigin = origin('https://public.test')
const knowsPublicOrigin: Expected = { all: null, attributed: alice }

/** docs/gateways.md#g5-3-public-origin. */
const publicOrigin: readonly WebSocketVector[] = (
  [
    ['address-of-none', 'proxy', valid, test, { all: { ...alice, controlUiUrl: 'none' }, coderclaw: null }],
    [
      'public-origin-address',
      'proxy',
      valid,
      test,
      {
        ...knowsPublicOrigin,
        attributed: { ...alice, controlUiUrl: 'https://public.test' },
        'openclaw@2026.8.1': { ...alice, controlUiUrl: 'none' },
      },
      { config: 'public-origin' },
    ],
    [
      'public-origin-own',
      'proxy',
      [...valid, ownOrigin],
      test,
      { ...knowsPublicOrigin, attributed: evilOrigin },
      { config: 'public-origin' },
    ],
    [
      'public-origin-control-ui',
      'proxy',
      [...valid, host('public.test'), ownOrigin],
      controlUi,
      { ...knowsPublicOrigin, attributed: evilOrigin },
      { config: 'public-origin' },
    ],
  ] satisfies Row[]
).map(row)

const unasked: VectorConnect = { ...test, bogusToken: true, unasked: true }
/** Its own credential is looked at, and the identity is not. */
const noWorker: Outcome = { refused: 'invalid-handshake', heard: 'invalid-handshake' }

/** The way in of workers and nodes (from 2026.8.1); before, a path as every other. */
const worker: readonly WebSocketVector[] = (
  [
    [
      'worker-none',
      'loopback',
      [],
      unasked,
      {
        all: no('loopback_source'),
        attributed: noWorker,
        legacy: missingProto,
        coderclaw: { ...missingProto, heard: 'unauthorized' },
      },
    ],
    [
      'worker-xff-only',
      'proxy',
      [client],
      unasked,
      { all: missingProto, attributed: noWorker, coderclaw: { ...missingProto, heard: 'unauthorized' } },
    ],
    ['worker-valid', 'proxy', valid, unasked, { all: alice, attributed: noWorker, coderclaw: believed(deviceFirst) }],
    [
      'worker-no-xff',
      'proxy',
      [user, proto],
      unasked,
      {
        all: alice,
        attributed: { refused: 'proxy_attribution_required', status: 403 },
        coderclaw: believed(deviceFirst),
      },
    ],
    [
      'worker-forged',
      'intruder',
      valid,
      unasked,
      {
        all: no('untrusted_source'),
        attributed: { refused: 'proxy_attribution_required', status: 403 },
        coderclaw: { ...no('untrusted_source'), heard: 'unauthorized' },
      },
    ],
  ] satisfies Row[]
).map((one) => ({ ...row(one), target: '/__openclaw__/worker' }))

export const webSocketVectors: readonly WebSocketVector[] = [...upgrades, ...own, ...publicOrigin, ...worker]
