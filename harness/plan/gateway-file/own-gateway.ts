/** An operator's own configuration of the gateway, as a variant carries it. Plain JSON. */
import type { GatewayFile } from './read.ts'

/** Credentials that the gateway takes from its environment as well. */
export type GatewayEnvironment = {
  readonly OPENCLAW_GATEWAY_TOKEN?: string
  readonly OPENCLAW_GATEWAY_PASSWORD?: string
}

/** An operator's own configuration of the gateway, for one variant. */
export type OwnGateway = GatewayFile & {
  /** As a reader knows it: relative to the folder of the proxy. */
  readonly shown: string
  readonly environment: GatewayEnvironment
  /** Address of the proxy in the operator's network, where something says it. */
  readonly proxyAddress?: string
  /** Keys of proxy.yaml that the file decides instead. */
  readonly unused: readonly string[]
}
