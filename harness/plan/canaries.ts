/** From the canaries of proxies to the environments that stand up for them: every old version and every fixed one once, with the cases of all canaries that need it. */
import type { Case, Transport } from './case.ts'
import {
  environmentOf,
  expandCells,
  type PlannedCell,
  type PlannedEnvironment,
  type PlanSources,
  transportOf,
} from './expand.ts'
import type { LoadedProxy } from './load-proxies.ts'
import type { Canary } from './proxy.ts'
import { gatewayId, type PlannedGateway, type Selection, selectCases, selectGateways } from './select.ts'
import { variantsAt } from './services.ts'
import { UserError } from './user-error.ts'
import { transports } from './vocabulary.ts'
import { nearMisses, oneOf } from './yaml/near-misses.ts'

/** One canary and where its two sides are to be seen. */
export type PlannedCanary = {
  readonly proxy: string
  readonly canary: Canary
  /** Ids of the environments. */
  readonly old: string
  readonly fixed: string
  /** Those that must be red on the old version and green on the fixed one. */
  readonly cells: readonly DecidingCell[]
}

type CellPlace = { readonly case: string; readonly transport: Transport }

/** With its controls, one of which must be green in both: on a dead path every positive case is red. */
export type DecidingCell = CellPlace & { readonly controls: readonly CellPlace[] }

export type CanaryPlan = {
  readonly canaries: readonly PlannedCanary[]
  readonly environments: readonly PlannedEnvironment[]
}

/** @throws UserError when a name of the selection is nowhere or has no canary */
export function expandCanaries(
  { proxies, gateways, cases }: PlanSources,
  { proxy: wanted = [], gateway: behind = [] }: Pick<Selection, 'proxy' | 'gateway'>,
): CanaryPlan {
  const chosen = withCanaries(proxies, wanted)
  const [gateway] = selectGateways(gateways, { gateway: behind })
  if (gateway === undefined) throw new UserError('No gateway is left for the canaries to stand in front of.')
  const environments = new Map<string, PlannedEnvironment>()
  const canaries = chosen.flatMap((proxy) =>
    proxy.canaries.map((canary): PlannedCanary => {
      const cells = cellsOf(canary, cases)
      const standing = [canary.version, canary.fixed].map((version) => {
        const planned = environmentAt(proxy, version, canary.variant, gateway)
        const before = environments.get(planned.id)
        environments.set(planned.id, { ...planned, cells: merged(before?.cells ?? [], cells) })
        return planned.id
      })
      const [old = '', fixed = ''] = standing
      const selected = cells.filter(({ included }) => included === 'selected')
      return {
        proxy: proxy.name,
        canary,
        old,
        fixed,
        cells: selected.map(({ case: asked, transport }) => ({
          case: asked.id,
          transport,
          controls: controlsOf(asked, transport),
        })),
      }
    }),
  )
  return { canaries, environments: [...environments.values()] }

  function controlsOf(asked: Case, transport: Transport): CellPlace[] {
    return cases
      .filter(({ id }) => asked.controls.includes(id))
      .map((control) => ({ case: control.id, transport: transportOf(control, transport) }))
  }

  function environmentAt(proxy: LoadedProxy, version: string, name: string, gateway: PlannedGateway) {
    const variant = variantsAt(proxy.written, proxy.folder, version, proxy.file).find((one) => one.name === name)
    if (variant === undefined)
      throw new UserError(`${proxy.name} has no variant ${name} to stand in front of ${gatewayId(gateway)}.`)
    // What is known to fail must not be excused here: on an old version it is what is looked for.
    return { ...environmentOf({ proxy, version, variant }, gateway, gateways, []), knownFailures: [] }
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
    throw new UserError(`${exists ? `${name} has no canaries` : `There is no proxy "${name}"`}. ${hint}`)
  }
  const chosen = having.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  if (chosen.length === 0) throw new UserError('No proxy.yaml lists canaries.')
  return chosen
}

/** The cells that decide, with the controls and dependencies that they rest on before them. */
function cellsOf(canary: Canary, cases: readonly Case[]): readonly PlannedCell[] {
  const chosen = selectCases(cases, { case: canary.cases })
  return (canary.transports ?? transports).reduce<readonly PlannedCell[]>(
    (cells, transport) => merged(cells, expandCells(cases, chosen, transport)),
    [],
  )
}

/** Both lists in order, each cell once: what a cell rests on stands before it in its own list, so also here. */
function merged(before: readonly PlannedCell[], more: readonly PlannedCell[]): readonly PlannedCell[] {
  const key = (cell: PlannedCell) => `${cell.case.id} ${cell.transport}`
  const cells = new Map(before.map((cell) => [key(cell), cell]))
  for (const cell of more) if (cell.included === 'selected' || !cells.has(key(cell))) cells.set(key(cell), cell)
  return [...cells.values()]
}
