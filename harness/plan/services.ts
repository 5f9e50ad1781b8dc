/** A variant as it runs: `proxy.yaml` with the variant's differences merged in, for one version. */
import { basename, join, resolve } from 'node:path'
import type { OwnGateway } from './gateway-file/own-gateway.ts'
import { type LoginFile, signInOf } from './login-schema.ts'
import type { BuildSource, GatewaySettings, Service, StandIn, Topology, Variant } from './proxy.ts'
import type { BuildFile, ServiceOverride, StandInFile } from './proxy-schema.ts'
import type { CompleteProxy, CompleteService } from './recipes.ts'
import { allowsEverybody, featuresOfSignIn, signInFeatures } from './sign-in-features.ts'

/**
 * All variants for one version of the proxy, paths made absolute and `{version}` filled in.
 * @param folder that of `proxy.yaml`. @param writtenIn the file itself, if it is another. @param gateways their gateways' own configurations, by variant
 */
export function variantsAt(
  file: CompleteProxy,
  folder: string,
  version: string,
  writtenIn?: string,
  gateways: Readonly<Record<string, OwnGateway>> = {},
): Variant[] {
  return Object.entries(file.variants).map(([name, variant]) => {
    const login = variant.login ?? file.login
    const signIn = signInOf(login)
    const named = { signIn, ...(login?.['arrives-as'] !== undefined && { arrivesAs: login['arrives-as'] }) }
    const hasPage = featuresOfSignIn(signIn).includes(signInFeatures.page)
    const services = Object.entries(file.services).map(([service, written]) =>
      withAuthority(
        serviceAt(service, merged(written, variant.services?.[service] ?? {}), folder, version),
        login?.certificate,
      ),
    )
    const own = Object.hasOwn(gateways, name) ? gateways[name] : undefined
    const trusted = own?.gateway.auth?.trustedProxy
    const requiredHeaders =
      trusted?.userHeader === undefined
        ? variant['required-headers']
        : (trusted.requiredHeaders ?? []).map((one) => one.toLowerCase())
    const topology: Topology = services.some(({ beside }) => beside) ? 'sidecar' : 'network'
    const gateway = gatewayAt(variant.gateway ?? {}, own, topology)
    return {
      name,
      title: variant.title,
      folder: join(folder, name),
      services,
      identity: spelling(variant.identity, trusted?.userHeader),
      requiredHeaders: requiredHeaders ?? [],
      ...(variant.assertion && { assertion: variant.assertion }),
      ...(variant['user-form'] && { userForm: variant['user-form'] }),
      host: variant.host ?? 'app.test',
      names: withPortal(variant.names ?? {}, login?.portal),
      features: [
        ...new Set([
          ...[...(file.features ?? []), ...(variant.features ?? [])].filter(
            (name) => name !== requiredHeadersFeature && name !== assertionFeature,
          ),
          ...(requiredHeaders?.length ? [requiredHeadersFeature] : []),
          ...(variant.assertion === undefined ? [] : [assertionFeature]),
          ...(login?.['log-out'] === undefined || !hasPage ? [] : [logOutFeature]),
          ...(variant.paths === undefined ? [] : [pathFeatures.named]),
          ...(variant.exempt === undefined ? [] : [pathFeatures.exempt]),
          ...featuresOfSignIn(signIn).filter((name) => !login?.['one-name'] || name !== signInFeatures.secondUser),
          ...(allowsEverybody({ login: named, gateway }) ? [] : [signInFeatures.allowed]),
        ]),
      ],
      ...(variant.paths && { paths: variant.paths }),
      ...(variant.exempt && { exempt: variant.exempt }),
      login: {
        callbacks: login?.callbacks ?? [],
        clientAuth: login?.['client-auth'] ?? 'client_secret_basic',
        ...(login?.['log-out'] !== undefined && { logOut: login['log-out'] }),
        ...(login?.portal !== undefined && { portal: login.portal }),
        ...(signIn.kind !== 'openid' && { signIn }),
        ...(named.arrivesAs !== undefined && { arrivesAs: named.arrivesAs }),
        ...(login?.issuer !== undefined && { issuer: login.issuer }),
        ...(login?.['client-id'] !== undefined && { clientId: login['client-id'] }),
        ...(login?.['client-secret'] !== undefined && { clientSecret: login['client-secret'] }),
      },
      ...(writtenIn !== undefined && basename(writtenIn) !== 'proxy.yaml' && { file: writtenIn }),
      ...(variant.entrance && { entrance: variant.entrance }),
      ...(variant.certificate === 'any' && { certificate: 'any' as const }),
      ...(variant.documentation && { documentation: variant.documentation }),
      ...(variant.only && { only: variant.only }),
      topology,
      gateway,
    }
  })
}

function gatewayAt(
  {
    bind = 'lan',
    'allow-users': allowUsers = [],
    without = [],
    labels,
    port,
    env,
    through,
  }: NonNullable<WrittenGateway>,
  own: OwnGateway | undefined,
  topology: Topology,
): GatewaySettings {
  // As OpenClaw: the environment counts more than the file.
  const listens = port ?? (Number(env?.OPENCLAW_GATEWAY_PORT) || own?.gateway.port)
  return {
    // The proxy of a run in the network reaches a gateway on loopback as little as the operator's own would.
    bind: own === undefined ? bind : topology === 'network' || isOpen(own.gateway.bind) ? 'lan' : 'loopback',
    allowUsers,
    without,
    ...(labels && { labels }),
    ...(own && { own }),
    ...(listens !== undefined && { port: listens }),
    ...(through && { through }),
  }
}

