/** The reference gateway behind the proxy, in a container of the environment's own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Recordings } from '../../gateways/recording/recordings.ts'
import { isProfileName, profiles } from '../../gateways/rules/profiles.ts'
import { octets } from '../../lab/containers/network.ts'
import { gatewayPort } from '../../lab/ports.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import { harnessSpec, hostNamesOf, vantageFolder, withRelay } from './container-specs.ts'
import type { GatewaySite, LabGateway } from './gateway.ts'
import { gatewayInRun } from './gateway-config.ts'
import { GatewayRefusal } from './gateway-refusal.ts'
import { refusalOf } from './own-gateway-config.ts'
import { listens } from './readiness.ts'

/** @returns its container, with the recorder's channel in a folder that nobody else sees */
export async function referenceGateway(site: GatewaySite): Promise<LabGateway> {
  const { environment, lab, harness, folder, proxyAddress, password, internet, network } = site
  const { variant, gateway } = environment
  if (!('profile' in gateway) || !isProfileName(gateway.profile)) throw new Error(`${gateway.name} has no such profile`)
  const config = join(folder, 'gateway.json')
  const rules = profiles[gateway.profile]
  const { own, port = gatewayPort } = variant.gateway
  const configuration = gatewayInRun({ variant, rules, proxyAddress, password, port, network })
  const refused = own && refusalOf(configuration, own, rules)
  if (refused !== undefined) throw new GatewayRefusal(refused, configuration.replaced)
  await writeFile(config, JSON.stringify(configuration.config))
  const recorder = await vantageFolder(folder, 'gateway')
  const program = harnessSpec(
    harness,
    'gateway',
    [
      'harness/gateways/reference/main.ts',
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
    configuration,
    written: configuration,
    specs: [
      {
        ...spec,
        env: { ...spec.env, ...configuration.environment },
        place: { octet: octets.gateway, names: hostNamesOf('gateway', variant) },
        after: ['internet'],
        // Bound to loopback it hears nobody from outside its namespace, and nobody else lives in there before it is ready.
        ready:
          variant.gateway.bind === 'loopback'
            ? async () => (await lab.log('gateway', 1)).includes('ready')
            : () => listens(internet, 'gateway', port),
      },
    ],
    beside: dialThrough(socket),
    settled: () => Recordings.connect(join(recorder, 'recorder.sock')),
    log: (count) => lab.log('gateway', count),
  }
}
