/** A variant's containers, the provider, the gateway and the vantage points on a network of their own. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dial } from '../clients/exchange.ts'
import { isProfileName } from '../gateways/profiles.ts'
import { Recordings } from '../gateways/recordings.ts'
import { createAuthority } from '../lab/certificate-authority.ts'
import { ContainerLab, type ContainerSpec } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import { dialThrough } from '../lab/vantage/dial.ts'
import type { Vantage } from '../plan/case.ts'
import { environmentRow } from './collect.ts'
import { harnessSpec, nodeEnvironment, octetOf, serviceOf, serviceSpec } from './container-specs.ts'
import type { EngineAccess } from './engine.ts'
import type { PreparedEnvironment } from './events.ts'
import { gatewayConfig } from './gateway-config.ts'
import { listens, readiness, relayAnswers } from './readiness.ts'
import { environmentFileName } from './results.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { Secrets } from './secrets.ts'
import { logEverybodyIn } from './sessions.ts'
import type { StandUp } from './stand-up.ts'

const gatewayNames = ['gateway']
const relays = ['internet', 'lan', 'proxy-side', 'gateway-side'] as const
type Relay = (typeof relays)[number]
const logLines = 30

/** @throws with the words of the service that did not get ready; log-ins that fail are part of the environment, not an error */
export async function standUpContainers({
  environment,
  engine,
  runId,
  folder,
  keep,
}: StandUp & { engine: EngineAccess }): Promise<RunningEnvironment> {
  const since = performance.now()
  await using stack = new AsyncDisposableStack()
  const { variant } = environment
  const own = join(folder, shortName(environment.id))
  const secrets = new Secrets()
  const harness = serviceOf(environment, 'harness')

  const [authority] = await Promise.all([createAuthority(), mkdir(own, { recursive: true })])
  const publicNames = [...new Set([variant.host, ...(variant.names.proxy ?? [])])]
  const tls = await authority.issue(publicNames)
  const lab = await ContainerLab.create(engine.socket, runId, `conformance-${runId}-${shortName(environment.id)}`)
  if (!keep) stack.use(lab)
  const address = (name: string) => lab.network.address(octetOf(name, variant.services))
  const addresses = Object.fromEntries(
    [...variant.services.map(({ name }) => name), 'idp', 'gateway'].map((name) => [name, address(name)]),
  )

  // Secrets are made on first use: everything that uses one is written out before the folder is.
  const specs = variant.services.map((service) => serviceSpec(service, environment, addresses, secrets))
  const password = secrets.get('gateway-password')
  secrets.get('client')
  const shared = join(own, 'shared')
  await secrets.writeFolder(shared, { 'ca.crt': authority.certificate, 'tls.crt': tls.certificate, 'tls.key': tls.key })
  const sockets = await Promise.all(
    [...relays, 'gateway'].map(async (name) => {
      const path = join(own, name)
      await mkdir(path)
      await chmod(path, 0o777)
      return [name, path] as const
    }),
  )
  const socketFolder = (name: Relay | 'gateway') => new Map<string, string>(sockets).get(name) ?? ''
  const config = join(own, 'gateway.json')
  await writeFile(config, JSON.stringify(gatewayConfig(variant, profileOf(environment), address('proxy'), password)))

  const relaySpec = (name: Relay, place: ContainerSpec['place']): ContainerSpec => ({
    ...harnessSpec(
      harness,
      `${name}`,
      ['harness/lab/vantage/relay.mjs', '/vantage/relay.sock'],
      [{ source: socketFolder(name), target: '/vantage', writable: true }],
    ),
    place,
    ready: () => relayAnswers(join(socketFolder(name), 'relay.sock')),
  })
  const dialFrom = (name: Relay) => dialThrough(join(socketFolder(name), 'relay.sock'))
  const internet = dialFrom('internet')
  const withBinds = (spec: ContainerSpec): ContainerSpec => ({
    ...spec,
    binds: [...spec.binds, { source: shared, target: '/run/conformance' }],
  })
  await lab.start([
    relaySpec('internet', { octet: octets.internet, names: ['internet'] }),
    relaySpec('lan', { octet: octets.lan, names: ['lan'] }),
    relaySpec('proxy-side', { beside: 'proxy' }),
    relaySpec('gateway-side', { beside: 'gateway' }),
    withBinds({
      ...harnessSpec(harness, 'idp', ['harness/identity/provider-main.ts'], []),
      env: {
        ...nodeEnvironment,
        OIDC_CALLBACKS: JSON.stringify(variant.login.callbacks),
        OIDC_CLIENT_AUTH: variant.login.clientAuth,
      },
      place: { octet: octets.idp, names: ['idp.test', 'idp'] },
      after: ['internet'],
      ready: () => listens(internet, 'idp.test', 80),
    }),
    {
      ...harnessSpec(
        harness,
        'gateway',
        [
          'harness/gateways/reference-gateway-main.ts',
          '--config',
          '/etc/gateway/gateway.json',
          '--recorder',
          '/recorder/recorder.sock',
          '--profile',
          profileOf(environment),
        ],
        [
          { source: config, target: '/etc/gateway/gateway.json' },
          { source: socketFolder('gateway'), target: '/recorder', writable: true },
        ],
      ),
      place: { octet: octets.gateway, names: [...gatewayNames, ...(variant.names.gateway ?? [])] },
      after: ['internet'],
      ready: () => listens(internet, 'gateway', 18789),
    },
    ...specs.map(withBinds).map((spec, index): ContainerSpec => {
      const service = variant.services[index]
      return service === undefined
        ? spec
        : {
            ...spec,
            after: [...spec.after, 'internet'],
            ready: readiness(service, {
              dial: internet,
              ca: authority.certificate,
              publicHost: variant.host,
              log: () => lab.log(service.name, 500),
            }),
          }
    }),
  ])
  const recordings = stack.use(await Recordings.connect(join(socketFolder('gateway'), 'recorder.sock')))
  const startMs = Math.round(performance.now() - since)
  const { sessions, loginMs } = await logEverybodyIn({ host: variant.host, dial: internet, ca: authority.certificate })

  const beside = dialFrom('gateway-side')
  const dial: Record<Vantage, Dial> = {
    internet,
    lan: dialFrom('lan'),
    'proxy-host': dialFrom('proxy-side'),
    'gateway-loopback': beside,
    'gateway-own-address': beside,
  }
  const standing = stack.move()
  return {
    result: {
      ...environmentRow(environment, { status: 'ready' }),
      startMs,
      loginMs,
      services: variant.services.map(({ name, title }) => {
        const { version, source, image } = serviceOf(environment, name)
        return { name: `${name}: ${title}`, version, source, image: image.reference }
      }),
    },
    addresses: {
      client: lab.network.address(octets.internet),
      lan: lab.network.address(octets.lan),
      proxy: address('proxy'),
      gateway: address('gateway'),
    },
    dial,
    ca: authority.certificate,
    password,
    sessions,
    recordings,
    secrets: secrets.all(),
    logs: async () => ({ proxy: await lab.log('proxy', logLines), gateway: await lab.log('gateway', logLines) }),
    [Symbol.asyncDispose]: () => standing.disposeAsync(),
  }
}

/** Unix sockets' paths are short, and so are the names of containers. */
function shortName(id: string): string {
  const hash = [...id].reduce((sum, character) => (Math.imul(sum, 31) + character.charCodeAt(0)) >>> 0, 7).toString(36)
  return `${environmentFileName(id).slice(0, 12).toLowerCase()}-${hash}`.replace(/[^a-z0-9-]/g, '-')
}

function profileOf({ gateway }: PreparedEnvironment) {
  if ('profile' in gateway && isProfileName(gateway.profile)) return gateway.profile
  throw new Error(`${gateway.name}: only the reference gateway can be stood up`)
}
