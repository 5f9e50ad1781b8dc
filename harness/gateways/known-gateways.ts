/** The gateways that may stand behind a proxy, and what each can do (features of `scenarios/features.yaml`). */
import type { KnownGateway } from '../plan/select.ts'
import { type ProfileName, profileNames, profiles } from './profiles.ts'

/** Profiles whose environments list loopback as a proxy too: only there can a loopback source be trusted. */
export const listsLoopback: ReadonlySet<ProfileName> = new Set([
  'allow-loopback',
  'legacy',
  'coderclaw',
  'mayros',
  'loopback-user',
])

/** What the reference gateway can do with the rules of a profile, in the configuration that a run gives it (`gateway-config.ts`). */
function referenceFeatures(name: ProfileName): string[] {
  const profile = profiles[name]
  const loopbackUser = profile.keys.includes('loopbackUser')
  const loopback = listsLoopback.has(name) && !loopbackUser
  return [
    'recording',
    ...(profile.attribution === 'enforced' ? ['attribution'] : []),
    // With loopbackUser a local request is that user already: no password is ever asked for.
    ...(profile.passwordFallback && !loopbackUser ? ['password-fallback'] : []),
    ...(profile.checksHttpOrigin ? ['origin-check'] : []),
    ...(profile.readsScopesHeader ? ['scopes-header'] : []),
    ...(profile.keys.includes('identityScopes') ? ['identity-scopes'] : []),
    ...(profile.refusesOwnAddress ? ['local-interface-check'] : []),
    ...(loopback && profile.keys.includes('allowLoopback') ? ['allow-loopback'] : []),
    ...(loopback ? ['loopback-trusted'] : []),
    ...(loopbackUser ? ['loopback-user'] : []),
    ...(!loopback && !loopbackUser ? ['loopback-untrusted'] : []),
  ]
}

export const knownGateways: readonly KnownGateway[] = [
  {
    name: 'reference',
    title: 'Reference gateway: records every request, decides as its profile does',
    byDefault: true,
    features: referenceFeatures('attributed'),
    profiles: profileNames,
    featuresOf: Object.fromEntries(profileNames.map((name) => [name, referenceFeatures(name)])),
  },
]
