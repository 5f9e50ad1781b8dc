/**
 * An operator's own gateway configuration as it runs: only addresses, port, users and origins of the run are put over it, and each is told
 * (docs/gateways.md#g1-8-own-configuration-in-a-run).
 */
import { startup } from '../../gateways/rules/config.ts'
import type { Profile } from '../../gateways/rules/profiles.ts'
import { octets } from '../../lab/containers/network.ts'
import { loopback } from '../../lab/embedded/addresses.ts'
import type { GatewayEnvironment, OwnGateway } from '../../plan/gateway-file/own-gateway.ts'
import type { Variant } from '../../plan/proxy.ts'
import { substitute, type TrustedNetwork } from './trusted-network.ts'

type OwnSite = {
  readonly variant: Variant
  readonly network: Pick<TrustedNetwork, 'substituted' | 'note'>
  /** First three octets of the run's network. */
  readonly base: string
  /** On which the gateway of the run listens. */
  readonly port: number
  /** All names by which the gateway may know alice. */
  readonly alice: readonly string[]
  /** Of the run, for a configuration that leaves it to a file or a program. */
  readonly password: string
}

export type GatewayInRun = {
  readonly config: { readonly gateway: Readonly<Record<string, unknown>> }
  /** What it is started with beside the file. */
  readonly environment: GatewayEnvironment
  /** One sentence for each thing that is not as the operator wrote it. */
  readonly replaced: readonly string[]
  /** Of local clients; absent where the gateway has none. */
  readonly password?: string
  readonly trustedProxies: readonly string[]
}

/** Sections that need what no run has. */
const leftOut = { tls: 'the gateway of the run speaks plain HTTP', tailscale: 'a run has no Tailscale' } as const

export function ownGatewayConfig(own: OwnGateway, site: OwnSite): GatewayInRun {
  const { variant, network, base, port } = site
  const replaced: string[] = []
  const { tls, tailscale, customBindHost, ...rest } = own.gateway
  for (const [key, why] of Object.entries(leftOut))
    if (own.gateway[key] !== undefined) replaced.push(`gateway.${key} is left out: ${why}`)
  if (own.otherSections.length > 0)
    replaced.push(`left out: ${own.otherSections.join(', ')} (a run starts the gateway alone)`)
  for (const key of own.unused) replaced.push(`${key} of proxy.yaml is not used: ${own.shown} decides it`)

  const gateway = { ...rest, ...partOf(own, site, replaced) }
  const listens = gateway.port ?? variant.gateway.port
  if (listens !== undefined && listens !== port) replaced.push(`gateway.port ${listens}: ${port}`)
  if (gateway.bind !== variant.gateway.bind)
    replaced.push(
      `gateway.bind ${gateway.bind ?? '(not set, which means loopback)'}: ${variant.gateway.bind}, so that the proxy of the run reaches it`,
    )
  const trustedProxies = gateway.trustedProxies?.map((entry, index) =>
    // Of an entry that stands for one address, that is the one from which the gateway hears.
    index === network.substituted ? substitute(entry, base, octets[variant.gateway.through ?? 'proxy']) : entry,
  )
  if (network.note !== undefined && trustedProxies !== undefined) replaced.push(network.note)
  // What was filled in has the users of the run already.
  const auth = { ...gateway.auth, ...usersOf(own.gateway.auth, site.alice, replaced) }
  const password = passwordOf(auth.password, site.password, replaced) ?? own.environment.OPENCLAW_GATEWAY_PASSWORD
  const controlUi = originsOf(gateway.controlUi, `https://${variant.host}`, replaced)
  return {
    config: {
      gateway: {
        ...gateway,
        port,
        bind: variant.gateway.bind,
        ...(trustedProxies && { trustedProxies }),
        auth: {
          ...auth,
          // A reference that nobody of a run can follow is a token all the same.
          ...(typeof auth.token === 'object' && { token: 'not-of-this-run' }),
          ...(auth.password !== undefined && password !== undefined && { password }),
        },
        ...(controlUi && { controlUi }),
      },
    },
    environment: own.environment,
    replaced,
    ...(password !== undefined && { password }),
    trustedProxies: trustedProxies ?? [],
  }
}

