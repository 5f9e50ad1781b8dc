/** Users who are known by their addresses: each connects from a node of a private network, through the SOCKS5 server of a service. */
import type { Dial } from '../../lab/dial.ts'
import { loopback } from '../../lab/embedded/addresses.ts'
import type { EmbeddedNetwork } from '../../lab/embedded/network.ts'
import { dialFromFurtherPorts } from '../../lab/vantage/further-ports.ts'
import { dialThroughSocks } from '../../lab/vantage/socks.ts'
import type { Principal } from '../../plan/case.ts'
import type { Variant } from '../../plan/proxy.ts'
import type { UserNodes } from '../../plan/sign-in.ts'
import { hostNamesOf } from './container-specs.ts'

/** Where a user connects from, and the address that the gateway should be told. */
export type UserNode = { readonly dial: Dial; readonly address: string }

/** Whoever has no node of their own connects from the one that is nobody's. */
export type NodesOfUsers = Readonly<Record<Principal, UserNode>>

type Lab = {
  /** Of the place where clients are, to containers of the environment. */
  readonly direct: Dial
  /** From inside the gateway's network namespace. */
  readonly beside: Dial
  /** Leads port 443 of the public host to the port that the proxy has. */
  readonly publicSide: (dial: Dial) => Dial
  /** Of the container. */
  readonly addressOf: (service: string) => string
  readonly logOf: (service: string) => Promise<readonly string[]>
}

/** @throws where a node has not said its address */
export async function nodesInRun(
  { port, ...named }: UserNodes,
  variant: Pick<Variant, 'host' | 'names' | 'services'>,
  lab: Lab,
): Promise<{ readonly nodes: NodesOfUsers; readonly host?: UserNode }> {
  const isPublic = namesOfProxy(variant)
  const nodeAt = async (service: string): Promise<UserNode> => {
    const { beside } = variant.services.find(({ name }) => name === service) ?? {}
    const [reach, at] = beside === undefined ? [lab.direct, service] : [lab.beside, loopback]
    const socks = dialFromFurtherPorts(dialThroughSocks(reach, at, port))
    // The gateway's machine has one name on the private network, and nothing else of the lab is there.
    const dial: Dial = (host, to) => (isPublic(host) ? socks(variant.host, to) : lab.direct(host, to))
    return { dial: lab.publicSide(dial), address: await addressOf(service, variant, lab) }
  }
  const [alice, bob, nobody, host] = await Promise.all([
    nodeAt(named.alice),
    nodeAt(named.bob ?? named.nobody),
    nodeAt(named.nobody),
    named.host === undefined ? undefined : nodeAt(named.host),
  ])
  return { nodes: { alice, bob, anonymous: nobody, 'no-email': nobody }, ...(host && { host }) }
}

/** In process the proxy sees the addresses themselves. */
export function embeddedNodes(network: EmbeddedNetwork): NodesOfUsers {
  const { internet } = network.addresses
  const nodeAt = (address: string): UserNode => ({ address, dial: network.dialFrom(address) })
  const neighbour = (last: number) => nodeAt(internet.replace(/\d+$/, String(last)))
  const nobody = nodeAt(internet)
  return { alice: neighbour(41), bob: neighbour(42), anonymous: nobody, 'no-email': nobody }
}

/** Whether a host name is one of the machine on which proxy and gateway are. */
function namesOfProxy(variant: Pick<Variant, 'host' | 'names' | 'services'>): (host: string) => boolean {
  const names = new Set(['proxy', 'gateway'].flatMap((service) => hostNamesOf(service, variant)))
  return (host) => names.has(host.toLowerCase())
}

/** A node says its address in the line by which it is ready, not what arrives: that is what cases hold against it. */
async function addressOf(
  service: string,
  { services }: Pick<Variant, 'services'>,
  { addressOf: ofContainer, logOf }: Lab,
): Promise<string> {
  const { ready } = services.find(({ name }) => name === service) ?? {}
  if (ready === undefined || !('log' in ready) || !ready.log.includes('(')) return ofContainer(service)
  const pattern = new RegExp(ready.log)
  const said = (await logOf(service)).map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined)
  if (said === undefined) throw new Error(`${service} did not say its address: no line of its log matches ${ready.log}`)
  return said
}

/** Whose container is only where a user connects from. */
export function isNode(service: string, { login }: Pick<Variant, 'login'>): boolean {
  if (login.signIn?.kind !== 'address') return false
  const { alice, bob, nobody } = login.signIn.nodes
  return [alice, bob, nobody].includes(service)
}
