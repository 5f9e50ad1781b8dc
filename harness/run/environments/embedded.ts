/** The embedded lab: provider, reference proxy and reference gateway in this process, on a network of its own, no containers. */
import { randomBytes } from 'node:crypto'
import { Recorder } from '../../gateways/recording/recorder.ts'
import { Recordings } from '../../gateways/recording/recordings.ts'
import { ReferenceGateway } from '../../gateways/reference/reference-gateway.ts'
import { auditOf } from '../../gateways/rules/audit.ts'
import { startup } from '../../gateways/rules/config.ts'
import type { Policy } from '../../gateways/rules/policy.ts'
import { isProfileName, type ProfileName, profiles } from '../../gateways/rules/profiles.ts'
import { createProvider } from '../../identity/provider.ts'
import { createAuthority } from '../../lab/certificate-authority.ts'
import {
  type EmbeddedAddresses,
  embeddedAddresses,
  embeddedAddressesIn,
  loopback,
} from '../../lab/embedded/addresses.ts'
import { EmbeddedNetwork } from '../../lab/embedded/network.ts'
import { vantageDials } from '../../lab/embedded/vantage-dials.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { SignIn } from '../../plan/sign-in.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import type { Behaviour } from '../../reference-proxy/behaviour.ts'
import { type ReferencePorts, ReferenceProxy, usualIssuer, usualPorts } from '../../reference-proxy/reference-proxy.ts'
import { SessionStore } from '../../reference-proxy/session.ts'
import { environmentRow } from '../results/environment-row.ts'
import { ownConfigurationRow, ownGatewayOf } from './configuration-row.ts'
import { gatewayInRun } from './gateway-config.ts'
import { GatewayRefusal } from './gateway-refusal.ts'
import { type Listener, publicPort } from './listeners.ts'
import { observe } from './observed.ts'
import { refusalOf } from './own-gateway-config.ts'
import { referenceLines, referenceSignIn, withSignIn } from './reference-sign-in.ts'
import type { Addresses, RunningEnvironment } from './running-environment.ts'
import { Secrets } from './secrets.ts'
import { anotherLogIn, failedLogIns, foreignCertificate, type SignInParts, signEverybodyIn } from './sign-in.ts'
import { internetBase, trustedNetwork } from './trusted-network.ts'
import { featuresFor, learnForm } from './user-form.ts'
import { embeddedNodes } from './user-nodes.ts'

export type EmbeddedLab = RunningEnvironment & {
  readonly network: EmbeddedNetwork
  readonly sessionStore: SessionStore
  /** The gateway's correct rules. */
  readonly policy: Policy
  /** Replaces the running proxy: same network, same sessions, same gateway. */
  readonly replaceProxy: (behaviour: Behaviour) => Promise<void>
  /** Replaces the running gateway: same proxy, same recording. */
  readonly replaceGateway: (change: (correct: Policy, ownAddress: string) => Policy) => Promise<void>
}

/** What may differ from lab to lab. No result depends on it (`test/metamorphic-embedded.nightly.test.ts`). */
export type LabConstants = {
  /** By which claim the proxy names users. */
  readonly form: UserForm
  readonly issuer: string
  readonly ports: ReferencePorts
  readonly addresses: EmbeddedAddresses
  /** How users sign in. */
  readonly signIn: SignIn
}

const openid: SignIn = { kind: 'openid' }