/** @returns what the gateway says where it does not start with this configuration */
export function refusalOf(
  { config, environment }: GatewayInRun,
  { shown }: OwnGateway,
  rules: Profile,
): string | undefined {
  const started = startup(config, rules, environment)
  // One clause: what is printed of a failure ends at a comma.
  return started.kind === 'refused'
    ? refusal(shown, started.message.replaceAll(', ', ' '), started.exitCode)
    : undefined
}

export function refusal(shown: string, message: string, exitCode?: number): string {
  const code = exitCode === undefined ? '' : ` (exit code ${exitCode})`
  return `the gateway does not start with ${shown}${code}: ${message}`
}

type Section = OwnGateway['gateway']

/** A file that says neither what the gateway is nor how it authenticates is a part of a configuration: the rest is as proxy.yaml says. */
function partOf(own: OwnGateway, { variant, base, alice }: OwnSite, replaced: string[]): Section {
  const { mode, auth, trustedProxies, controlUi } = own.gateway
  if (mode !== undefined || auth?.mode !== undefined) return {}
  const sidecar = variant.topology === 'sidecar'
  const filled = ['gateway.mode', 'gateway.auth.mode']
  if (controlUi === undefined) filled.push('gateway.controlUi')
  if (auth?.trustedProxy === undefined) filled.push('gateway.auth.trustedProxy')
  if (trustedProxies === undefined) filled.push('gateway.trustedProxies')
  replaced.push(`${own.shown} is a part of a configuration: filled in ${filled.join(', ')}`)
  return {
    mode: 'local',
    ...(controlUi === undefined && { controlUi: { allowedOrigins: [`https://${variant.host}`] } }),
    ...(trustedProxies === undefined && {
      trustedProxies: [sidecar ? loopback : `${base}.${octets[variant.gateway.through ?? 'proxy']}`],
    }),
    auth: {
      ...auth,
      mode: 'trusted-proxy',
      trustedProxy: auth?.trustedProxy ?? {
        userHeader: variant.identity.toLowerCase(),
        requiredHeaders: [...variant.requiredHeaders],
        allowUsers: [...alice],
        ...(sidecar && { allowLoopback: true }),
      },
    },
  }
}

/** The run's alice in the place of the operator's users; who lets everybody in still does. */
function usersOf(auth: Section['auth'], alice: readonly string[], replaced: string[]): NonNullable<Section['auth']> {
  const { trustedProxy, identityScopes } = auth ?? {}
  const listed = trustedProxy?.allowUsers?.length ?? 0
  const scopes = Object.entries(identityScopes ?? {})
  const [first] = scopes
  if (listed > 0) replaced.push(`allowUsers (${listed}): alice of the run alone`)
  if (first !== undefined)
    replaced.push(`identityScopes (${scopes.length}): alice of the run, with ${first[1].join(', ') || 'no scope'}`)
  return {
    ...(trustedProxy && { trustedProxy: { ...trustedProxy, ...(listed > 0 && { allowUsers: [...alice] }) } }),
    ...(first !== undefined && { identityScopes: Object.fromEntries(alice.map((name) => [name, first[1]])) }),
  }
}

function passwordOf(
  written: NonNullable<Section['auth']>['password'],
  ofRun: string,
  replaced: string[],
): string | undefined {
  if (typeof written !== 'object') return written === '' ? undefined : written
  replaced.push('gateway.auth.password: one of the run, for a reference that leads to a file or a program')
  return ofRun
}

/** Public origins of the operator become the run's; where every origin is allowed, or none, it stays so. */
function originsOf(controlUi: Section['controlUi'], origin: string, replaced: string[]): Section['controlUi'] {
  const origins = controlUi?.allowedOrigins ?? []
  const here = origins.some((one) => one === '*' || one.trim().toLowerCase() === origin)
  if (controlUi === undefined || origins.length === 0 || here) return controlUi
  replaced.push(`allowedOrigins ${origins.join(', ')}: ${origin}`)
  return { ...controlUi, allowedOrigins: [origin] }
}
