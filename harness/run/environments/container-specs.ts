/** What each container of an environment is started with. */
import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { compiledFolder } from '../../lab/cache/folder.ts'
import { dropsToAnotherUser } from '../../lab/containers/confinement.ts'
import type { ContainerSpec } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import { inContainer, projectBinds } from '../../lab/containers/project-bind.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import type { PreparedEnvironment } from '../protocol/request.ts'
import { environmentFileName } from '../results/results.ts'
import { relayAnswers } from './readiness.ts'
import type { Secrets } from './secrets.ts'

/** Unix sockets' paths are short, and so are the names of containers. */
export function shortName(id: string): string {
  const hash = [...id].reduce((sum, character) => (Math.imul(sum, 31) + character.charCodeAt(0)) >>> 0, 7).toString(36)
  return `${environmentFileName(id).slice(0, 12).toLowerCase()}-${hash}`.replace(/[^a-z0-9-]/g, '-')
}

/** Makes a folder for a unix socket that a container binds, whatever user it runs as. @returns its path */
export async function vantageFolder(parent: string, name: string): Promise<string> {
  const path = join(parent, name)
  await mkdir(path)
  await chmod(path, 0o777)
  return path
}

/** A relay at a vantage point (`lab/vantage/relay.mjs`), with the path of its socket. */
export async function relaySpec(
  harness: PreparedService,
  parent: string,
  name: string,
  place: ContainerSpec['place'],
): Promise<{ readonly spec: ContainerSpec; readonly socket: string }> {
  const { binds, env, socket } = await vantagePoint(parent, name)
  const spec = harnessSpec(harness, name, [relay], binds)
  return { spec: { ...spec, env: { ...spec.env, ...env }, place, ready: () => relayAnswers(socket) }, socket }
}

/** One of the project's own containers that is a vantage point as well: its process relays beside its work, which spares a container. */
export async function withRelay<Spec extends Pick<ContainerSpec, 'name' | 'command' | 'env' | 'binds'>>(
  spec: Spec,
  parent: string,
): Promise<{ readonly spec: Spec; readonly socket: string }> {
  const { binds, env, socket } = await vantagePoint(parent, `${spec.name}-side`)
  const [node = 'node', ...args] = spec.command
  return {
    spec: {
      ...spec,
      command: [node, '--import', inContainer(relay), ...args],
      env: { ...spec.env, ...env },
      binds: [...spec.binds, ...binds],
    },
    socket,
  }
}

const relay = 'harness/lab/vantage/relay.mjs'

/** Of the relay at this vantage point. */
export const vantageSocket = (parent: string, name: string) => join(parent, name, 'relay.sock')

async function vantagePoint(parent: string, name: string) {
  await mkdir(compiled.source, { recursive: true })
  const folder = await vantageFolder(parent, name)
  return {
    socket: vantageSocket(parent, name),
    env: { VANTAGE_SOCKET: '/vantage/relay.sock' },
    binds: [{ source: folder, target: '/vantage', writable: true }],
  }
}

export function serviceOf(environment: PreparedEnvironment, name: string): PreparedService {
  const service = environment.services[name]
  if (service === undefined) throw new Error(`${environment.id}: nothing was prepared for ${name}`)
  return service
}

/** Last octet of a service's address; of one beside the gateway, the gateway's. */
export function octetOf(name: string, services: readonly Service[]): number {
  if (services.some((service) => service.name === name && service.beside)) return octets.gateway
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

/** Host names that lead to a service (or `gateway`). Those of a service without an address of its own are the gateway's. */
export function hostNamesOf(
  name: string,
  { host, names, services }: Pick<Variant, 'host' | 'names' | 'services'>,
): readonly string[] {
  const own = [name, ...(name === 'proxy' ? [host] : []), ...(names[name] ?? [])]
  const guests = name === 'gateway' ? services.filter(({ beside }) => beside) : []
  return [...new Set([...own, ...guests.flatMap((guest) => hostNamesOf(guest.name, { host, names, services }))])]
}

/** Not the folder that the command line itself runs from: what a container writes there, containers alone execute. */
const compiled = { source: join(compiledFolder, 'in-containers'), target: '/compiled', writable: true }

/** A container that runs the project's own code. @param args paths below `harness/` are the project's */
export function harnessSpec(
  harness: PreparedService,
  name: string,
  args: readonly string[],
  binds: ContainerSpec['binds'],
): Omit<ContainerSpec, 'place'> {
  return {
    name,
    image: harness.image.reference,
    command: ['node', ...args.map((arg) => (arg.startsWith('harness/') ? inContainer(arg) : arg))],
    env: { NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: compiled.target },
    binds: [...harness.binds, ...projectBinds, compiled, ...binds],
    tmpfs: [],
    after: [],
  }
}

/** Whether a service ends TLS with the certificate of the run. */
export const certified = ({ fromRun = {} }: Service) =>
  Object.values(fromRun).some((kind) => kind === 'certificate' || kind === 'pair')

/** What the run puts where the configuration looks for it. @param shared the folder that is /run/conformance */
export function runBinds({ fromRun = {} }: Service, shared: string): ContainerSpec['binds'] {
  const files = {
    certificate: 'tls.crt',
    key: 'tls.key',
    pair: 'tls.pem',
    authority: 'ca.crt',
    names: 'names.json',
    htpasswd: 'htpasswd',
    emails: 'emails',
  }
  return Object.entries(fromRun).map(([target, kind]) => ({ source: join(shared, files[kind]), target }))
}

/** No engine binds two things at one place: what the run puts there counts. */
export function lastAtEachPlace(binds: ContainerSpec['binds']): ContainerSpec['binds'] {
  return [...new Map(binds.map((bind) => [bind.target, bind])).values()]
}

/** A container of the variant, with its real configuration files. */
export function serviceSpec(
  service: Service,
  environment: PreparedEnvironment,
  addresses: Readonly<Record<string, string>>,
  secrets: Secrets,
): ContainerSpec {
  const { variant } = environment
  const prepared = serviceOf(environment, service.name)
  return {
    name: service.name,
    image: prepared.image.reference,
    command: service.command,
    ...(service.ownProgram && { ownProgram: true }),
    env: Object.fromEntries(
      Object.entries(service.env).map(([key, value]) => [key, secrets.fill(value, addresses, service.version)]),
    ),
    binds: [
      ...prepared.binds,
      ...Object.entries(service.files).map(([file, target]) => ({ source: resolve(variant.folder, file), target })),
    ],
    tmpfs: service.tmpfs,
    allowance: dropsToAnotherUser,
    place:
      service.beside === undefined
        ? { octet: octetOf(service.name, variant.services), names: hostNamesOf(service.name, variant) }
        : { beside: service.beside },
    after: service.after,
  }
}
