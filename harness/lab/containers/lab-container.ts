/** A container with what testcontainers has no word for: a fixed address and names on one network, and on no other. */
import { GenericContainer } from 'testcontainers'

export type Placement =
  /** An address of its own on the environment's network. */
  | { readonly kind: 'network'; readonly network: string; readonly address: string; readonly names: readonly string[] }
  /** In the network namespace of another container: its addresses, its loopback. */
  | { readonly kind: 'beside'; readonly container: string }

export type Bind = { readonly source: string; readonly target: string; readonly writable?: boolean }

export class LabContainer extends GenericContainer {
  /** @param placement `withNetworkAliases` would add an address on the default bridge, which is a second way in */
  place(placement: Placement): this {
    if (placement.kind === 'beside') {
      this.networkMode = `container:${placement.container}`
      return this
    }
    const { network, address, names } = placement
    this.networkMode = network
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address }, Aliases: [...names] } },
    }
    return this
  }

  /** Read-only unless it says otherwise. */
  bind(binds: readonly Bind[]): this {
    this.hostConfig.Binds = binds.map(({ source, target, writable }) => `${source}:${target}:${writable ? 'rw' : 'ro'}`)
    return this
  }

  /** A proxy may serve 443 as a user of its own. */
  allowLowPorts(): this {
    this.hostConfig.Sysctls = { 'net.ipv4.ip_unprivileged_port_start': '0' }
    return this
  }
}
