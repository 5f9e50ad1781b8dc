/** A variant's containers, the provider, the gateway and the vantage points on a network of their own. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join, resolve } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { Dial } from '../clients/exchange.ts'
import { isProfileName } from '../gateways/profiles.ts'
import { Recordings } from '../gateways/recordings.ts'
import { createAuthority } from '../lab/certificate-authority.ts'
import { ContainerLab, type ContainerSpec } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import { dialThrough } from '../lab/vantage/dial.ts'
import type { Vantage } from '../plan/case.ts'
import type { Service } from '../plan/proxy.ts'
import { environmentRow } from './collect.ts'
import type { EngineAccess } from './engine.ts'
import type { PreparedEnvironment } from './events.ts'
import { gatewayConfig } from './gateway-config.ts'
import { environmentFileName } from './results.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { Secrets } from './secrets.ts'
import { logEverybodyIn } from './sessions.ts'
import type { StandUp } from './stand-up.ts'

/** Where the project's own code stands in the harness's containers. */
const inside = '/conformance'
const project = resolve(import.meta.dirname, '..', '..')
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
    ready: () => answers(join(socketFolder(name), 'relay.sock')),
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
            ready: readiness(service, spec, lab, internet, authority.certificate, publicNames),
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

function serviceOf(environment: PreparedEnvironment, name: string): PreparedService {
  const service = environment.services[name]
  if (service === undefined) throw new Error(`${environment.id}: nothing was prepared for ${name}`)
  return service
}

function octetOf(name: string, services: readonly Service[]): number {
  switch (name) {
    case 'proxy':
    case 'auth':
    case 'idp':
    case 'gateway':
      return octets[name]
    default:
      return octets.further + services.findIndex((service) => service.name === name)
  }
}

/** Compiled code is kept between containers' starts. */
const nodeEnvironment = { NODE_NO_WARNINGS: '1' }

function harnessSpec(
  harness: PreparedService,
  name: string,
  args: readonly string[],
  binds: ContainerSpec['binds'],
): Omit<ContainerSpec, 'place'> {
  return {
    name,
    image: harness.image.reference,
    command: ['node', ...args.map((arg) => (arg.startsWith('harness/') ? `${inside}/${arg}` : arg))],
    env: nodeEnvironment,
    binds: [...harness.binds, { source: project, target: inside }, ...binds],
    tmpfs: [],
    after: [],
  }
}

function serviceSpec(
  service: Service,
  environment: PreparedEnvironment,
  addresses: Readonly<Record<string, string>>,
  secrets: Secrets,
): ContainerSpec {
  const { variant } = environment
  const prepared = serviceOf(environment, service.name)
  const names =
    service.name === 'proxy'
      ? ['proxy', variant.host, ...(variant.names.proxy ?? [])]
      : [service.name, ...(variant.names[service.name] ?? [])]
  return {
    name: service.name,
    image: prepared.image.reference,
    command: service.command,
    env: Object.fromEntries(
      Object.entries(service.env).map(([key, value]) => [key, secrets.fill(value, addresses, service.version)]),
    ),
    binds: [
      ...prepared.binds,
      ...Object.entries(service.files).map(([file, target]) => ({ source: resolve(variant.folder, file), target })),
    ],
    tmpfs: service.tmpfs,
    place: { octet: octetOf(service.name, variant.services), names: [...new Set(names)] },
    after: service.after,
  }
}

function readiness(
  service: Service,
  spec: ContainerSpec,
  lab: ContainerLab,
  internet: Dial,
  ca: string,
  publicNames: readonly string[],
): () => Promise<boolean> {
  const { ready } = service
  if ('port' in ready) return () => listens(internet, spec.name, ready.port)
  if ('log' in ready) {
    const pattern = new RegExp(ready.log)
    return async () => (await lab.log(spec.name, 500)).some((line) => pattern.test(line))
  }
  // `app.test` stands for whatever the variant's public name is.
  const url = new URL(ready.http)
  const host = url.hostname === 'app.test' ? (publicNames[0] ?? url.hostname) : url.hostname
  return async () => (await statusOf(url, host, internet, ca)) === ready.status
}

const answers = async (path: string) => {
  const relay = dialThrough(path)
  // Nobody listens on port 9 of a relay's own loopback: an answer of any kind shows that the relay is there.
  return await relay('127.0.0.1', 9).then(
    (stream) => {
      stream.destroy()
      return true
    },
    (error: Error) => !/relay/.test(error.message),
  )
}

async function listens(dial: Dial, host: string, port: number): Promise<boolean> {
  const stream = await dial(host, port)
  stream.destroy()
  return true
}

async function statusOf(url: URL, host: string, dial: Dial, ca: string): Promise<number | undefined> {
  const secure = url.protocol === 'https:'
  const plain = await dial(host, Number(url.port) || (secure ? 443 : 80))
  const stream = secure ? connectTls({ socket: plain, ca, servername: host }) : plain
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      stream.destroy()
      reject(error)
    }
    stream.once('error', fail)
    const request = httpRequest({
      createConnection: () => stream,
      path: url.pathname + url.search,
      headers: { host, connection: 'close' },
      timeout: 2000,
    })
    request.once('response', (response) => {
      response.resume()
      stream.destroy()
      resolve(response.statusCode)
    })
    request.once('error', fail)
    request.once('timeout', () => fail(new Error('no answer')))
    request.end()
  })
}
