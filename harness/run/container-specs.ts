/** What each container of an environment is started with. */
import { resolve } from 'node:path'
import type { ContainerSpec } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import type { Service } from '../plan/proxy.ts'
import type { PreparedEnvironment } from './events.ts'
import type { Secrets } from './secrets.ts'

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
