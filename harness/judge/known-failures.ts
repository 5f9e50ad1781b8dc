/** Known failures: findings that stay visible without turning every night red, and the entries that no longer hold. */
import picomatch from 'picomatch'
import type { Transport } from '../plan/case.ts'
import type { KnownFailure } from '../plan/proxy.ts'
import { namesGateway } from '../plan/select.ts'
import type { Status } from './status.ts'

/** Where a cell ran, as far as an entry can name it. */
export type Place = {
  readonly proxy: string
  readonly proxyVersion: string
  readonly variant: string
  /** `reference:attributed`, `openclaw@2026.9.6`. */
  readonly gateway: string
}

/** The first entry that speaks of this cell, whatever was found there. `entries` are those of the place's own proxy. */
export function entryOf(
  entries: readonly KnownFailure[],
  place: Place,
  id: string,
  transport: Transport,
): KnownFailure | undefined {
  return entries.find((entry) => speaksOfPlace(entry, place) && speaksOfCell(entry, id, transport))
}

/**
 * The entry behind a red cell: every finding is one that an entry shows, else the cell fails in another way than the known one.
 * @param findings what is not met, one clause each
 */
export function knownFailureOf(
  entries: readonly KnownFailure[],
  place: Place,
  id: string,
  transport: Transport,
  findings: readonly string[],
): KnownFailure | undefined {
  const own = entries.filter((entry) => speaksOfPlace(entry, place) && speaksOfCell(entry, id, transport))
  const behind = findings.map((finding) =>
    own.find((entry) => [entry.shows].flat().some((shows) => isShown(shows, finding))),
  )
  return behind.includes(undefined) ? undefined : behind[0]
}

/** A text that the finding contains, or a pattern between slashes that it matches in whatever case. */
function isShown(shows: string, finding: string): boolean {
  const [, pattern] = /^\/(.+)\/$/.exec(shows) ?? []
  return pattern === undefined ? finding.includes(shows) : new RegExp(pattern, 'i').test(finding)
}

function speaksOfPlace(entry: KnownFailure, place: Place): boolean {
  return (
    entry.variant === place.variant &&
    (entry.versions === undefined || entry.versions.includes(place.proxyVersion)) &&
    (entry.gateways === undefined || entry.gateways.some((gateway) => namesGateway(gateway, place.gateway)))
  )
}

function speaksOfCell(entry: KnownFailure, id: string, transport: Transport): boolean {
  return globsOf(entry)(id) && (entry.transports === undefined || entry.transports.includes(transport))
}

/** Each entry is held against thousands of cells: its globs are read once. */
const matchers = new WeakMap<KnownFailure, (id: string) => boolean>()
function globsOf(entry: KnownFailure): (id: string) => boolean {
  const known = matchers.get(entry)
  if (known !== undefined) return known
  const matches = picomatch([...entry.cases])
  matchers.set(entry, matches)
  return matches
}

export type JudgedCell = {
  readonly case: string
  readonly transport: Transport
  readonly status: Status
  readonly met?: boolean
}

/** One environment's entries and what came of its cells. */
export type JudgedEnvironment = {
  readonly place: Place
  readonly knownFailures: readonly KnownFailure[]
  /** Every cell of the catalogue was in it: no selection, shard, interruption or failed start left any out. */
  readonly complete: boolean
  readonly cells: readonly JudgedCell[]
}

type StaleKnownFailure = { readonly proxy: string; readonly entry: KnownFailure; readonly why: string }

/**
 * Entries that have outlived their finding: the cells they name ran and not one failed, or, where an environment ran in full,
 * they name no cell at all. Cells that were not judged (unsupported, blocked, harness errors) say nothing.
 */
export function staleKnownFailures(environments: readonly JudgedEnvironment[]): StaleKnownFailure[] {
  const seen = new Map<string, { entry: KnownFailure; proxy: string; complete: boolean; cells: JudgedCell[] }>()
  for (const { place, knownFailures, complete, cells } of environments) {
    for (const entry of knownFailures.filter((one) => speaksOfPlace(one, place))) {
      const key = `${place.proxy} ${entry.source.file}:${entry.source.line} ${entry.variant} ${entry.cases.join()}`
      const gathered = seen.get(key) ?? { entry, proxy: place.proxy, complete: false, cells: [] }
      gathered.complete ||= complete
      gathered.cells.push(...cells.filter((cell) => speaksOfCell(entry, cell.case, cell.transport)))
      seen.set(key, gathered)
    }
  }
  return [...seen.values()].flatMap(({ entry, proxy, complete, cells }) => {
    const stale = (why: string) => [{ proxy, entry, why }]
    if (cells.length === 0) return complete ? stale('it names no case that runs there') : []
    const judged = cells.filter(wasJudged)
    if (judged.length === 0 || judged.some(({ status }) => status === 'known-failure' || status === 'fail')) return []
    // An info case is never matched, yet one that is still not met keeps its entry.
    if (judged.some(({ met }) => met === false)) return []
    return stale(judged.length === 1 ? 'its one cell passes' : `all ${judged.length} cells of it pass`)
  })
}

function wasJudged({ status }: JudgedCell): boolean {
  return status !== 'unsupported' && status !== 'blocked' && status !== 'harness-error'
}
