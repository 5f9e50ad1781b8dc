/** The OpenID provider of a run's containers: one for all environments, with an address on the network of each and settings for each. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dial } from '../clients/exchange.ts'
import { ContainerLab } from '../lab/containers/container-lab.ts'
import { octets } from '../lab/containers/network.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import { dialThrough } from '../lab/vantage/dial.ts'
import type { Variant } from '../plan/proxy.ts'
import { harnessSpec, withRelay } from './container-specs.ts'
import { listens } from './readiness.ts'

/** What an environment needs of it; JSON, since environments run in threads. */
export type ProviderAccess = {
  /** Of the container. */
  readonly id: string
  /** Where it looks for the settings of an environment. */
  readonly folder: string
  /** Of its relay. */
  readonly relay: string
}

type Site = {
  /** Of the engine. */
  readonly socket: string
  /** Of the run's own code. */
  readonly harness: PreparedService
  readonly runId: string
  readonly folder: string
  readonly keep: boolean
}

/** A process for each environment would take as much as the proxy that is tested. @throws with its last words when it does not start */
export async function startProvider(site: Site): Promise<AsyncDisposable & { readonly access: ProviderAccess }> {
  const { socket, harness, runId, keep } = site
  const folder = join(site.folder, 'provider')
  const settings = join(folder, 'environments')
  await mkdir(settings, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const lab = await ContainerLab.create(socket, runId, `conformance-${runId}-provider`)
  if (!keep) stack.use(lab)
  const program = harnessSpec(
    harness,
    'idp',
    ['harness/identity/provider-main.ts'],
    [{ source: settings, target: '/environments' }],
  )
  const { spec, socket: relay } = await withRelay(program, folder)
  const own = dialThrough(relay)
  await lab.start([
    {
      ...spec,
      env: { ...spec.env, OIDC_ENVIRONMENTS: '/environments' },
      place: { octet: octets.idp, names: [] },
      ready: () => listens(own, '127.0.0.1', 80),
    },
  ])
  const access = { id: await lab.idOf('idp'), folder: settings, relay }
  const standing = stack.move()
  return { access, [Symbol.asyncDispose]: () => standing.disposeAsync() }
}

/**
 * Puts the provider into an environment's network, as `idp.test` with this client.
 * @returns how a neighbour dials: whoever has an address on the network and is not trusted is one
 */
export async function enrol(
  { id, folder, relay }: ProviderAccess,
  lab: ContainerLab,
  { login }: Pick<Variant, 'login'>,
  clientSecret: string,
): Promise<Dial> {
  const settings = { issuer: 'http://idp.test', clientId: 'conformance', clientSecret, ...login }
  await writeFile(join(folder, `${lab.network.address(octets.idp)}.json`), JSON.stringify(settings))
  await lab.invite('idp', id, octets.idp, ['idp.test', 'idp'])
  const dial = dialThrough(relay)
  // It is on other networks too, where the same names are others.
  return (host, port) => dial(lab.addresses.get(host.toLowerCase()) ?? host, port)
}
