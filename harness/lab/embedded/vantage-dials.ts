/** How each vantage point of a case reaches the others in an embedded environment. */

import type { Vantage } from '../../plan/case.ts'
import type { Topology } from '../../plan/proxy.ts'
import type { Dial } from '../dial.ts'
import { loopback } from './addresses.ts'
import type { EmbeddedNetwork } from './network.ts'

/** From the gateway's own namespace, `localhost` is the gateway, and so is the gateway's name. A sidecar lives there. */
export function vantageDials(
  network: EmbeddedNetwork,
  topology: Topology = 'network',
): Readonly<Record<Vantage, Dial>> {
  const { internet, lan, proxy, gateway } = network.addresses
  const ownHost = { [loopback]: gateway, localhost: gateway }
  const beside = network.dialFrom(loopback, ownHost)
  return {
    internet: network.dialFrom(internet),
    lan: network.dialFrom(lan),
    'proxy-host': topology === 'sidecar' ? beside : network.dialFrom(proxy),
    'gateway-loopback': beside,
    'gateway-own-address': network.dialFrom(gateway, ownHost),
  }
}
