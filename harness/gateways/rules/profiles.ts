/**
 * A gateway's rules in a version range, as data over one decision procedure (`attribution.ts`, `decision.ts`, `connect.ts`).
 * Rules by version: docs/gateways.md. Each profile models the version it names and was compared with that program's answers.
 */

import type { MappedRanges } from './addresses.ts'

export const profileNames = [
  'attributed',
  'allow-loopback',
  'strict-loopback',
  'legacy',
  'coderclaw',
  'mayros',
  'loopback-user',
] as const
export type ProfileName = (typeof profileNames)[number]

/** Keys of the configuration that only some versions know; others refuse them as unrecognised. */
export type OptionalKey =
  | 'allowLoopback'
  | 'loopbackUser'
  | 'identityScopes'
  | 'allowRealIpFallback'
  | 'deviceAutoApprove'
  | 'cloudflareAccessOidc'
  | 'customBindHost'
  | 'publicOrigin'

export type Profile = {
  readonly name: ProfileName
  readonly title: string
  /** The program and version whose answers this profile gives. */
  readonly models: string
  /** `false`: never compared with the real program. Every result on it says so. */
  readonly verified: boolean

  /** `enforced` answers 403 when a proxied request cannot be attributed; `informative` only computes the address. */
  readonly attribution: 'enforced' | 'informative'
  /** Which hop of `X-Forwarded-For` is the client. `remote` skips loopback hops as well as trusted ones. */
  readonly clientHop: 'rightmost-untrusted-remote' | 'rightmost-untrusted' | 'leftmost'
  readonly mappedRanges: MappedRanges
  /** `trusted_proxy_loopback_source` exists (OpenClaw 2026.3.31). */
  readonly refusesLoopbackSource: boolean
  /** `trusted_proxy_local_interface_source` exists (OpenClaw 2026.5.18, CVE-2026-53832). */
  readonly refusesOwnAddress: boolean
  readonly passwordFallback: boolean
  readonly checksHttpOrigin: boolean
  /** Which WebSocket clients must come from an allowed origin. */
  readonly checksSocketOrigin: 'all' | 'browser-clients' | 'none'
  /** `x-openclaw-scopes` narrows what the identity may do (OpenClaw 2026.4.26). */
  readonly readsScopesHeader: boolean

  readonly protocol: 3 | 4
  /** A WebSocket client with an identity but without a signed device. */
  readonly deviceless: 'accepted' | 'refused'
  /** Scopes that a device-less client declares for itself. */
  readonly declaredScopes: 'kept' | 'cleared'
  /** What a client by password may do that declares scopes: those, or those of backends alone (OpenClaw 2026.4.27). */
  readonly passwordScopes: 'kept' | 'of-backends'
  /** Clients whose fresh device is taken without pairing: those whose attributed address and Host are local, the Control UI. */
  readonly silentPairing: readonly ('local' | 'control-ui' | 'everybody')[]
  /** What everybody else hears. */
  readonly pairingMessage: string
  /** What `hello-ok.payload.auth` tells. */
  readonly helloAuth: 'none' | 'scopes' | 'method'
  /** Whether the error frame carries `details` with `authReason`. */
  readonly detailsOnWire: boolean
  readonly missingHeaderCode: 'AUTH_UNAUTHORIZED' | 'AUTH_IDENTITY_HEADER_REQUIRED'
  /** `users.self` and `presence[].user` name the identity. */
  readonly tellsIdentity: boolean
  readonly checksControlUiBuild: boolean
  /** `sessions_list` dials the gateway's own WebSocket from loopback (up to OpenClaw 2026.9.3). */
  readonly toolsDialGateway: boolean
  /** 33rd unauthenticated WebSocket of one client address: 503. */
  readonly limitsSockets: boolean
  /** Which paths exist besides `/tools/invoke`. */
  readonly surface: 'current' | '2026.8.1' | '2026.7.1' | 'before-2026.7.1' | 'legacy' | 'coderclaw'

  /** Of which `allowedOrigins` the audit says something: no entry, every origin. */
  readonly auditsOrigins: readonly ('none' | 'every')[]
  readonly keys: readonly OptionalKey[]
  /** A token beside trusted-proxy: `refused` stops the start with exit code 1. */
  readonly tokenBeside: 'refused' | 'ignored'
  /** `bind: loopback` starts: always, only when a loopback address is listed, never. */
  readonly bindLoopback: 'allowed' | 'needs-loopback-proxy' | 'refused'
  /** Exit codes of start-up refusals. */
  readonly exit: { readonly schema: 1 | 78; readonly noProxies: 1 | 78; readonly noMode: 1 | 78 }
}

