/** Compares two runs: new failures, cells that no longer pass, fixes, new and missing cells, slower starts. */
import { isRed, type Status } from '../judge/status.ts'
import type { EnvironmentRecord, RunRecord } from './history.ts'

export type CellChange = {
  /** Id in the newer run, or in the older one where it is gone. */
  readonly environment: string
  /** `CASE.TRANSPORT`, or `starts` for the environment itself. */
  readonly cell: string
  readonly before?: Status | EnvironmentRecord['status']
  readonly after?: Status | EnvironmentRecord['status']
}

type SlowerStart = { readonly environment: string; readonly beforeMs: number; readonly afterMs: number }

export type Comparison = {
  readonly before: Pick<RunRecord, 'run' | 'date' | 'commit'> | undefined
  readonly after: Pick<RunRecord, 'run' | 'date' | 'commit'>
  /** Failed now, and did not fail before (or was not there before). Also an environment that started before and does not now. */
  readonly newFailures: readonly CellChange[]
  /** Passed before, and now a warning, inconclusive or unsupported. Nothing failed, but less is known to hold. */
  readonly noLongerPassing: readonly CellChange[]
  /** Cells and environments of the run before that are missing now. */
  readonly removedCells: readonly CellChange[]
  /** Failed before, and passed now. */
  readonly fixes: readonly CellChange[]
  readonly otherChanges: readonly CellChange[]
  readonly newCells: readonly CellChange[]
  readonly slowerStarts: readonly SlowerStart[]
}

/** A start counts as slower when it takes half as long again and at least this much more; smaller differences are noise. */
const slowerByMs = 1000

/**
 * @param before `undefined`: nothing to compare with, so every failure is new
 * Environments that differ only in versions are compared with each other, so that an upgrade shows what it changed.
 */
export function compareRuns(before: RunRecord | undefined, after: RunRecord): Comparison {
  const pairs = paired(before?.environments ?? [], after.environments)
  const changes = pairs.flatMap(([old, now]) => changesOf(old, now))
  const is = (kind: Kind) => changes.filter((change) => kindOf(change) === kind)
  const slower = pairs.flatMap(([old, now]): SlowerStart[] =>
    old?.status === 'ready' &&
    now?.status === 'ready' &&
    now.startMs > old.startMs * 1.5 &&
    now.startMs - old.startMs > slowerByMs
      ? [{ environment: now.id, beforeMs: old.startMs, afterMs: now.startMs }]
      : [],
  )
  return {
    before: before && headOf(before),
    after: headOf(after),
    newFailures: is('new-failure'),
    noLongerPassing: is('no-longer-passing'),
    removedCells: is('removed'),
    fixes: is('fix'),
    otherChanges: is('other'),
    newCells: is('new'),
    slowerStarts: slower,
  }
}

const headOf = ({ run, date, commit }: RunRecord) => ({ run, date, commit })

/** What `--fail-on new` goes by. Where a log-in breaks or a feature is no longer declared, nothing fails, but less is tested. */
export function isWorse({ newFailures, noLongerPassing, removedCells }: Comparison): boolean {
  return newFailures.length > 0 || noLongerPassing.length > 0 || removedCells.length > 0
}

type Kind = 'new-failure' | 'no-longer-passing' | 'fix' | 'other' | 'new' | 'removed'

function kindOf({ before, after }: CellChange): Kind {
  if (after === undefined) return 'removed'
  if (isBad(after) && (before === undefined || !isBad(before))) return 'new-failure'
  if (after === 'unavailable' && before === 'ready') return 'new-failure'
  if (before === undefined) return 'new'
  if (before === 'pass' && (after === 'blocked' || after === 'unsupported' || after === 'warn'))
    return 'no-longer-passing'
  return isBad(before) && isWell(after) ? 'fix' : 'other'
}

const isWell = (status: Status | EnvironmentRecord['status']) =>
  status === 'pass' || status === 'warn' || status === 'info' || status === 'ready'

/** A harness error says nothing about the proxy, but somebody has to look at it. */
function isBad(status: Status | EnvironmentRecord['status']): boolean {
  if (status === 'ready' || status === 'unavailable') return false
  return status === 'failed' || status === 'harness-error' || isRed(status)
}

function changesOf(old: EnvironmentRecord | undefined, now: EnvironmentRecord | undefined): CellChange[] {
  const environment = now?.id ?? old?.id ?? ''
  // That a new environment starts is expected: its cells are listed.
  const start =
    old === undefined && now?.status === 'ready' ? [] : change(environment, 'starts', old?.status, now?.status)
  // An environment that did not start has no cells; its own row says so, and a list of hundreds of missing cells would hide it.
  const silent = now?.status !== 'ready'
  const keys = silent ? [] : [...new Set([...(now?.cells.keys() ?? []), ...(old?.cells.keys() ?? [])])]
  return [...start, ...keys.flatMap((cell) => change(environment, cell, old?.cells.get(cell), now?.cells.get(cell)))]
}

function change(
  environment: string,
  cell: string,
  before: CellChange['before'],
  after: CellChange['after'],
): CellChange[] {
  if (before === after) return []
  return [{ environment, cell, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
}

type Pair = readonly [old: EnvironmentRecord | undefined, now: EnvironmentRecord | undefined]

function paired(before: readonly EnvironmentRecord[], after: readonly EnvironmentRecord[]): Pair[] {
  const exact = new Map(before.map((environment) => [environment.id, environment]))
  const matched = new Map(after.flatMap((now) => (exact.has(now.id) ? [[now.id, exact.get(now.id)]] : [])))
  const left = before.filter(({ id }) => !matched.has(id))
  const leftAt = Map.groupBy(left, ({ id }) => placeOf(id))
  const newAt = Map.groupBy(
    after.filter(({ id }) => !matched.has(id)),
    ({ id }) => placeOf(id),
  )
  const upgraded = (now: EnvironmentRecord) => {
    const [candidates, rivals] = [leftAt.get(placeOf(now.id)) ?? [], newAt.get(placeOf(now.id)) ?? []]
    return candidates.length === 1 && rivals.length === 1 ? candidates[0] : undefined
  }
  const pairs = after.map((now): Pair => [matched.get(now.id) ?? upgraded(now), now])
  const used = new Set(pairs.map(([old]) => old))
  return [...pairs, ...left.filter((old) => !used.has(old)).map((old): Pair => [old, undefined])]
}

/** `PROXY@VERSION/VARIANT/GATEWAY@VERSION` without the versions. */
export function placeOf(environment: string): string {
  return environment.replace(/@[^/]*/g, '')
}
