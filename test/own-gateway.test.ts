/** Operators' gateway configurations in front of a correct proxy: what each must come to, in the embedded lab. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../harness/cli/project.ts'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { expandPlan } from '../harness/plan/expand.ts'
import { startEmbedded } from '../harness/run/environments/embedded.ts'
import { GatewayRefusal } from '../harness/run/environments/gateway-refusal.ts'
import { runAll } from '../harness/run/mutation/pipeline.ts'

const proxyYaml = `name: mine
title: The reference proxy with a gateway of somebody else
homepage: https://example.test/
licence: MIT
version: 1.0.0
embedded: true
login: { callbacks: ["https://app.test/oauth2/callback"] }
features: [h2]
variants:
  own:
    title: of an operator
    identity: X-Forwarded-User
`

type Settings = {
  /** Of the section gateway, beside what every configuration here has. */
  readonly gateway?: Readonly<Record<string, unknown>>
  readonly auth?: Readonly<Record<string, unknown>>
  readonly trustedProxy?: Readonly<Record<string, unknown>>
  /** Lines of proxy.yaml under `gateway`. */
  readonly written?: string
  readonly profile?: string
}

function configuration({ gateway = {}, auth = {}, trustedProxy = {} }: Settings): string {
  return JSON.stringify({
    gateway: {
      mode: 'local',
      bind: 'lan',
      trustedProxies: ['172.19.0.3'],
      controlUi: { allowedOrigins: ['https://chat.corp.example'] },
      ...gateway,
      auth: {
        mode: 'trusted-proxy',
        ...auth,
        trustedProxy: { userHeader: 'x-forwarded-user', allowUsers: ['ann', 'ben'], ...trustedProxy },
      },
    },
  })
}

async function started(settings: Settings, cases: readonly string[]) {
  const folder = join(await mkdtemp(join(tmpdir(), 'own-gateway-')), 'mine')
  try {
    await mkdir(join(folder, 'own'), { recursive: true })
    await writeFile(join(folder, 'proxy.yaml'), proxyYaml + (settings.written ?? ''))
    await writeFile(join(folder, 'own', 'gateway.json'), configuration(settings))
    const { catalogue } = await loadProject([folder])
    const gateway = [`reference:${settings.profile ?? 'attributed'}`]
    const sources = { proxies: catalogue.proxies, gateways: knownGateways, cases: catalogue.cases }
    const plan = expandPlan(sources, { proxy: ['mine'], gateway, case: cases })
    const [planned] = plan.environments
    if (planned === undefined) throw new Error('nothing is planned')
    return planned
  } finally {
    await rm(join(folder, '..'), { recursive: true, force: true })
  }
}

const asked = ['gateway', 'bypass.neighbour', 'bypass.internet', 'identity.arrival']

/** Cases that are not met, and the whole row. */
async function outcome(settings: Settings, cases: readonly string[] = asked) {
  const planned = await started(settings, cases)
  await using lab = await startEmbedded(planned)
  const cells = await runAll(planned, lab)
  const failed = [...new Set(cells.filter(({ status }) => status === 'fail').map((cell) => cell.case))]
  const warned = [...new Set(cells.filter(({ status }) => status === 'warn').map((cell) => cell.case))]
  return { failed, warned, cells, row: lab.result.gatewayConfiguration, lab }
}

/** What every neighbour can do where its address is in the list. */
const neighbour = ['bypass.neighbour.everything-right', 'bypass.neighbour.identity-and-address']
const internet = ['bypass.internet.everything-right', 'bypass.internet.identity']
const wordsOf = (cells: Awaited<ReturnType<typeof outcome>>['cells']) =>
  cells.find((cell) => cell.case === 'gateway.configuration.accepts-proxy')?.reason

describe('a configuration that is right', () => {
  it('passes everything, and says what was put over it', async () => {
    const { failed, warned, cells, row } = await outcome({})
    expect(failed).toEqual([])
    expect(warned).toEqual([])
    expect(cells.filter(({ status }) => status === 'blocked').map((cell) => cell.case)).toEqual([])
    expect(row?.file).toBe('own/gateway.json')
    expect(row?.replaced).toEqual([
      "trustedProxies 172.19.0.3: the proxy's address in the run (nothing says where your proxy is: it is taken to be there)",
      'allowUsers (2): alice of the run alone',
      'allowedOrigins https://chat.corp.example: https://app.test',
    ])
    expect(row?.auditBy).toBe('rules')
    expect(row?.audit.map(({ id }) => id)).toEqual(['gateway.trusted_proxy_auth'])
  })

  it.each([
    [
      'a proxy on loopback is trusted as well',
      { gateway: { trustedProxies: ['172.19.0.3', '127.0.0.1'] }, trustedProxy: { allowLoopback: true } },
    ],
    ['loopback is listed and not allowed', { gateway: { trustedProxies: ['172.19.0.3', '127.0.0.0/8'] } }],
    ['X-Real-IP is the fallback', { gateway: { allowRealIpFallback: true } }],
    [
      'users have scopes, and local clients a password',
      { auth: { password: 'of-the-operator', identityScopes: { ann: ['operator.read'], ben: ['operator.admin'] } } },
    ],
    ['a browser is paired by itself', { trustedProxy: { deviceAutoApprove: { enabled: true } } }],
    [
      'the proxy is where proxy.yaml says',
      {
        gateway: { trustedProxies: ['172.19.0.9', '172.19.0.3'] },
        written: '    gateway: { proxy-address: 172.19.0.3 }\n',
      },
    ],
  ] satisfies [string, Settings][])('passes where %s', async (_what, settings) => {
    const { failed, cells } = await outcome(settings, [...asked, 'loopback', 'attribution'])
    expect(failed).toEqual([])
    expect(cells.filter(({ status }) => status === 'blocked').map((cell) => cell.case)).toEqual([])
  })
})

