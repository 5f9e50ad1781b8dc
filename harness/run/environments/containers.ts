/** A variant's containers, the provider, the gateway and the vantage points on a network of their own. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority } from '../../lab/certificate-authority.ts'
import { ContainerLab, type ContainerSpec } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import { OutsideNetwork } from '../../lab/containers/outside-network.ts'
import type { Dial } from '../../lab/dial.ts'
import { loopback } from '../../lab/embedded/addresses.ts'
import { dialAddresses, dialThrough, ownsAddress } from '../../lab/vantage/dial.ts'
import type { Vantage } from '../../plan/case.ts'
import { certificateOf } from '../../plan/credentials.ts'
import { environmentRow } from '../results/environment-row.ts'
import { rememberSecret } from '../results/redact.ts'
import { changedFiles } from './changed-files.ts'
import { ownGatewayOf, rowOf, settingsRow } from './configuration-row.ts'
import {
  certified,
  lastAtEachPlace,
  octetOf,
  relaySpec,
  runBinds,
  serviceOf,
  serviceSpec,
  shortName,
} from './container-specs.ts'
import { watchEnds } from './ends.ts'
import { publicDial } from './entrance.ts'
import { candidatesOf, listenersOf } from './find-listeners.ts'
import { dialFromOutside, openToOutside } from './from-outside.ts'
import { observe } from './observed.ts'
import type { EngineAccess, ProviderAccess, StartOrder } from './order.ts'
import { ownSecrets } from './own-secrets.ts'
import { emails, htpasswd, nameOfOwnAlice, ownLines } from './own-users.ts'
import { enrol, providerHost } from './provider.ts'
import { readiness } from './readiness.ts'
import type { RealGateway } from './real-gateway.ts'
import { referenceGateway } from './reference-gateway.ts'
import type { Addresses, RunningEnvironment } from './running-environment.ts'
import { Secrets } from './secrets.ts'
import type { Learning } from './sessions.ts'
import { showContainers } from './shown-containers.ts'
import { anotherLogIn, failedLogIns, foreignCertificate, type SignInParts, signEverybodyIn } from './sign-in.ts'
import { stoppable } from './stoppable-auth.ts'
import { internetBase, trustedNetwork } from './trusted-network.ts'
import { featuresFor, learnForm } from './user-form.ts'
import { nodesInRun } from './user-nodes.ts'

const logLines = 30

/**
 * @param program the real gateway program, where one is behind the proxy
 * @throws with the log of the service that did not get ready; log-ins that fail are part of the environment, not an error
 */
