/** Two runs side by side: what is newly broken, what was mended, what came and went, what starts slower. */
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

export type SlowerStart = { readonly environment: string; readonly beforeMs: number; readonly afterMs: number }

export type Comparison = {
  readonly before: Pick<RunRecord, 'run' | 'date' | 'commit'> | undefined
  readonly after: Pick<RunRecord, 'run' | 'date' | 'commit'>
  /** Red now, and not red before (or not there before). Also an environment that stood before and does not now. */
  readonly newFailures: readonly CellChange[]
  /** Passed before and is blocked now: nothing is known to be broken, and nothing is proved any more. */
  readonly noLongerProved: readonly CellChange[]
  /** Red before, and seen to be well now. */
  readonly fixes: readonly CellChange[]
  readonly otherChanges: readonly CellChange[]
  readonly newCells: readonly CellChange[]
  readonly removedCells: readonly CellChange[]
  readonly slowerStarts: readonly SlowerStart[]
}

/** A start counts as slower when it takes half as long again and at least this much more; below is the machine's noise. */
const slowerByMs = 1000

/**
 * @param before `undefined`: nothing to compare with, so everything is new, and every failure a new one
 * Environments of another version of the same proxy, variant and gateway are the same place; cells are compared across an upgrade.
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
    noLongerProved: is('unproved'),
    fixes: is('fix'),
    otherChanges: is('other'),
    newCells: is('new'),
    removedCells: is('removed'),
    slowerStarts: slower,
  }
}

const headOf = ({ run, date, commit }: RunRecord) => ({ run, date, commit })

/** What `--fail-on new` goes by: a log-in that broke blocks everything and fails nothing, so lost proof counts too. */
export function isWorse({ newFailures, noLongerProved }: Comparison): boolean {
  return newFailures.length > 0 || noLongerProved.length > 0
}

type Kind = 'new-failure' | 'unproved' | 'fix' | 'other' | 'new' | 'removed'

function kindOf({ before, after }: CellChange): Kind {
  if (after === undefined) return 'removed'
  if (isBad(after) && (before === undefined || !isBad(before))) return 'new-failure'
  if (after === 'unavailable' && before === 'ready') return 'new-failure'
  if (before === undefined) return 'new'
  if (before === 'pass' && after === 'blocked') return 'unproved'
  return isBad(before) && isWell(after) ? 'fix' : 'other'
}

const isWell = (status: Status | EnvironmentRecord['status']) =>
  status === 'pass' || status === 'warn' || status === 'info' || status === 'ready'

/** A harness error is no verdict, but a night that brings one needs somebody's eye just the same. */
function isBad(status: Status | EnvironmentRecord['status']): boolean {
  if (status === 'ready' || status === 'unavailable') return false
  return status === 'failed' || status === 'harness-error' || isRed(status)
}

function changesOf(old: EnvironmentRecord | undefined, now: EnvironmentRecord | undefined): CellChange[] {
  const environment = now?.id ?? old?.id ?? ''
  // That a new environment stands goes without saying: its cells are the news.
  const start =
    old === undefined && now?.status === 'ready' ? [] : change(environment, 'starts', old?.status, now?.status)
  // What did not stand has no cells; its own row says so, and a list of hundreds of missing cells would hide it.
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
