/** A container with what testcontainers has no word for: a fixed address and names on one network, and on no other. */
import { GenericContainer } from 'testcontainers'
import type { Confined } from './confinement.ts'

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

  /** testcontainers has no word for a read-only root file system, nor for a limit of processes. */
  confine(confined: Confined): this {
    Object.assign(this.hostConfig, confined)
    return this
  }

  bind(binds: readonly Bind[]): this {
    this.hostConfig.Mounts = mountsOf(binds)
    return this
  }
}

/** Read-only unless it says otherwise. In the long form: the short one takes a colon in a path for its own. */
export function mountsOf(binds: readonly Bind[]) {
  return binds.map(({ source, target, writable = false }) => ({
    Type: 'bind' as const,
    Source: source,
    Target: target,
    ReadOnly: !writable,
  }))
}
