/**
 * Broken gateways, each with one real mistake: they prove that the cases on the gateway's own rules can fail.
 * Where a rule is data, the mutant is a patch of configuration and profile; else it decides instead of `decide`.
 */

import type { Verdict } from '../recording/arrival.ts'
import { isLoopback } from '../rules/addresses.ts'
import type { GatewayConfig } from '../rules/config.ts'
import { decide } from '../rules/decision.ts'
import { headerValue } from '../rules/header-lines.ts'
import type { Decide, Decision, Evidence, Policy } from '../rules/policy.ts'
import type { Profile } from '../rules/profiles.ts'

export type GatewayMutant = {
  readonly name: `gateway:${string}`
  /** The real mistake that it stands for, in one sentence. */
  readonly mistake: string
  /** `total`: it refuses everything, so that it proves little of a case that names no other mutant. */
  readonly scope?: 'total'
  /** The broken gateway's policy. @param ownAddress the gateway's address in its network */
  readonly policy: (correct: Policy, ownAddress: string) => Policy
}

type Patch = {
  readonly config?: (config: GatewayConfig, ownAddress: string) => GatewayConfig
  readonly profile?: Partial<Profile>
}

function patched(name: GatewayMutant['name'], mistake: string, { config, profile }: Patch): GatewayMutant {
  return {
    name,
    mistake,
    policy: (correct, ownAddress) => ({
      profile: { ...correct.profile, ...profile },
      config: config?.(correct.config, ownAddress) ?? correct.config,
    }),
  }
}

function deciding(name: GatewayMutant['name'], mistake: string, decideInstead: Decide): GatewayMutant {
  return { name, mistake, policy: (correct) => ({ ...correct, decideInstead }) }
}

