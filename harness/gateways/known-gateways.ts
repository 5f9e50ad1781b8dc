/** The gateways that may stand behind a proxy, and what each can do (features of `scenarios/features.yaml`). */
import type { KnownGateway } from '../plan/select.ts'
import { type Profile, type ProfileName, profileNames, profiles } from './profiles.ts'
import { gatewayPrograms, type ProgramName } from './programs.ts'

/** Profiles whose environments list loopback as a proxy too: only there can a loopback source be trusted. */
export const listsLoopback: ReadonlySet<ProfileName> = new Set([
  'allow-loopback',
  'legacy',
  'coderclaw',
  'mayros',
  'loopback-user',
])

/** What a gateway with these rules can do in the configuration that a run gives it (`gateway-config.ts`). */
function featuresOf(profile: Profile): string[] {
  const loopbackUser = profile.keys.includes('loopbackUser')
  const loopback = listsLoopback.has(profile.name) && !loopbackUser
  return [
    ...(profile.attribution === 'enforced' ? ['attribution'] : []),
    // With loopbackUser a local request is that user already: no password is ever asked for.
    ...(profile.passwordFallback && !loopbackUser ? ['password-fallback'] : []),
    ...(profile.checksHttpOrigin ? ['origin-check'] : []),
    ...(profile.readsScopesHeader ? ['scopes-header'] : []),
    ...(profile.keys.includes('identityScopes') ? ['identity-scopes'] : []),
    ...(profile.deviceless === 'accepted' ? ['open-socket'] : []),
    ...(profile.refusesOwnAddress ? ['local-interface-check'] : []),
    ...(loopback && profile.keys.includes('allowLoopback') ? ['allow-loopback'] : []),
    ...(loopback ? ['loopback-trusted'] : []),
    ...(loopbackUser ? ['loopback-user'] : []),
    ...(!loopback && !loopbackUser ? ['loopback-untrusted'] : []),
  ]
}

function referenceFeatures(name: ProfileName): string[] {
  return ['recording', ...featuresOf(profiles[name])]
}

function program(name: ProgramName, byDefault: boolean): KnownGateway {
  const versions = gatewayPrograms.filter((one) => one.name === name)
  const [newest] = versions
  if (newest === undefined) throw new Error(`no version of ${name} is listed`)
  return {
    name,
    title: newest.title,
    byDefault,
    features: featuresOf(newest.rules),
    versions: versions.map(({ version }) => version),
    featuresOf: Object.fromEntries(versions.map(({ version, rules }) => [version, featuresOf(rules)])),
  }
}

export const knownGateways: readonly KnownGateway[] = [
  {
    name: 'reference',
    title: 'Reference gateway: records every request, decides as its profile does',
    byDefault: true,
    features: referenceFeatures('attributed'),
    profiles: profileNames,
    featuresOf: Object.fromEntries(profileNames.map((name) => [name, referenceFeatures(name)])),
    caveats: Object.fromEntries(
      profileNames
        .filter((name) => !profiles[name].verified)
        .map((name) => [name, 'unverified: not run on a real program']),
    ),
  },
  program('openclaw', true),
  program('builderforce', false),
]
