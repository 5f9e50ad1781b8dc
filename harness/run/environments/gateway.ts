/** The gateway behind the proxy in an environment of containers, whichever it is. */

import type { Recordings } from '../../gateways/recording/recordings.ts'
import type { ContainerLab, ContainerSpec } from '../../lab/containers/container-lab.ts'
import type { Dial } from '../../lab/dial.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import type { PreparedEnvironment } from '../protocol/request.ts'
import type { GatewayWritten } from './gateway-config.ts'
import type { GatewayInRun } from './own-gateway-config.ts'
import type { RunningEnvironment } from './running-environment.ts'
import type { TrustedNetwork } from './trusted-network.ts'

/** The environment that a gateway is wanted for. */
export type GatewaySite = {
  readonly environment: PreparedEnvironment
  readonly lab: ContainerLab
  /** Of the run's own code. */
  readonly harness: PreparedService
  readonly folder: string
  readonly proxyAddress: string
  readonly password: string
  readonly internet: Dial
  /** Chosen for the operator's own configuration of the gateway. */
  readonly network?: TrustedNetwork | undefined
}

export type LabGateway = {
  readonly configuration: GatewayInRun
  /** All that it is started with. */
  readonly written: GatewayWritten
  /** To be started together with the proxy. */
  readonly specs: readonly ContainerSpec[]
  /** From inside the gateway's network namespace. */
  readonly beside: Dial
  /**
   * Resolves when the gateway decides by this environment's configuration.
   * @param proxySide dials from the proxy's address
   * @returns its recordings; nothing where it keeps none
   */
  readonly settled: (proxySide: Dial) => Promise<Recordings | undefined>
  /** The program's own command line. */
  readonly cli?: NonNullable<RunningEnvironment['cli']>
  readonly log: (count: number) => Promise<readonly string[]>
}
