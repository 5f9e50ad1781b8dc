/** What each container of an environment is started with. */
import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ContainerSpec } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import type { Service } from '../plan/proxy.ts'
import type { PreparedEnvironment } from './events.ts'
import { relayAnswers } from './readiness.ts'
import type { Secrets } from './secrets.ts'

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
  const folder = await vantageFolder(parent, name)
  const socket = join(folder, 'relay.sock')
  const bind = { source: folder, target: '/vantage', writable: true }
  const spec = harnessSpec(harness, name, ['harness/lab/vantage/relay.mjs', '/vantage/relay.sock'], [bind])
  return { spec: { ...spec, place, ready: () => relayAnswers(socket) }, socket }
}

/** Where the project's own code stands in the harness's containers. */
const inside = '/conformance'
const project = resolve(import.meta.dirname, '..', '..')

export function serviceOf(environment: PreparedEnvironment, name: string): PreparedService {
  const service = environment.services[name]
  if (service === undefined) throw new Error(`${environment.id}: nothing was prepared for ${name}`)
  return service
}

/** Last octet of a service's address. */
export function octetOf(name: string, services: readonly Service[]): number {
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

export const nodeEnvironment = { NODE_NO_WARNINGS: '1' }

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
    command: ['node', ...args.map((arg) => (arg.startsWith('harness/') ? `${inside}/${arg}` : arg))],
    env: nodeEnvironment,
    binds: [...harness.binds, { source: project, target: inside }, ...binds],
    tmpfs: [],
    after: [],
  }
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
