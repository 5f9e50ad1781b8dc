/** The embedded environments of a mutation run: as few as it takes that every case has one in which it can be asked. */
import type { Case } from '../../plan/case.ts'
import { expandCells, type PlannedEnvironment } from '../../plan/expand.ts'
import type { LoadedProxy } from '../../plan/load-proxies.ts'
import type { Topology, Variant } from '../../plan/proxy.ts'
import type { KnownGateway } from '../../plan/select.ts'
import type { SignIn } from '../../plan/sign-in.ts'
import { withSignIn } from '../environments/reference-sign-in.ts'

type Place = {
  readonly name: string
  readonly profile: string
  readonly topology: Topology
  readonly signIn?: SignIn
}

/** Most cases first; a case runs in the first place that has what it needs. */
const places: readonly Place[] = [
  { name: 'network', profile: 'attributed', topology: 'network' },
  { name: 'sidecar', profile: 'attributed', topology: 'sidecar' },
  { name: 'loopback-user', profile: 'loopback-user', topology: 'network' },
  {
    name: 'address',
    profile: 'attributed',
    topology: 'network',
    signIn: { kind: 'address', nodes: { alice: 'alice', bob: 'bob', nobody: 'nobody', host: 'proxy', port: 1055 } },
  },
  { name: 'certificate', profile: 'attributed', topology: 'network', signIn: { kind: 'certificate' } },
]

export type MutationPlaces = {
  readonly environments: readonly PlannedEnvironment[]
  /** Cases that no place can ask, with what they lack everywhere. */
  readonly notAsked: readonly { readonly case: Case; readonly lacks: readonly string[] }[]
}

/**
 * @param proxy the reference proxy; its first variant is the correct one
 * @param share the cases that shall run, of all that there are; controls come along
 */
export function mutationPlaces(
  cases: readonly Case[],
  proxy: LoadedProxy,
  gateway: KnownGateway,
  share: readonly Case[] = cases,
): MutationPlaces {
  const [correct] = proxy.variants
  if (correct === undefined) throw new Error(`${proxy.name} has no variant`)
  let left = [...share]
  const all = new Set<string>()
  const environments = places.map((place): PlannedEnvironment => {
    const placed: Variant = { ...correct, name: place.name, topology: place.topology }
    const variant = place.signIn === undefined ? placed : withSignIn(placed, place.signIn)
    const gatewayFeatures = gateway.features(place.profile, variant)
    const has = new Set([...variant.features, ...gatewayFeatures])
    for (const feature of has) all.add(feature)
    const here = left.filter(({ needs }) => needs.every((feature) => has.has(feature)))
    left = left.filter((one) => !here.includes(one))
    return {
      id: `${proxy.name}@${proxy.version}/${place.name}/${gateway.name}:${place.profile}`,
      proxy: proxy.name,
      proxyTitle: proxy.title,
      proxyVersion: proxy.version,
      embedded: true,
      variant,
      gateway: { name: gateway.name, profile: place.profile },
      gatewayFeatures,
      knownFailures: [],
      cells: expandCells(cases, here, undefined),
    }
  })
  const notAsked = left.map((one) => ({ case: one, lacks: one.needs.filter((feature) => !all.has(feature)) }))
  return { environments, notAsked }
}
