/** Finds what listens in an environment of containers. */

import type { ContainerLab } from '../../lab/containers/container-lab.ts'
import { engineClient } from '../../lab/deadlines.ts'
import type { Dial } from '../../lab/dial.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Service } from '../../plan/proxy.ts'
import type { PreparedEnvironment } from '../protocol/request.ts'
import { type Listener, publicPort, reachable } from './listeners.ts'
import { listeningPorts } from './listening-ports.ts'
import { alpnOf, type PublicSide } from './observed.ts'
import { isNode } from './user-nodes.ts'

/**
 * Where a proxy or its side services are usually administered or listen a second time: HTTP, Caddy's administration, Traefik's API, Envoy's
 * administration, metrics. Tried where the engine's processes are not of this machine.
 */
const usualPorts = [80, 2019, 4180, 4181, 5443, 8000, 8080, 8082, 8443, 9000, 9090, 9100, 9901, 10_000, 15_000]

type Candidate = Omit<Listener, 'tls'>

/** Every port on which a service of the variant may listen, but for the public one and the gateway's. */
export async function candidatesOf(
  socketPath: string,
  lab: ContainerLab,
  { variant, gateway }: PreparedEnvironment,
): Promise<readonly Candidate[]> {
  const docker = engineClient(socketPath)
  const seenBy = async ({ name, command, ports, beside }: Service): Promise<readonly number[]> => {
    const { State } = await docker.getContainer(await lab.idOf(name)).inspect()
    const seen = (await listeningPorts(State.Pid, command[0] ?? '')) ?? usualPorts
    // A real gateway opens ports of its own in the namespace that it shares with a sidecar.
    const own = beside !== undefined && 'version' in gateway ? [] : seen
    return [...new Set([...ports, ...own])]
  }
  const found = await Promise.all(
    // Where a user connects from is no part of what is tested.
    variant.services
      .filter(({ name }) => !isNode(name, variant))
      .map(async (service): Promise<readonly Candidate[]> => {
        const ports = await seenBy(service)
        const beside = service.beside !== undefined
        return ports.map((port) => ({ service: service.name, host: service.name, port, beside }))
      }),
  )
  // Of several services in one namespace, the one that declares a port is whose it is.
  const declared = (service: string, port: number) =>
    variant.services.some(({ name, ports }) => name === service && ports.includes(port))
  const all = found.flat().filter(({ port }) => port !== (variant.gateway.port ?? gatewayPort))
  return all.filter(({ service, port, beside }, index) => {
    if (service === 'proxy' && port === publicPort) return false
    if (!beside) return true
    const same = all.filter((other) => other.beside && other.port === port)
    const owner = same.find((other) => declared(other.service, port)) ?? same[0]
    return owner === all[index]
  })
}

/** Of those, what a neighbour can connect to. */
export async function listenersOf(
  publicSide: PublicSide,
  neighbour: Dial,
  candidates: readonly Candidate[],
): Promise<readonly Listener[]> {
  return await reachable(candidates, neighbour, async (host, port) => {
    await alpnOf({ ...publicSide, dial: (_publicHost, at) => neighbour(host, at) }, port)
    return true
  })
}
