/** From the canaries of proxies to the environments that start for them: every old version and every fixed one once, with the cases of all canaries that need it. */
import type { Case } from './case.ts'
import { expandCells, type PlannedCell, type PlannedEnvironment, type PlanSources } from './expand.ts'
import type { LoadedProxy } from './load-proxies.ts'
import type { Canary } from './proxy.ts'
import { type PlannedGateway, type Selection, selectCases, selectGateways } from './select.ts'
import { UserError } from './user-error.ts'
import { atVersion, type DecidingCell, decidingCells } from './versions.ts'
import { missingFor, transports } from './vocabulary.ts'
import { nearMisses, oneOf } from './yaml/near-misses.ts'

/** One canary and the environments of its two versions. */
export type PlannedCanary = {
  readonly proxy: string
  readonly canary: Canary
  /** Ids of the environments. */
  readonly old: string
  readonly fixed: string
  /** Those that must fail on the old version and pass on the fixed one. */
  readonly cells: readonly DecidingCell[]
}

type CanaryPlan = {
  readonly canaries: readonly PlannedCanary[]
  readonly environments: readonly PlannedEnvironment[]
}

/** @throws UserError when a name of the selection is unknown or has no canary */
export function expandCanaries(
  { proxies, gateways, cases }: PlanSources,
  { proxy: wanted = [], gateway: behind = [] }: Pick<Selection, 'proxy' | 'gateway'>,
): CanaryPlan {
  const chosen = withCanaries(proxies, wanted)
  const [gateway] = selectGateways(gateways, { gateway: behind })
  if (gateway === undefined) throw new UserError('The selection is empty: canaries need a gateway.')
  const environments = new Map<string, PlannedEnvironment>()
  const canaries = chosen.flatMap((proxy) =>
    proxy.canaries.map((canary): PlannedCanary => {
      const cells = cellsOf(canary, proxy, cases)
      const sides = [canary.version, canary.fixed].map((version) => {
        const planned =
          canary.gateway === undefined
            ? environmentAt(proxy, version, canary.variant, gateway)
            : gatewaySide(proxy, canary.variant, gatewayAt(canary.gateway, version), cells)
        const before = environments.get(planned.id)
        environments.set(planned.id, { ...planned, cells: merged(before?.cells ?? [], cells) })
        return planned.id
      })
      const [old = '', fixed = ''] = sides
      return {
        proxy: proxy.name,
        canary,
        old,
        fixed,
        cells: decidingCells(cells, cases),
      }
    }),
  )
  return { canaries, environments: [...environments.values()] }

  /** What the old version of a gateway lacks may be the very hole: whatever the canary's cases need counts as there. */
  function gatewaySide(
    proxy: LoadedProxy,
    variant: string,
    at: PlannedGateway,
    cells: readonly PlannedCell[],
  ): PlannedEnvironment {
    const planned = environmentAt(proxy, proxy.version, variant, at)
    const needed = cells.flatMap(({ case: { needs }, included }) => (included === 'selected' ? needs : []))
    return { ...planned, gatewayFeatures: [...new Set([...planned.gatewayFeatures, ...needed])] }
  }

  function gatewayAt(name: string, version: string): PlannedGateway {
    const [found] = selectGateways(gateways, { gateway: [`${name}@${version}`] })
    if (found === undefined) throw new UserError(`There is no gateway ${name}@${version}.`)
    return found
  }

  function environmentAt(proxy: LoadedProxy, version: string, name: string, gateway: PlannedGateway) {
    return atVersion({ proxy, variant: name, gateway }, version, gateways, [])
  }
}

function withCanaries(proxies: readonly LoadedProxy[], wanted: readonly string[]): readonly LoadedProxy[] {
  const having = proxies.filter(({ canaries }) => canaries.length > 0)
  const names = having.map(({ name }) => name)
  for (const name of wanted) {
    if (names.includes(name)) continue
    const exists = proxies.some((proxy) => proxy.name === name)
    const near = nearMisses(name, names)
    const hint = near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Canaries are in ${oneOf(names)}.`
    throw new UserError(`${exists ? `${name} has no canaries` : `Unknown proxy "${name}"`}. ${hint}`)
  }
  const chosen = having.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  if (chosen.length === 0) throw new UserError('No proxy.yaml lists canaries.')
  return chosen
}

/** The cells that decide, with their controls and dependencies before them. A transport that the variant does not speak decides nothing, unless it is named. */
function cellsOf(canary: Canary, { variants }: LoadedProxy, cases: readonly Case[]): readonly PlannedCell[] {
  const chosen = selectCases(cases, { case: canary.cases })
  const features = variants.find(({ name }) => name === canary.variant)?.features ?? []
  const spoken = transports.filter((transport) => missingFor(transport, features).length === 0)
  return (canary.transports ?? spoken).reduce<readonly PlannedCell[]>(
    (cells, transport) => merged(cells, expandCells(cases, chosen, transport)),
    [],
  )
}

/** Both lists in order, each cell once. A cell's controls and dependencies come before it in its own list, so they do here. */
function merged(before: readonly PlannedCell[], more: readonly PlannedCell[]): readonly PlannedCell[] {
  const key = (cell: PlannedCell) => `${cell.case.id} ${cell.transport}`
  const cells = new Map(before.map((cell) => [key(cell), cell]))
  for (const cell of more) if (cell.included === 'selected' || !cells.has(key(cell))) cells.set(key(cell), cell)
  return [...cells.values()]
}
