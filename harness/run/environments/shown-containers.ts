/** What the stand-in of the Docker API shows of an environment: its services and its gateway, as the deployment labels them. */
import { join } from 'node:path'
import type { Bind } from '../../lab/containers/lab-container.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import { type ShownContainer, serveDockerApi } from '../../stand-ins/docker-api.ts'
import { vantageFolder } from './container-specs.ts'
import { withUsers } from './own-users.ts'
import type { Secrets } from './secrets.ts'

/**
 * Starts the stand-in where a service of the variant wants it.
 * @returns the bind of each such service, by its name
 */
export async function showContainers(
  { services, gateway, userForm }: Pick<Variant, 'services' | 'gateway' | 'userForm'>,
  address: (name: string) => string,
  folder: string,
  secrets: Secrets,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Bind>> {
  const readers = services.filter(({ dockerSocket }) => dockerSocket !== undefined)
  if (readers.length === 0) return new Map()
  const socket = join(await vantageFolder(folder, 'docker'), 'docker.sock')
  const shown = [
    ...services.map(shownService(address)),
    shownAs('gateway', gateway.labels ?? {}, address('gateway'), [gateway.port ?? gatewayPort]),
  ]
  const filled = shown.map((one) => ({
    ...one,
    labels: Object.fromEntries(
      Object.entries(one.labels).map(([label, value]) => [label, withUsers(value, secrets, userForm)]),
    ),
  }))
  stack.use(await serveDockerApi(socket, filled))
  return new Map(
    readers.map(({ name, dockerSocket = '' }) => [name, { source: socket, target: dockerSocket, writable: true }]),
  )
}

const shownService =
  (address: (name: string) => string) =>
  ({ name, labels = {}, ports }: Service): ShownContainer =>
    shownAs(name, labels, address(name), ports)

/** Name, networks and further ports stand in labels: Docker's own, and two of this suite. */
function shownAs(
  role: string,
  labels: Readonly<Record<string, string>>,
  address: string,
  ports: readonly number[],
): ShownContainer {
  const project = labels['com.docker.compose.project']
  const service = labels['com.docker.compose.service'] ?? role
  const listed = (label: string) => (labels[label] ?? '').split(',').filter(Boolean)
  return {
    name: project === undefined ? service : `${project}-${service}-1`,
    image: service,
    labels: Object.fromEntries(Object.entries(labels).filter(([label]) => !label.startsWith('conformance.'))),
    networks: listed('conformance.networks'),
    address,
    ports: [...new Set([...listed('conformance.ports').map(Number), ...ports])],
  }
}