/** @throws when the gateway refuses its configuration; log-ins that fail are part of the environment, not an error */
export async function startEmbedded(
  planned: PlannedEnvironment,
  constants: Partial<LabConstants> = {},
): Promise<EmbeddedLab> {
  const { form = planned.variant.userForm ?? 'email', issuer = usualIssuer, ports = usualPorts } = constants
  const since = performance.now()
  const stack = new AsyncDisposableStack()
  try {
    const { signIn = planned.variant.login.signIn ?? openid } = constants
    const variant = withSignIn(planned.variant, signIn)
    const secrets = new Secrets()
    const { own } = variant.gateway
    const trusted = own && trustedNetwork(own, variant.topology)
    const usual = trusted === undefined ? embeddedAddresses() : embeddedAddressesIn(trusted.base(), internetBase())
    const network = stack.use(await EmbeddedNetwork.create(constants.addresses ?? usual))
    const { addresses } = network
    const providerName = new URL(issuer).hostname
    const authority = await createAuthority()
    const tls = await authority.issue([variant.host])

    const provider = await createProvider({
      issuer,
      clientId: 'conformance',
      clientSecret: secrets.get('client'),
      callbacks: variant.login.callbacks,
      clientAuth: variant.login.clientAuth,
    })
    stack.defer(() => provider.closeAllConnections())
    network.listen({
      names: [providerName],
      address: addresses.idp,
      port: 80,
      onConnection: (socket) => provider.emit('connection', socket),
    })

    const rules = profiles[profileOf(planned)]
    const password = secrets.get('gateway-password')
    const setting = { variant, rules, proxyAddress: addresses.proxy, password, port: gatewayPort, network: trusted }
    const configuration = gatewayInRun(setting)
    const refused = own && refusalOf(configuration, own, rules)
    if (refused !== undefined) throw new GatewayRefusal(refused, configuration.replaced)
    const started = startup(configuration.config, rules, configuration.environment)
    if (started.kind === 'refused') throw new Error(`The gateway refuses its configuration: ${started.message}`)
    const recorder = stack.use(new Recorder())
    const correct: Policy = { profile: rules, config: started.config }
    const startGateway = (policy: Policy) =>
      new ReferenceGateway({ policy, recorder, ownAddresses: () => ['127.0.0.1', addresses.gateway] })
    let gateway = startGateway(correct)
    stack.defer(() => gateway[Symbol.asyncDispose]())
    network.listen({
      names: ['gateway'],
      address: addresses.gateway,
      port: gatewayPort,
      onConnection: (socket, peer) => gateway.accept(socket, peer),
    })

    const nodes = signIn.kind === 'address' ? embeddedNodes(network) : undefined
    const sessionStore = new SessionStore()
    const options = {
      identity: variant.identity,
      host: variant.host,
      tls: { ...tls, ticketKeys: randomBytes(48) },
      openid: {
        clientId: 'conformance',
        clientSecret: secrets.get('client'),
        clientAuth: variant.login.clientAuth,
        form,
      },
      issuer,
      ports,
      ...referenceSignIn(signIn, secrets, form, authority, nodes),
      sessions: sessionStore,
      topology: variant.topology,
    }
    let proxy = ReferenceProxy.start(network, options)
    stack.defer(() => proxy[Symbol.asyncDispose]())
    const startMs = Math.round(performance.now() - since)

    const dial = vantageDials(network, variant.topology)
    const publicSide = { host: variant.host, dial: dial.internet, ca: authority.certificate, nodes }
    const recordings = stack.use(Recordings.of(recorder))
    const parts: SignInParts = {
      entrance: { ...publicSide, provider: providerName, portal: variant.login.portal },
      secrets,
      authority,
      lines: referenceLines(signIn, secrets),
    }
    const signing = signIn.kind === 'openid' ? variant : { ...variant, userForm: form }
    const signedIn = await signEverybodyIn(signing, parts, (first) => learnForm(variant, publicSide, first, recordings))
    const { sessions, loginMs, naming } = signedIn
    const observed = await observe(variant, publicSide, listenersOf(network, ports), recordings)
    const features = featuresFor(observed.features, naming, signIn)
    const failed = failedLogIns(signedIn)
    const foreign = await foreignCertificate(signing)
    const notes = [naming.note, ...observed.notes].filter((note) => note !== undefined)
    const seen: Addresses = {
      client: addresses.internet,
      lan: addresses.lan,
      proxy: variant.topology === 'sidecar' ? loopback : addresses.proxy,
      gateway: addresses.gateway,
    }
    const resources = stack.move()
    return {
      result: {
        ...environmentRow(planned, { status: 'ready' }),
        startMs,
        loginMs,
        features,
        ...(failed.length > 0 && { failedLogIns: failed }),
        ...(notes.length > 0 && { notes }),
        ...(own && ownConfigurationRow(own, configuration, auditOf(configuration.config.gateway, rules))),
      },
      ...(own && { ownGateway: ownGatewayOf(own, configuration, seen, planned) }),
      get listeners() {
        return listenersOf(network, ports)
      },
      features,
      paths: observed.paths,
      network,
      sessionStore,
      policy: correct,
      addresses: seen,
      dial,
      ...(nodes && { nodes }),
      ca: authority.certificate,
      password: configuration.password ?? password,
      ...foreign,
      provider: providerName,
      logIn: anotherLogIn(signing, parts),
      form: naming.form,
      ...(naming.names && { names: naming.names }),
      sessions,
      recordings,
      auth: {
        stop: async () => proxy.stopAuth(),
        start: async () => proxy.startAuth(),
      },
      logs: async () => ({ proxy: [], gateway: [] }),
      async replaceProxy(behaviour) {
        await proxy[Symbol.asyncDispose]()
        proxy = ReferenceProxy.start(network, { ...options, behaviour })
      },
      async replaceGateway(change) {
        await gateway[Symbol.asyncDispose]()
        gateway = startGateway(change(correct, addresses.gateway))
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** Besides the provider, the proxy's public port and the gateway. */
function listenersOf(network: EmbeddedNetwork, ports: ReferencePorts): Listener[] {
  const { idp, gateway } = network.addresses
  return network.listeners
    .filter(({ address, port }) => address !== idp && port !== publicPort && port !== gatewayPort)
    .map(({ names: [name = ''], address, port }) => ({
      service: name,
      host: name,
      port,
      tls: port === ports['sidecar-tls'],
      beside: address === gateway,
    }))
}

function profileOf({ gateway }: PlannedEnvironment): ProfileName {
  if (!('profile' in gateway)) throw new Error(`${gateway.name}: only the reference gateway runs in process`)
  if (!isProfileName(gateway.profile)) throw new Error(`The reference gateway has no profile ${gateway.profile}`)
  return gateway.profile
}