export const gatewayMutants: readonly GatewayMutant[] = [
  patched('gateway:trust-any-source', 'The source address is not checked: whoever connects speaks as the proxy.', {
    config: (config) => ({ ...config, trustedProxies: ['0.0.0.0/0', '::/0'] }),
    // Where every hop is trusted, only the leftmost can be the client (CoderClaw's rule).
    profile: {
      attribution: 'informative',
      clientHop: 'leftmost',
      refusesLoopbackSource: false,
      refusesOwnAddress: false,
    },
  }),
  patched('gateway:trust-subnet', 'trustedProxies lists the whole network of the proxy instead of the proxy.', {
    config: (config, own) => ({ ...config, trustedProxies: [own.replace(/\.\d+$/, '.0/24')] }),
  }),
  patched('gateway:trust-loopback', 'Loopback counts as a proxy, for every process of the machine (openclaw#43300).', {
    config: (config) => ({ ...config, trustedProxies: [...config.trustedProxies, '127.0.0.0/8', '::1'] }),
    profile: { attribution: 'informative', refusesLoopbackSource: false },
  }),
  patched(
    'gateway:trust-own-address',
    'A local process that dials the network address counts as a proxy (CVE-2026-53832).',
    {
      config: (config, own) => ({ ...config, trustedProxies: [...config.trustedProxies, own] }),
      profile: { attribution: 'informative', refusesOwnAddress: false },
    },
  ),
  patched('gateway:no-attribution', 'A proxied request is believed although nobody knows whose it is.', {
    profile: { attribution: 'informative' },
  }),
  patched('gateway:ignore-allow-users', 'allowUsers is read and never asked.', {
    config: (config) => ({ ...config, allowUsers: [] }),
  }),
  patched('gateway:ignore-required-headers', 'requiredHeaders is read and never asked.', {
    config: (config) => ({ ...config, requiredHeaders: [] }),
  }),
  patched('gateway:ignore-origin', 'Every page may use the session of its visitor.', {
    config: (config) => ({ ...config, allowedOrigins: ['*'] }),
  }),
  patched('gateway:ignore-scopes', 'The scopes header that should narrow an identity is not read.', {
    profile: { readsScopesHeader: false },
  }),
  patched(
    'gateway:pairs-everybody',
    'Whoever is signed in brings a device of any kind, and it is taken without a question.',
    {
      profile: { silentPairing: ['everybody'] },
    },
  ),
  patched('gateway:tools-locked-out', 'Tools dial the gateway from loopback, and it knows no way to let them in.', {
    profile: { toolsDialGateway: true, passwordFallback: false },
  }),
  deciding(
    'gateway:accept-missing-user',
    'A request that names nobody counts as one of the gateway’s own (openclaw#26007 taken too far).',
    (evidence, policy) =>
      namesNobody(evidence, policy)
        ? accepted({ user: 'internal', method: 'trusted-proxy' })
        : decide(evidence, policy),
  ),
  deciding(
    'gateway:loopback-user-anywhere',
    'loopbackUser is given to whoever names nobody, without a look at where the request came from.',
    (evidence, policy) => {
      const user = policy.config.loopbackUser
      return user !== undefined && namesNobody(evidence, policy)
        ? accepted({ user, method: 'loopback-user' })
        : decide(evidence, policy)
    },
  ),
  deciding('gateway:password-anywhere', 'The local password is asked first, and from everybody.', (evidence, policy) =>
    evidence.password !== undefined && evidence.password === policy.config.password
      ? accepted({ user: 'local', method: 'password' })
      : decide(evidence, policy),
  ),
  deciding('gateway:any-password', 'On clean loopback every password is the right one.', (evidence, policy) =>
    evidence.password !== undefined && isLoopback(evidence.peer)
      ? decide({ ...evidence, ...(policy.config.password && { password: policy.config.password }) }, policy)
      : decide(evidence, policy),
  ),
  deciding(
    'gateway:ws-unauthenticated',
    'A WebSocket is taken for authenticated because its upgrade succeeded.',
    (evidence, policy) =>
      evidence.transport === 'websocket' && namesNobody(evidence, policy)
        ? accepted({ user: 'socket', method: 'trusted-proxy' })
        : decide(evidence, policy),
  ),
  deciding('gateway:one-user', 'Everybody who is accepted is the same user, the operator.', (evidence, policy) => {
    const decision = decide(evidence, policy)
    return decision.verdict.kind === 'accepted'
      ? { ...decision, verdict: { ...decision.verdict, user: 'operator' } }
      : decision
  }),
  deciding(
    'gateway:exact-name',
    'The user header is looked up in the spelling of the configuration, and its value is not trimmed.',
    (evidence, policy) =>
      evidence.headers.some(
        ([name, value]) =>
          (name !== policy.config.userHeader && name.toLowerCase() === policy.config.userHeader.toLowerCase()) ||
          value !== value.trim(),
      )
        ? decide({ ...evidence, headers: withoutUser(evidence, policy) }, policy)
        : decide(evidence, policy),
  ),
  deciding(
    'gateway:plain-address',
    'A client address is read in its usual form only, without a port and as the only hop.',
    (evidence, policy) =>
      decide(
        {
          ...evidence,
          headers: evidence.headers.filter(
            ([name, value]) => name.toLowerCase() !== 'x-forwarded-for' || /^\d+(\.\d+){3}$/.test(value),
          ),
        },
        policy,
      ),
  ),
  patched('gateway:leftmost-hop', 'Of several hops the leftmost is taken for the client, which wrote it itself.', {
    profile: { clientHop: 'leftmost' },
  }),
  {
    scope: 'total',
    ...deciding(
      'gateway:refuse-all',
      'Everything is refused: nothing is broken into, and nothing works.',
      (evidence) => ({
        attribution: { kind: 'direct-remote' },
        verdict: {
          kind: 'refused',
          reason: 'trusted_proxy_user_missing',
          ...(evidence.transport === 'http' ? { status: 401 } : { close: 1008 }),
        },
      }),
    ),
  },
]

function withoutUser({ headers }: Evidence, { config }: Policy) {
  return headers.filter(([name]) => name.toLowerCase() !== config.userHeader.toLowerCase())
}

function namesNobody({ headers }: Evidence, { config }: Policy): boolean {
  return (headerValue(headers, config.userHeader) ?? '').trim() === ''
}

/** Without the attribution that would have stopped it before any question about users. */
function accepted(verdict: Omit<Extract<Verdict, { kind: 'accepted' }>, 'kind'>): Decision {
  return { attribution: { kind: 'direct-remote' }, verdict: { kind: 'accepted', ...verdict } }
}