const attributed: Profile = {
  name: 'attributed',
  title: 'OpenClaw 2026.8.1 and later: every proxied request must be attributable',
  models: 'openclaw 2026.9.6',
  verified: true,
  attribution: 'enforced',
  clientHop: 'rightmost-untrusted-remote',
  mappedRanges: 'ranges',
  refusesLoopbackSource: true,
  refusesOwnAddress: true,
  passwordFallback: true,
  checksHttpOrigin: true,
  checksSocketOrigin: 'all',
  readsScopesHeader: true,
  protocol: 4,
  deviceless: 'accepted',
  declaredScopes: 'cleared',
  passwordScopes: 'kept',
  silentPairing: [],
  pairingMessage: 'pairing required: device is not approved yet',
  helloAuth: 'method',
  detailsOnWire: true,
  missingHeaderCode: 'AUTH_IDENTITY_HEADER_REQUIRED',
  tellsIdentity: true,
  checksControlUiBuild: true,
  toolsDialGateway: false,
  limitsSockets: true,
  surface: 'current',
  auditsOrigins: ['none', 'every'],
  keys: [
    'allowLoopback',
    'identityScopes',
    'allowRealIpFallback',
    'deviceAutoApprove',
    'cloudflareAccessOidc',
    'customBindHost',
    'publicOrigin',
  ],
  tokenBeside: 'refused',
  bindLoopback: 'allowed',
  exit: { schema: 78, noProxies: 78, noMode: 78 },
}

const allowLoopback: Profile = {
  ...attributed,
  name: 'allow-loopback',
  title: 'OpenClaw 2026.4.27 to 2026.7.x: allowLoopback and the password fallback, no attribution',
  models: 'openclaw 2026.7.1',
  attribution: 'informative',
  mappedRanges: 'ipv4-prefix',
  helloAuth: 'scopes',
  missingHeaderCode: 'AUTH_UNAUTHORIZED',
  tellsIdentity: false,
  checksControlUiBuild: false,
  toolsDialGateway: true,
  limitsSockets: false,
  surface: '2026.7.1',
  keys: ['allowLoopback', 'allowRealIpFallback', 'customBindHost'],
  exit: { schema: 78, noProxies: 1, noMode: 78 },
}

const strictLoopback: Profile = {
  ...allowLoopback,
  name: 'strict-loopback',
  title: 'OpenClaw 2026.3.31 to 2026.4.26: a loopback source is always refused',
  models: 'openclaw 2026.4.26',
  refusesOwnAddress: false,
  passwordFallback: false,
  protocol: 3,
  surface: 'before-2026.7.1',
  silentPairing: ['control-ui'],
  auditsOrigins: ['every'],
  keys: ['allowRealIpFallback', 'customBindHost'],
  exit: { schema: 1, noProxies: 1, noMode: 78 },
}

const legacy: Profile = {
  ...strictLoopback,
  name: 'legacy',
  title: 'OpenClaw up to 2026.3.28: a listed loopback source is trusted',
  models: 'openclaw 2026.3.8',
  clientHop: 'rightmost-untrusted',
  refusesLoopbackSource: false,
  checksHttpOrigin: false,
  checksSocketOrigin: 'browser-clients',
  readsScopesHeader: false,
  declaredScopes: 'kept',
  silentPairing: ['local', 'control-ui'],
  pairingMessage: 'pairing required',
  helloAuth: 'none',
  surface: 'legacy',
  auditsOrigins: ['none', 'every'],
  tokenBeside: 'ignored',
  bindLoopback: 'needs-loopback-proxy',
  exit: { schema: 1, noProxies: 1, noMode: 1 },
}

const coderclaw: Profile = {
  ...legacy,
  name: 'coderclaw',
  title: 'CoderClaw lineage (BuilderForce Agents): no attribution, no origin rule, device required on WebSockets',
  models: '@seanhogg/builderforce-agents 2026.9.3',
  clientHop: 'leftmost',
  mappedRanges: 'never',
  deviceless: 'refused',
  silentPairing: ['local'],
  detailsOnWire: false,
  surface: 'coderclaw',
  auditsOrigins: [],
  keys: [],
  bindLoopback: 'refused',
}

const mayros: Profile = {
  ...coderclaw,
  name: 'mayros',
  title: 'Mayros, from its documentation: not run on the real program',
  models: '@apilium/mayros (documentation)',
  verified: false,
  bindLoopback: 'needs-loopback-proxy',
}

const loopbackUser: Profile = {
  ...attributed,
  name: 'loopback-user',
  title: 'OpenClaw with the loopbackUser proposal of openclaw#26007',
  models: 'openclaw 2026.9.6 and the proposal of openclaw#26007',
  verified: false,
  keys: [...attributed.keys, 'loopbackUser'],
}

/** All profiles of the reference gateway by name. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  attributed,
  'allow-loopback': allowLoopback,
  'strict-loopback': strictLoopback,
  legacy,
  coderclaw,
  mayros,
  'loopback-user': loopbackUser,
}

/** Tells a profile's name from any other word (command line, file). */
export function isProfileName(name: string): name is ProfileName {
  return profileNames.some((known) => known === name)
}
