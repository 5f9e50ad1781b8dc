/** From a selection to the cells that run: environments, and in each the cases over their transports, controls and dependencies first. */
import type { Case, Transport } from './case.ts'
import { firstCases } from './first-cases.ts'
import type { LoadedProxy } from './load-proxies.ts'
import type { KnownFailure, Variant } from './proxy.ts'
import {
  concerns,
  gatewayId,
  type KnownGateway,
  type PlannedGateway,
  type SelectedVariant,
  type Selection,
  selectCases,
  selectGateways,
  selectVariants,
} from './select.ts'
import { UserError } from './user-error.ts'
import { transports } from './vocabulary.ts'

/** Plain JSON: it is sent to the run's process. */
export type Plan = { readonly environments: readonly PlannedEnvironment[] }

export type PlannedEnvironment = {
  /** `PROXY@VERSION/VARIANT/GATEWAY@VERSION`, or `…/GATEWAY:PROFILE`. */
  readonly id: string
  readonly proxy: string
  readonly proxyTitle: string
  readonly proxyVersion: string
  /** The reference proxy in process: no containers. */
  readonly embedded: boolean
  readonly variant: Variant
  readonly gateway: PlannedGateway
  readonly gatewayFeatures: readonly string[]
  /** What a reader of any result from this environment must know. */
  readonly caveat?: string
  /** Entries that name this environment. */
  readonly knownFailures: readonly KnownFailure[]
  /** Controls and dependencies come before the cells that need them. */
  readonly cells: readonly PlannedCell[]
}

export type PlannedCell = {
  readonly case: Case
  readonly transport: Transport
  /** `control`, `dependency`: not selected, but a selected cell needs it. */
  readonly included: 'selected' | 'control' | 'dependency'
}

/** What a selection chooses from. */
export type PlanSources = {
  readonly proxies: readonly LoadedProxy[]
  readonly gateways: readonly KnownGateway[]
  readonly cases: readonly Case[]
}

/** @throws UserError when a name of the selection is unknown, or the selection is empty */
export function expandPlan({ proxies, gateways, cases }: PlanSources, selection: Selection): Plan {
  const variants = selectVariants(proxies, selection)
  const behind = selectGateways(gateways, selection)
  const cells = expandCells(cases, selectCases(cases, selection), selection.transport)
  const environments = variants.flatMap((selected) =>
    behind
      .filter((gateway) => fits(selected.proxy, gateway))
      .map((gateway) => environmentOf(selected, gateway, gateways, cells)),
  )
  if (environments.length === 0)
    throw new UserError(
      `The selection is empty: the embedded proxy runs in front of the reference gateway only, not of ${behind.map(gatewayId).join(', ')}.`,
    )
  return { environments: shardOf(environments, selection.shard) }
}

/** The reference proxy in process connects to the reference gateway in process; real gateways run in containers. */
function fits(proxy: LoadedProxy, gateway: PlannedGateway): boolean {
  return !proxy.embedded || 'profile' in gateway
}

/** One variant in front of one gateway, with these cells. */
export function environmentOf(
  { proxy, version, variant }: SelectedVariant,
  gateway: PlannedGateway,
  gateways: readonly KnownGateway[],
  cells: readonly PlannedCell[],
): PlannedEnvironment {
  const known = gateways.find(({ name }) => name === gateway.name)
  const choice = 'profile' in gateway ? gateway.profile : gateway.version
  const standIns = variant.services.filter(({ source }) => source.build?.kind === 'harness').map(({ title }) => title)
  const caveats = [known?.caveats?.[choice], ...standIns].filter((one) => one !== undefined)
  return {
    id: `${proxy.name}@${version}/${variant.name}/${gatewayId(gateway)}`,
    proxy: proxy.name,
    proxyTitle: proxy.title,
    proxyVersion: version,
    embedded: proxy.embedded,
    variant,
    gateway,
    gatewayFeatures: known?.features(choice, variant) ?? [],
    ...(caveats.length > 0 && { caveat: caveats.join('; ') }),
    knownFailures: proxy.knownFailures.filter((entry) => concerns(entry, variant.name, version, gateway)),
    cells,
  }
}

/**
 * Environments are dealt out in turn, so that the slow ones are spread. No environment is split: its start costs more than all of its cells.
 * @throws UserError for a shard that would be empty, which would look like a pass
 */
function shardOf(
  environments: readonly PlannedEnvironment[],
  shard: Selection['shard'],
): readonly PlannedEnvironment[] {
  if (shard === undefined) return environments
  const { index, count } = shard
  if (index > environments.length) {
    const most = environments.length
    throw new UserError(
      `Shard ${index}/${count} is empty: the selection has ${most === 1 ? 'one environment' : `${most} environments`}. Use at most ${most} shards.`,
    )
  }
  return environments.filter((_, position) => position % count === index - 1)
}

type Wanted = { readonly asked: Case; readonly transport: Transport }

const key = ({ asked, transport }: Wanted) => `${asked.id} ${transport}`

/**
 * Cells of the chosen cases and of all their controls and dependencies. A control runs over the same transport where it can, else over HTTP.
 * Order: the few that decide most (`firstCases`), then as in the catalogue, except for what must come earlier (depth first, so it is stable).
 */
export function expandCells(all: readonly Case[], chosen: readonly Case[], only: Transport | undefined): PlannedCell[] {
  const byId = new Map(all.map((one) => [one.id, one]))
  const selected = chosen.flatMap((asked) =>
    transports
      .filter((transport) => asked.over.includes(transport) && (only ?? transport) === transport)
      .map((transport): Wanted => ({ asked, transport })),
  )
  const wanted = new Set(selected.map(key))
  const cells = new Map<string, PlannedCell>()
  const entered = new Set<string>()
  const visit = (cell: Wanted, included: PlannedCell['included']) => {
    if (entered.has(key(cell))) return
    entered.add(key(cell))
    const needed = [
      ...cell.asked.depends.map((id) => ({ id, as: 'dependency' as const })),
      ...cell.asked.controls.map((id) => ({ id, as: 'control' as const })),
    ]
    for (const { id, as } of needed) {
      const asked = byId.get(id)
      if (asked !== undefined) visit({ asked, transport: transportOf(asked, cell.transport) }, as)
    }
    cells.set(key(cell), {
      case: cell.asked,
      transport: cell.transport,
      included: wanted.has(key(cell)) ? 'selected' : included,
    })
  }
  const rank = ({ asked }: Wanted) => (firstCases.includes(asked.id) ? firstCases.indexOf(asked.id) : firstCases.length)
  for (const cell of selected.toSorted((one, other) => rank(one) - rank(other))) visit(cell, 'selected')
  return [...cells.values()]
}

/** The transport over which a control or dependency is judged for a cell over `transport`: the same where it has it, else HTTP, else its first. */
export function transportOf({ over }: Case, transport: Transport): Transport {
  if (over.includes(transport)) return transport
  return over.includes('http') ? 'http' : (over[0] ?? 'http')
}
