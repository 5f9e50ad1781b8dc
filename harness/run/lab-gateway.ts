/** What stands behind the proxy in an environment of containers: the reference gateway of its own, or a real program that is lent to it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dial } from '../clients/exchange.ts'
import { isProfileName, profiles } from '../gateways/profiles.ts'
import { Recordings } from '../gateways/recordings.ts'
import type { ContainerLab, ContainerSpec } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import { dialThrough } from '../lab/vantage/dial.ts'
import { harnessSpec, namesOf, vantageFolder, withRelay } from './container-specs.ts'
import type { PreparedEnvironment } from './events.ts'
import { gatewayConfig } from './gateway-config.ts'
import { listens } from './readiness.ts'
import type { RunningEnvironment } from './running-environment.ts'

export const gatewayPort = 18_789

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
}

export type LabGateway = {
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

/** The reference gateway: a container of the environment's own, with the recorder's channel in a folder that nobody else sees. */
export async function referenceGateway(site: GatewaySite): Promise<LabGateway> {
  const { environment, lab, harness, folder, proxyAddress, password, internet } = site
  const { variant, gateway } = environment
  if (!('profile' in gateway) || !isProfileName(gateway.profile)) throw new Error(`${gateway.name} has no such profile`)
  const config = join(folder, 'gateway.json')
  const rules = profiles[gateway.profile]
  await writeFile(config, JSON.stringify(gatewayConfig({ variant, rules, proxyAddress, password })))
  const recorder = await vantageFolder(folder, 'gateway')
  const program = harnessSpec(
    harness,
    'gateway',
    [
      'harness/gateways/reference-gateway-main.ts',
      ...['--config', '/etc/gateway/gateway.json'],
      ...['--recorder', '/recorder/recorder.sock'],
      ...['--profile', gateway.profile],
    ],
    [
      { source: config, target: '/etc/gateway/gateway.json' },
      { source: recorder, target: '/recorder', writable: true },
    ],
  )
  const { spec, socket } = await withRelay(program, folder)
  return {
    specs: [
      {
        ...spec,
        place: { octet: octets.gateway, names: namesOf('gateway', variant) },
        after: ['internet'],
        // Bound to loopback it hears nobody from outside its namespace, and nobody else lives in there before it is ready.
        ready:
          variant.gateway.bind === 'loopback'
            ? async () => (await lab.log('gateway', 1)).includes('ready')
            : () => listens(internet, 'gateway', gatewayPort),
      },
    ],
    beside: dialThrough(socket),
    settled: () => Recordings.connect(join(recorder, 'recorder.sock')),
    log: (count) => lab.log('gateway', count),
  }
}
