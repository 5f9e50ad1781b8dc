/** The gateways that may stand behind a proxy, and what each can do (features of `scenarios/features.yaml`). */
import type { OwnGateway } from '../plan/gateway-file/own-gateway.ts'
import type { KnownGateway, Seat } from '../plan/select.ts'
import { gatewayPrograms, type ProgramName, programOf } from './programs.ts'
import { covers } from './rules/addresses.ts'
import { isProfileName, type Profile, type ProfileName, profileNames, profiles } from './rules/profiles.ts'

/** Profiles whose environments list loopback as a proxy beside the real one. Behind a sidecar loopback is the proxy, whatever the profile. */
const listsLoopback: ReadonlySet<ProfileName> = new Set([
  'allow-loopback',
  'legacy',
  'coderclaw',
  'mayros',
  'loopback-user',
])

/** How a gateway with these rules is told to take requests from loopback. */
type LoopbackSetting = {
  /** Stands in `trustedProxies`. */
  readonly listed: boolean
  /** `allowLoopback` is set. */
  readonly allowed: boolean
  /** A request from there can speak for a user. */
  readonly trusted: boolean
}

export function loopbackSetting(rules: Profile, { topology, gateway }: Seat): LoopbackSetting {
  if (gateway.own !== undefined) {
    const { trustedProxies = topology === 'sidecar' ? ['127.0.0.1'] : [], auth } = gateway.own.gateway
    const listed = trustedProxies.some((entry) => covers(entry, '127.0.0.1', rules.mappedRanges))
    const allowed = listed && (auth?.trustedProxy?.allowLoopback ?? isCompleted(gateway.own))
    return { listed, allowed, trusted: listed && (allowed || !rules.refusesLoopbackSource) }
  }
  const sidecar = topology === 'sidecar'
  const listed = sidecar || listsLoopback.has(rules.name)
  const wanted = listed && !gateway.without.includes('allowLoopback')
  const allowed = wanted && rules.keys.includes('allowLoopback') && (sidecar || !rules.keys.includes('loopbackUser'))
  return { listed, allowed, trusted: listed && (allowed || !rules.refusesLoopbackSource) }
}

/** What a gateway with these rules can do in the configuration that a run gives it (`gateway-config.ts`). */
function featuresOf(profile: Profile, seat: Seat): string[] {
  const loopbackUser = profile.keys.includes('loopbackUser')
  const setting = loopbackSetting(profile, seat)
  const loopback = setting.trusted && !loopbackUser
  const { bind } = seat.gateway
  const has = settingsOf(seat)
  return [
    ...(profile.attribution === 'enforced' ? ['attribution'] : []),
    // With loopbackUser a local request is that user already: no password is ever asked for.
    ...(profile.passwordFallback && !loopbackUser && has.password ? ['password-fallback'] : []),
    ...(profile.checksHttpOrigin ? ['origin-check'] : []),
    ...(profile.readsScopesHeader ? ['scopes-header'] : []),
    ...(profile.keys.includes('identityScopes') && has.identityScopes ? ['identity-scopes'] : []),
    ...(profile.deviceless === 'accepted' ? ['open-socket'] : []),
    ...(profile.refusesOwnAddress ? ['local-interface-check'] : []),
    ...(loopback && setting.allowed ? ['allow-loopback'] : []),
    ...(loopback ? ['loopback-trusted'] : []),
    ...(loopbackUser ? ['loopback-user'] : []),
    ...(!loopback && !loopbackUser ? ['loopback-untrusted'] : []),
    seat.topology === 'sidecar' ? 'sidecar' : 'proxy-address',
    ...(bind === 'lan' ? ['network-listener'] : []),
    ...(has.allowList ? ['allow-list'] : []),
    ...(has.realIp ? [] : ['forwarded-for-only']),
  ]
}

/** A part of a configuration is completed as the suite's own is (`own-gateway-config.ts`). */
function isCompleted({ gateway: { mode, auth } }: OwnGateway): boolean {
  return mode === undefined && auth?.mode === undefined && auth?.trustedProxy === undefined
}

/** What a configuration sets, whoever wrote it. */
function settingsOf({ gateway: { own, without } }: Seat) {
  if (own === undefined)
    return {
      password: !without.includes('password'),
      identityScopes: !without.includes('identityScopes'),
      allowList: true,
      realIp: false,
    }
  const { auth, allowRealIpFallback } = own.gateway
  return {
    password: Boolean(auth?.password) || own.environment.OPENCLAW_GATEWAY_PASSWORD !== undefined,
    identityScopes: Object.keys(auth?.identityScopes ?? {}).length > 0,
    allowList: isCompleted(own) || (auth?.trustedProxy?.allowUsers?.length ?? 0) > 0,
    realIp: allowRealIpFallback === true,
  }
}

function program(name: ProgramName, byDefault: boolean): KnownGateway {
  const versions = gatewayPrograms.filter((one) => one.name === name)
  const [newest] = versions
  if (newest === undefined) throw new Error(`no version of ${name} is listed`)
  return {
    name,
    title: newest.title,
    byDefault,
    features: (version, seat) => featuresOf(programOf(name, version).rules, seat),
    versions: versions.map(({ version }) => version),
  }
}

export const knownGateways: readonly KnownGateway[] = [
  {
    name: 'reference',
    title: 'Reference gateway: records every request, decides as its profile does',
    byDefault: true,
    features: (profile, seat) => (isProfileName(profile) ? ['recording', ...featuresOf(profiles[profile], seat)] : []),
    profiles: profileNames,
    caveats: Object.fromEntries(
      profileNames
        .filter((name) => !profiles[name].verified)
        .map((name) => [name, 'unverified: not run on a real program']),
    ),
  },
  program('openclaw', true),
  program('builderforce', false),
]
