/** The OpenID provider of a run's containers: one for all environments, with an address on the network of each and settings for each. */

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CertificateAuthority } from '../../lab/certificate-authority.ts'
import { ContainerLab } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import type { Dial } from '../../lab/dial.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import type { Variant } from '../../plan/proxy.ts'
import type { RunRequest } from '../protocol/request.ts'
import { harnessSpec, vantageSocket, withRelay } from './container-specs.ts'
import type { EngineAccess, ProviderAccess } from './order.ts'
import { listens } from './readiness.ts'

/** Where the provider of a run is, or will be. */
export function providerAccess({ runId, folder }: Pick<RunRequest, 'runId' | 'folder'>): ProviderAccess {
  const own = join(folder, 'provider')
  return {
    name: `${prefixOf(runId)}-idp`,
    folder: join(own, 'environments'),
    relay: vantageSocket(own, 'idp-side'),
  }
}

const prefixOf = (runId: string) => `conformance-${runId}-provider`

/**
 * A process for each environment would take as much as the proxy that is tested.
 * @param harness the run's own code
 * @throws with its last log lines when it does not start
 */
export async function startProvider(
  { socket }: EngineAccess,
  harness: PreparedService,
  { runId, folder, keep, environments }: Pick<RunRequest, 'runId' | 'folder' | 'keep' | 'environments'>,
): Promise<AsyncDisposable> {
  const { folder: settings, relay } = providerAccess({ runId, folder })
  await mkdir(settings, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const lab = await ContainerLab.create(socket, runId, prefixOf(runId))
  if (!keep) stack.use(lab)
  const program = harnessSpec(
    harness,
    'idp',
    ['harness/identity/provider-main.ts'],
    [{ source: settings, target: '/environments' }],
  )
  const { spec } = await withRelay(program, dirname(settings))
  const own = dialThrough(relay)
  await lab.start([
    {
      ...spec,
      env: { ...spec.env, OIDC_ENVIRONMENTS: '/environments', OIDC_PORTS: issuerPorts(environments).join() },
      place: { octet: octets.idp, names: [] },
      ready: () => listens(own, '127.0.0.1', 80),
    },
  ])
  return stack.move()
}

/** Where the issuers of all environments are asked: 80, 443, and what some of them name. */
export function issuerPorts(
  environments: readonly { readonly variant: { readonly login: Pick<Variant['login'], 'issuer'> } }[],
): readonly number[] {
  const named = environments.map(({ variant }) => Number(new URL(variant.login.issuer ?? usualIssuer).port))
  return [...new Set([80, 443, ...named.filter((port) => port > 0)])]
}

const usualIssuer = 'http://idp.test'

/** What a variant's provider and client are called where its login names nothing else. */
export const usualClient = { issuer: usualIssuer, clientId: 'conformance' } as const

/** Where users of this variant sign in. */
export function providerHost({ login }: Pick<Variant, 'login'>): string {
  return new URL(login.issuer ?? usualIssuer).hostname
}

/**
 * Puts the provider into an environment's network, as `idp.test` with this client.
 * @returns how a neighbour dials: whoever has an address on the network and is not trusted is one
 */
export async function enrol(
  { name, folder, relay }: ProviderAccess,
  lab: ContainerLab,
  { login }: Pick<Variant, 'login'>,
  clientSecret: string,
  authority: Pick<CertificateAuthority, 'issue'>,
): Promise<Dial> {
  const host = providerHost({ login })
  const { certificate, key } = await authority.issue([host])
  const { signIn: _signIn, arrivesAs: _name, ...client } = login
  const callbacks = login.callbacks.length > 0 ? login.callbacks : [usualIssuer]
  const settings = {
    ...usualClient,
    clientSecret,
    ...client,
    callbacks,
    tls: { certificate, key },
  }
  await writeFile(join(folder, `${lab.network.address(octets.idp)}.json`), JSON.stringify(settings))
  await lab.invite('idp', name, octets.idp, [...new Set([host, 'idp.test', 'idp'])])
  const dial = dialThrough(relay)
  // It is on other networks too, where the same names are others.
  return (host, port) => dial(lab.addresses.get(host.toLowerCase()) ?? host, port)
}