export async function startContainers(
  order: StartOrder & { engine: EngineAccess; provider: ProviderAccess },
  program?: RealGateway,
): Promise<RunningEnvironment> {
  const { engine, provider, runId, folder, keep } = order
  const since = performance.now()
  await using stack = new AsyncDisposableStack()
  const { signIn = { kind: 'openid' } } = order.environment.variant.login
  const lines = await ownLines(order.environment.variant, signIn)
  const environment = allowing(nameOfOwnAlice(lines, signIn), order.environment)
  const { variant } = environment
  const own = join(folder, shortName(environment.id))
  const secrets = new Secrets()
  const harness = serviceOf(environment, 'harness')

  const [authority] = await Promise.all([createAuthority(), mkdir(own, { recursive: true })])
  const publicNames = [...new Set([variant.host, ...(variant.names.proxy ?? [])])]
  // A side service that ends TLS itself has it under a name of its own.
  const sideNames = variant.services.filter(certified).flatMap(({ name }) => variant.names[name] ?? [])
  const tls = await authority.issue([...new Set([...publicNames, ...sideNames])])
  const prefix = `conformance-${runId}-${shortName(environment.id)}`
  const { own: ownGateway } = variant.gateway
  const trusted = ownGateway && trustedNetwork(ownGateway, variant.topology)
  const lab = await ContainerLab.create(engine.socket, runId, prefix, trusted?.base)
  if (!keep) stack.use(lab)
  const internetSide = trusted && (await OutsideNetwork.create(engine.socket, runId, `${prefix}-outside`, internetBase))
  if (internetSide !== undefined && !keep) stack.use(internetSide)
  const address = (name: string) => lab.network.address(octetOf(name, variant.services))
  const addresses = Object.fromEntries(
    [...variant.services.map(({ name }) => name), 'idp', 'gateway'].map((name) => [name, address(name)]),
  )

  // Secrets are made on first use: everything that uses one is written out before the folder is.
  const specs = variant.services.map((service) => ({
    service,
    spec: serviceSpec(service, environment, addresses, secrets),
  }))
  for (const value of await ownSecrets(variant)) rememberSecret(value)
  const password = secrets.get('gateway-password')
  const clientSecret = secrets.get('client')
  const shared = join(own, 'shared')
  await secrets.writeFolder(shared, {
    'ca.crt': authority.certificate,
    'tls.crt': tls.certificate,
    'tls.key': tls.key,
    'tls.pem': `${tls.certificate}\n${tls.key}`,
    'names.json': JSON.stringify({ sans: publicNames, issuer_data: {} }),
    htpasswd: htpasswd(secrets, variant.userForm),
    emails: emails(),
  })
  const changed = new Map(
    await Promise.all(
      variant.services.map(
        async (service) => [service.name, await changedFiles(service, variant, join(own, 'changed'), secrets)] as const,
      ),
    ),
  )
  const docker = await showContainers(variant, address, own, secrets, stack)
  const [neighbour, outside, inside] = await Promise.all([
    enrol(provider, lab, variant, clientSecret, authority),
    relaySpec(harness, own, 'internet', { octet: octets.internet, names: ['internet'] }),
    // A sidecar lives in the network namespace of the gateway.
    variant.topology === 'sidecar' ? undefined : relaySpec(harness, own, 'proxy-side', { beside: 'proxy' }),
  ])
  // The public side is the engine's side of the bridge where that is this machine (not with a rootless engine or one in a virtual machine):
  // no trusted proxy either, and one hop less for nearly every request. A service that starts after `internet` then waits for nothing.
  const onBridge = await ownsAddress(lab.network.address(octets.engine))
  const direct = onBridge ? dialAddresses(lab.addresses) : dialThrough(outside.socket)
  // Before everybody is out there too, the programs are waited for from within.
  const within = publicDial(direct, variant, tls)
  const internet =
    internetSide === undefined ? within : publicDial(dialFromOutside(direct, internetSide, variant), variant, tls)
  // A proxy that makes its certificate itself: any is accepted.
  const ca = variant.certificate === 'any' ? '' : authority.certificate
  const proxyAddress = address('proxy')
  const site = { environment, lab, harness, folder: own, proxyAddress, password, internet: within, network: trusted }
  const gateway = program === undefined ? await referenceGateway(site) : await program.serve(site)
  const proxySide = inside === undefined ? overLoopback(gateway.beside) : dialThrough(inside.socket)
  const services = specs.map(
    ({ service, spec }): ContainerSpec => ({
      ...spec,
      binds: lastAtEachPlace([
        ...spec.binds,
        { source: shared, target: '/run/conformance' },
        ...runBinds(service, shared),
        ...(changed.get(service.name) ?? []),
        ...[docker.get(service.name)].filter((bind) => bind !== undefined),
      ]),
      after: [...spec.after, 'internet'],
      ...(service.readyWithin !== undefined && { patience: service.readyWithin * 1000 }),
      ready: readiness(service, {
        // A service on the gateway's machine may listen on loopback alone.
        dial: service.beside ? (_host, port) => gateway.beside(loopback, port) : within,
        ca,
        publicHost: variant.host,
        log: () => lab.log(service.name, 500),
      }),
    }),
  )
  await lab.start([
    ...(onBridge ? [] : [outside.spec]),
    ...(inside === undefined ? [] : [inside.spec]),
    ...gateway.specs,
    ...services,
  ])
  if (internetSide !== undefined)
    await openToOutside(internetSide, (name) => lab.idOf(name), variant, onBridge ? 'engine' : 'container')
  const ends = watchEnds(engine.socket, lab, [
    ...services.map(({ name }) => name),
    ...(onBridge ? [] : ['internet']),
    ...(inside === undefined ? [] : ['proxy-side']),
    'gateway',
    'idp',
  ])
  const recordings = await gateway.settled(proxySide)
  if (recordings !== undefined) stack.use(recordings)
  const startMs = Math.round(performance.now() - since)
  const byAddress =
    signIn.kind === 'address' &&
    (await nodesInRun(signIn.nodes, variant, {
      direct,
      beside: gateway.beside,
      publicSide: (dial) => publicDial(dial, variant, tls),
      addressOf: address,
      logOf: (name) => lab.log(name, 500),
    }))
  const { nodes = undefined, host = undefined } = byAddress || {}
  const publicSide = {
    host: variant.host,
    provider: providerHost(variant),
    nodes,
    dial: nodes?.anonymous.dial ?? internet,
    ca,
    portal: variant.login.portal,
  }
  const listeners = await listenersOf(publicSide, neighbour, await candidatesOf(engine.socket, lab, environment))
  const learn: Learning = (first) => learnForm(variant, publicSide, first, recordings)
  const parts: SignInParts = { entrance: publicSide, secrets, authority, lines }
  const signing = signEverybodyIn(variant, parts, learn)
  const shown = signIn.kind === 'certificate' ? certificateOf((await signing).sessions.alice) : undefined
  const [signedIn, observed, configuration] = await Promise.all([
    signing,
    observe(variant, publicSide, listeners, recordings, shown),
    ownGateway ? rowOf(ownGateway, gateway, environment) : settingsRow(gateway),
  ])
  const { sessions, loginMs, naming } = signedIn
  const features = featuresFor(observed.features, naming, signIn)
  const failed = failedLogIns(signedIn)
  const notes = [naming.note, ...observed.notes].filter((note) => note !== undefined)

  const seen: Addresses = {
    client:
      nodes?.anonymous.address ?? (internetSide ?? lab.network).address(onBridge ? octets.engine : octets.internet),
    lan: address('idp'),
    proxy: variant.topology === 'sidecar' ? loopback : address('proxy'),
    gateway: address('gateway'),
  }
  const dial: Record<Vantage, Dial> = {
    internet: publicSide.dial,
    lan: neighbour,
    'proxy-host': proxySide,
    'gateway-loopback': gateway.beside,
    'gateway-own-address': gateway.beside,
  }
  const auth = services.find(({ name }) => name === 'auth')
  const resources = stack.move()
  return {
    result: {
      ...environmentRow(environment, { status: 'ready' }),
      startMs,
      loginMs,
      features,
      ...(failed.length > 0 && { failedLogIns: failed }),
      ...(notes.length > 0 && { notes }),
      ...configuration,
      services: [
        ...variant.services,
        ...(program === undefined ? [] : [{ name: 'gateway', title: program.title }]),
      ].map(({ name, title }) => {
        const { version, source, image } = serviceOf(environment, name)
        return { name: `${name}: ${title}`, version, source, image: image.reference }
      }),
    },
    addresses: seen,
    dial,
    ...(nodes && { nodes }),
    ...(host && { host }),
    listeners,
    paths: observed.paths,
    features,
    ca,
    ...(await foreignCertificate(variant)),
    provider: providerHost(variant),
    password: gateway.configuration.password ?? password,
    ...(variant.gateway.port !== undefined && { gatewayPort: variant.gateway.port }),
    ...(ownGateway && { ownGateway: ownGatewayOf(ownGateway, gateway.configuration, seen, environment) }),
    logIn: anotherLogIn(variant, parts),
    form: naming.form,
    ...(naming.names && { names: naming.names }),
    sessions,
    ...(recordings && { recordings }),
    ends,
    ...(auth && { auth: stoppable(lab, auth, harness.image.reference, ends) }),
    ...(gateway.cli && { cli: gateway.cli }),
    logs: async () => ({ proxy: await lab.log('proxy', logLines), gateway: await gateway.log(logLines) }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** The same environment, whose gateway allows these users too. */
function allowing(users: readonly string[], environment: StartOrder['environment']): StartOrder['environment'] {
  const { variant } = environment
  const gateway = { ...variant.gateway, allowUsers: [...variant.gateway.allowUsers, ...users] }
  return { ...environment, variant: { ...variant, gateway } }
}

/** As a sidecar dials: the gateway by its name is the gateway on loopback. */
function overLoopback(beside: Dial): Dial {
  return (host, port) => beside(host === 'gateway' ? loopback : host, port)
}
