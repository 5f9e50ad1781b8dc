/** What a gateway is configured to do, and what the plan says that it can do there, are two files: they must agree. */
import { describe, expect, it } from 'vitest'
import { knownGateways } from '../../gateways/known-gateways.ts'
import { startup } from '../../gateways/rules/config.ts'
import { decide } from '../../gateways/rules/decision.ts'
import { profileNames, profiles } from '../../gateways/rules/profiles.ts'
import { namesOf, users } from '../../identity/users.ts'
import { octets } from '../../lab/containers/network.ts'
import type { HeaderLine } from '../../plan/case.ts'
import type { GatewaySettings, Topology, Variant } from '../../plan/proxy.ts'
import { gatewayConfig } from './gateway-config.ts'

const proxyAddress = '10.0.0.2'
const ownAddress = '10.0.0.5'
const password = 'of-this-test'
const ordinary: GatewaySettings = { bind: 'lan', allowUsers: [], without: [] }

function variant(topology: Topology, settings: Partial<GatewaySettings> = {}): Variant {
  return {
    name: 'of-this-test',
    title: '',
    folder: '',
    services: [],
    identity: 'X-Forwarded-User',
    requiredHeaders: [],
    host: 'app.test',
    names: {},
    features: [],
    login: { callbacks: [], clientAuth: 'client_secret_basic' },
    topology,
    gateway: { ...ordinary, ...settings },
  }
}

function gatewayOf(name: (typeof profileNames)[number], behind: Variant) {
  const rules = profiles[name]
  const started = startup(gatewayConfig({ variant: behind, rules, proxyAddress, password }), rules)
  const reference = knownGateways.find((gateway) => gateway.name === 'reference')
  return {
    started,
    features: reference?.features(name, behind) ?? [],
    accepts(peer: string, headers: readonly HeaderLine[], secret?: string) {
      if (started.kind === 'refused') return false
      const evidence = { peer, transport: 'http', headers, ownAddresses: ['127.0.0.1', ownAddress] } as const
      const policy = { profile: rules, config: started.config }
      const { verdict } = decide({ ...evidence, passwordLocked: false, ...(secret && { password: secret }) }, policy)
      return verdict.kind === 'accepted'
    },
  }
}

const complete: readonly HeaderLine[] = [
  ['X-Forwarded-User', users.alice.email],
  ['X-Forwarded-For', '203.0.113.7'],
]
const withoutLoopback: Partial<GatewaySettings> = { without: ['allowLoopback'] }

describe.each(profileNames)('the gateway of profile %s', (name) => {
  it.each([
    ['a proxy in the network', variant('network')],
    ['a sidecar', variant('sidecar')],
    ['a sidecar that the gateway is not told of', variant('sidecar', withoutLoopback)],
    ['a sidecar without a password', variant('sidecar', { without: ['password', 'identityScopes'] })],
  ])('does behind %s what its features say', (_, behind) => {
    const { started, features, accepts } = gatewayOf(name, behind)
    expect(started.kind).toBe('started')
    expect(features.includes('sidecar')).toBe(behind.topology === 'sidecar')
    expect(accepts(proxyAddress, complete)).toBe(features.includes('proxy-address'))
    expect(accepts(ownAddress, complete)).toBe(false)
    // With loopbackUser neither word is said: what loopback may do is then the matter of cases of its own.
    if (!features.includes('loopback-user')) {
      expect(accepts('127.0.0.1', complete)).toBe(features.includes('loopback-trusted'))
      expect(features.includes('loopback-untrusted')).toBe(!features.includes('loopback-trusted'))
      expect(accepts('127.0.0.1', [], password)).toBe(features.includes('password-fallback'))
    }
  })

  it('starts on loopback alone only behind a sidecar', () => {
    const { started, features } = gatewayOf(name, variant('sidecar', { bind: 'loopback' }))
    expect(features).not.toContain('network-listener')
    // docs/gateways.md#g1-2-refused-starts: the CoderClaw lineage takes no bind=loopback at all.
    expect(started.kind).toBe(profiles[name].bindLoopback === 'refused' ? 'refused' : 'started')
  })
})

it('is configured as openclaw#43300 prints it, where the variant says so', () => {
  const settings: GatewaySettings = {
    bind: 'loopback',
    allowUsers: ['openclaw-internal@local'],
    without: ['allowLoopback', 'password', 'identityScopes'],
  }
  const reported: Variant = { ...variant('sidecar', settings), identity: 'X-authentik-email', userForm: 'email' }
  expect(gatewayConfig({ variant: reported, rules: profiles.attributed, proxyAddress, password })).toEqual({
    gateway: {
      mode: 'local',
      port: 18789,
      bind: 'loopback',
      trustedProxies: ['127.0.0.1'],
      auth: {
        mode: 'trusted-proxy',
        trustedProxy: {
          userHeader: 'x-authentik-email',
          requiredHeaders: [],
          allowUsers: [users.alice.email, 'openclaw-internal@local'],
        },
      },
      controlUi: { allowedOrigins: ['https://app.test'] },
    },
  })
})

it.each([
  ['the one name that alice has where the variant says how users are named', 'sub' as const, ['subject-of-alice']],
  ['alice by any of her claims where that is still to be learned', undefined, namesOf(users.alice)],
])('allows %s, and nobody else', (_, form, allowed) => {
  const behind: Variant = { ...variant('network'), ...(form && { userForm: form }) }
  const { gateway } = gatewayConfig({ variant: behind, rules: profiles.attributed, proxyAddress, password })
  expect(gateway.auth.trustedProxy.allowUsers).toEqual(allowed)
  expect(Object.keys(gateway.auth.identityScopes ?? {})).toEqual(allowed)
})

it('trusts both hops where another service than the public proxy forwards to it', () => {
  const [rules] = profileNames.map((name) => profiles[name])
  if (rules === undefined) throw new Error('there is no profile')
  const trusted = (settings: Partial<GatewaySettings>) =>
    gatewayConfig({ variant: variant('network', settings), rules, proxyAddress, password }).gateway.trustedProxies
  const [alone = ''] = trusted({})
  expect(alone).toBe(proxyAddress)
  expect(trusted({ through: 'auth' })).toEqual(expect.arrayContaining([proxyAddress, `10.0.0.${octets.auth}`]))
})
