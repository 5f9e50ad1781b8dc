import { expect, it } from 'vitest'
import { loadProject } from '../harness/cli/project.ts'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { gatewayMutants } from '../harness/gateways/reference/mutants.ts'
import { mutants } from '../harness/reference-proxy/mutants.ts'
import { mutationPlaces } from '../harness/run/mutation/places.ts'
import { type AnyMutant, nameOf, runShard, type ShardOptions } from '../harness/run/mutation/shard.ts'

/** Every kind of expectation and every vantage point, few requests. */
const topics = [
  'identity.arrival',
  'identity.users',
  'identity.public-route',
  'spoofing.scopes',
  'alias.siblings.identity-family',
  'hop-by-hop.forwarded.never-local',
  'attribution.client-address.reported',
  'websocket.origin',
  'smuggling.framing.chunked-and-length',
  'bypass.neighbour.nothing',
  'loopback.sub-agent.forwarded',
  'loopback.loopback-user.forwarded',
  'session.handling.cookie',
  'gateway.attribution',
]
const all: AnyMutant[] = [...mutants.map((proxy) => ({ proxy })), ...gatewayMutants.map((gateway) => ({ gateway }))]

it('skips no pair that turns red when it is run', { timeout: 120_000 }, async () => {
  const { catalogue } = await loadProject()
  const proxy = catalogue.proxies.find(({ embedded }) => embedded)
  const [gateway] = knownGateways
  if (!proxy || !gateway) throw new Error('no reference pair')
  const share = catalogue.cases.filter(({ id }) => topics.some((topic) => id.startsWith(topic)))
  const { environments } = mutationPlaces(catalogue.cases, proxy, gateway, share)
  const reds = async (again: ShardOptions['again']) => {
    const { mutants: found } = await runShard(environments, all, { lanes: 3, again })
    return all.map((mutant) => {
      const cells = (found[nameOf(mutant)] ?? []).filter(({ outcome }) => outcome === 'red')
      return `${nameOf(mutant)}: ${[...new Set(cells.map((cell) => cell.case))].sort().join(' ')}`
    })
  }
  expect(share.length).toBeGreaterThan(25)
  expect(await reds('where-it-may-turn-red')).toEqual(await reds('everywhere'))
})