type WrittenGateway = CompleteProxy['variants'][string]['gateway']

/** OpenClaw's default is loopback; `auto` and `tailnet` come to that where nothing else is there. */
const isOpen = (bind: string | undefined) => bind === 'lan' || bind === 'custom'

/** The gateway's own configuration says which header it trusts; its spelling is the proxy's where it is the same. */
function spelling(identity: string, userHeader: string | undefined): string {
  const same = userHeader === undefined || userHeader === '' || userHeader.toLowerCase() === identity.toLowerCase()
  return same ? identity : userHeader
}

/** Follows from `login.log-out`; nobody declares it. */
export const logOutFeature = 'logout'

/** Follow from `paths` and `exempt`, and from what the configuration files name. */
export const pathFeatures = { named: 'configured-path', exempt: 'exempt-path' } as const

/** Follows from `required-headers`, whether it is declared or not: without one there is nothing that a request could lack. */
const requiredHeadersFeature = 'required-headers'

/** Follows from `assertion`: without the header and the keys nothing can be checked. */
const assertionFeature = 'jwt-assertion'

/** Where the configuration looks for the authority that issues its clients' certificates, the run puts its own. */
function withAuthority(service: Service, certificate: LoginFile['certificate']): Service {
  if (service.name !== 'proxy' || typeof certificate !== 'object') return service
  return { ...service, fromRun: { ...service.fromRun, [certificate.authority]: 'authority' } }
}

/** The host of the log-in pages is the proxy's, unless a service has it already. */
function withPortal(names: Variant['names'], portal: string | undefined): Variant['names'] {
  if (portal === undefined) return names
  const { hostname } = new URL(portal)
  const known = Object.values(names).some((hosts) => hosts.includes(hostname))
  return known ? names : { ...names, proxy: [...(names.proxy ?? []), hostname] }
}

/** Where cases connect to a service directly: `ports`, else what `ready` says of one. */
function portsOf({ ports, ready }: Pick<CompleteService, 'ports' | 'ready'>): readonly number[] {
  if (ports !== undefined) return ports
  if ('port' in ready) return [ready.port]
  if ('log' in ready) return []
  const { port, protocol } = new URL(ready.http)
  return [Number(port) || (protocol === 'https:' ? 443 : 80)]
}

/** `env` and `files` of the variant are added, everything else of it replaces. */
function merged(written: CompleteService, override: ServiceOverride): CompleteService {
  return {
    ...written,
    ...override,
    env: { ...written.env, ...override.env },
    files: mergedFiles(written.files, override.files),
  }
}

/** Both, without what another file of the variant stands in the place of. */
export function mergedFiles(written: ServiceOverride['files'] = {}, more: ServiceOverride['files'] = {}) {
  const taken = new Set(Object.values(more))
  return { ...Object.fromEntries(Object.entries(written).filter(([, target]) => !taken.has(target))), ...more }
}

function serviceAt(name: string, written: CompleteService, folder: string, proxyVersion: string): Service {
  const version = (written.version ?? proxyVersion).replaceAll('{version}', proxyVersion)
  const put = (text: string) => text.replaceAll('{version}', version)
  return {
    name,
    title: written.title,
    version,
    source: {
      ...(written.pull !== undefined && { pull: put(written.pull) }),
      ...(written.build !== undefined && { build: sourceAt(written.build, folder, version) }),
    },
    with: (written.with ?? []).map((build) => buildAt(build, folder, version)),
    command: (written.command ?? written.arguments ?? []).map(put),
    ...(written.command === undefined && { ownProgram: true as const }),
    env: Object.fromEntries(Object.entries(written.env ?? {}).map(([key, value]) => [key, put(value)])),
    files: written.files ?? {},
    ready: written.ready,
    ...(written['ready-within'] !== undefined && { readyWithin: written['ready-within'] }),
    after: written.after ?? [],
    ports: portsOf(written),
    tmpfs: written.tmpfs ?? [],
    ...(written['from-run'] && { fromRun: written['from-run'] }),
    ...(written.lines && { lines: written.lines }),
    ...(written.labels && { labels: written.labels }),
    ...(written['docker-socket'] !== undefined && { dockerSocket: written['docker-socket'] }),
    ...(written.beside && { beside: written.beside }),
  }
}

function sourceAt(build: BuildFile | StandInFile, folder: string, version: string): BuildSource | StandIn {
  return 'harness' in build ? { kind: 'harness', main: build.harness } : buildAt(build, folder, version)
}

function buildAt(build: BuildFile, folder: string, version: string): BuildSource {
  const put = (text: string) => text.replaceAll('{version}', version)
  if ('debian' in build) return { kind: 'debian', package: build.debian }
  if ('pypi' in build) return { kind: 'pypi', ...build.pypi, version: put(build.pypi.version) }
  if ('maven' in build) {
    const { maven } = build
    return { kind: 'maven', ...maven, version: put(maven.version), folder: put(maven.folder) }
  }
  const { module, ldflags, ...go } = build.go
  return {
    kind: 'go',
    ...go,
    module: resolve(folder, put(module)),
    version: put(go.version ?? version),
    ...(ldflags !== undefined && { ldflags: put(ldflags) }),
  }
}