describe('a list of trusted proxies that is too wide', () => {
  it.each([
    ['shared addresses (RFC 6598)', ['100.64.0.0/10']],
    ['the network of a compose file', ['192.168.50.0/24']],
    ['the last of several ranges', ['fc00::/7', 'proxy.internal', '10.0.0.0/8']],
    ['a range in IPv4-mapped form', ['::ffff:172.16.0.0/108']],
  ])('lets every neighbour be any user, and nobody from the internet: %s', async (_what, trustedProxies) => {
    const { failed } = await outcome({ gateway: { trustedProxies } })
    expect(failed).toEqual(expect.arrayContaining(neighbour))
    expect(failed.filter((id) => id.startsWith('bypass.internet'))).toEqual([])
    expect(failed).not.toContain('identity.arrival.accepted')
  })

  it('lets everybody on the internet be any user where every address is listed', async () => {
    const { failed } = await outcome({ gateway: { trustedProxies: ['0.0.0.0/0'] }, profile: 'allow-loopback' })
    expect(failed).toEqual(expect.arrayContaining([...neighbour, ...internet]))
  })

  it('refuses every user where every address is listed and requests must be attributed', async () => {
    const { failed, cells } = await outcome({ gateway: { trustedProxies: ['0.0.0.0/0'] } })
    expect(failed).toContain('identity.arrival.accepted')
    expect(wordsOf(cells)).toMatch(
      /trustedProxies of own\/gateway\.json \(0\.0\.0\.0\/0\) covers clients on the internet as well \(198\.1[89]\..* finds no client/,
    )
  })
})

describe('a list without the proxy refuses every user, and says why:', () => {
  it.each([
    ['a host name', { gateway: { trustedProxies: ['traefik'] } }],
    ['IPv6 alone', { gateway: { trustedProxies: ['fc00::/7'] } }],
    ['a bad range', { gateway: { trustedProxies: ['10.0.0.0/33'] } }],
    [
      'an IPv4-mapped range, on a version that does not know them',
      { gateway: { trustedProxies: ['::ffff:172.16.0.0/108'] }, profile: 'legacy' },
    ],
    ['another address than that of the proxy', { written: '    gateway: { proxy-address: 172.19.0.4 }\n' }],
  ] satisfies [string, Settings][])('%s', async (_what, settings) => {
    const { failed, cells } = await outcome(settings)
    expect(failed).toEqual(expect.arrayContaining(['identity.arrival.accepted', 'gateway.configuration.accepts-proxy']))
    expect(wordsOf(cells)).toMatch(
      /does not cover the proxy's address \d+\.\d+\.\d+\.2: the gateway refuses every user/,
    )
  })
})

describe('other settings are judged as they are:', () => {
  it('an empty allowUsers is a warning, and no case that needs a list runs', async () => {
    const { failed, warned, cells, row } = await outcome({ trustedProxy: { allowUsers: [] } }, [...asked, 'identity'])
    expect(failed).toEqual([])
    expect(warned).toEqual(['gateway.configuration.allow-list'])
    expect(cells.find((cell) => cell.case === 'gateway.trusted-source.other-names')?.status).toBe('unsupported')
    expect(row?.audit.map(({ id }) => id)).toContain('gateway.trusted_proxy_no_allowlist')
  })

  it('every origin allowed', async () => {
    const settings = { gateway: { controlUi: { allowedOrigins: ['*'] } } }
    const { failed, row } = await outcome(settings, ['gateway', 'websocket.origin'])
    expect(failed).toEqual(
      expect.arrayContaining(['gateway.trusted-source.foreign-origin', 'websocket.origin.foreign-page']),
    )
    expect(row?.replaced.join()).not.toContain('allowedOrigins')
  })

  it('a device that is paired without a word of its owner is a row of the audit', async () => {
    const { row } = await outcome({
      trustedProxy: { deviceAutoApprove: { enabled: true, scopes: ['operator.admin'] } },
    })
    expect(row?.audit.map(({ id }) => id)).toContain('gateway.trusted_proxy_device_auto_approve_admin')
  })
})

describe('a configuration with which the gateway does not start is a finding:', () => {
  it.each([
    [
      'a token beside it',
      { auth: { token: 'left-behind' } },
      /does not start with own\/gateway\.json \(exit code 1\): .*shared token is also configured \(gateway\.auth\.token\)/,
    ],
    [
      'a token in its environment',
      { written: '    gateway: { env: { OPENCLAW_GATEWAY_TOKEN: left-behind } }\n' },
      /shared token .*OPENCLAW_GATEWAY_TOKEN/,
    ],
    ['a token in a file that nobody can read here', { auth: { token: { source: 'file', id: '/x' } } }, /shared token/],
    ['no proxies', { gateway: { trustedProxies: [] } }, /exit code 78.*at least one proxy/],
    ['a key that nobody knows', { trustedProxy: { loopbackUser: 'me' } }, /Unrecognized key: "loopbackUser"/],
    ['a scope that nobody knows', { auth: { identityScopes: { ann: ['operator.everything'] } } }, /identityScopes/],
    [
      'a key that this version does not know',
      { trustedProxy: { allowLoopback: true }, profile: 'legacy' },
      /exit code 1.*"allowLoopback"/,
    ],
  ] satisfies [string, Settings, RegExp][])('%s', async (_what, settings, words) => {
    const planned = await started(settings, ['gateway'])
    const refused = await startEmbedded(planned).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(GatewayRefusal)
    expect(refused).toHaveProperty('message', expect.stringMatching(words))
  })
})
