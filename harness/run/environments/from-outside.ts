/** The internet as an environment's clients see it: a network of its own with public addresses, on which proxy and gateway can be reached. */
import { octets } from '../../lab/containers/network.ts'
import type { OutsideNetwork } from '../../lab/containers/outside-network.ts'
import type { Dial } from '../../lab/dial.ts'
import type { Variant } from '../../plan/proxy.ts'
import { hostNamesOf, octetOf } from './container-specs.ts'

/**
 * @param dial of the place where the clients are. What has no address out there is reached as before: the provider, which is not under test.
 * @returns dials proxy and gateway by their addresses on the outside
 */
export function dialFromOutside(dial: Dial, outside: Pick<OutsideNetwork, 'address'>, variant: Variant): Dial {
  const names = new Map(
    (['gateway', 'proxy'] as const).flatMap((service) => {
      const address = outside.address(service === 'proxy' ? octetOf('proxy', variant.services) : octets.gateway)
      return hostNamesOf(service, variant).map((name) => [name.toLowerCase(), address] as const)
    }),
  )
  return (host, port) => dial(names.get(host.toLowerCase()) ?? host, port)
}

/** Takes in who can be reached from there, and the clients' own place where that is a container. */
export async function openToOutside(
  outside: OutsideNetwork,
  idOf: (name: string) => Promise<string>,
  { topology }: Pick<Variant, 'topology'>,
  clients: 'container' | 'engine',
): Promise<void> {
  await outside.invite(await idOf('gateway'), octets.gateway)
  if (topology === 'network') await outside.invite(await idOf('proxy'), octets.proxy)
  if (clients === 'container') await outside.invite(await idOf('internet'), octets.internet)
}
