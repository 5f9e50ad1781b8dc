/** A run's results, arranged for reading: by environment, by case, and each environment's outcome in words. */
import { type Family, families } from '../plan/case.ts'
import {
  type CaseSummary,
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentResult,
  type Evidence,
  type Results,
  totalsOf,
} from '../run/results/results.ts'

export type Overview = {
  readonly results: Results
  readonly environments: readonly EnvironmentResult[]
  readonly families: readonly { readonly family: Family; readonly cases: readonly CaseSummary[] }[]
  /** Of the environment, in catalogue order. */
  readonly cellsOf: (environment: string) => readonly Cell[]
  /** Of the case in all environments. */
  readonly cellsOfCase: (id: string) => readonly Cell[]
  /** One per transport. */
  readonly cellsAt: (environment: string, id: string) => readonly Cell[]
  readonly caseOf: (id: string) => CaseSummary | undefined
  readonly evidenceOf: (cell: Cell) => CellEvidence | undefined
}

export function overviewOf(results: Results, evidence: Evidence): Overview {
  const byEnvironment = Map.groupBy(results.cells, (cell) => cell.environment)
  const byCase = Map.groupBy(results.cells, (cell) => cell.case)
  const byPlace = Map.groupBy(results.cells, (cell) => `${cell.environment} ${cell.case}`)
  const cases = new Map(results.cases.map((one) => [one.id, one]))
  const byFamily = Map.groupBy(results.cases, (one) => one.family)
  return {
    results,
    environments: results.environments,
    families: families.flatMap((family) => {
      const members = byFamily.get(family)
      return members === undefined ? [] : [{ family, cases: members }]
    }),
    cellsOf: (environment) => byEnvironment.get(environment) ?? [],
    cellsOfCase: (id) => byCase.get(id) ?? [],
    cellsAt: (environment, id) => byPlace.get(`${environment} ${id}`) ?? [],
    caseOf: (id) => cases.get(id),
    evidenceOf: (cell) => evidence[cell.environment]?.[cellKey(cell)],
  }
}

/** `conforms` needs at least one pass; what was not judged is never conformance. */
export type Conformance = 'conforms' | 'does-not-conform' | 'known' | 'not-proved' | 'error' | 'not-run'

export type Outcome = { readonly conformance: Conformance; readonly words: string }

/** What cells of one place come to, worst first. `started`: why the place did not start, if it did not. */
export function outcomeOf(cells: readonly Cell[], notStarted?: string): Outcome {
  if (notStarted !== undefined) return { conformance: 'not-run', words: notStarted }
  const totals = totalsOf(cells)
  const unmet = totals.fail ?? 0
  const unexpected = totals['unexpected-pass'] ?? 0
  const errors = totals['harness-error'] ?? 0
  const known = totals['known-failure'] ?? 0
  const blocked = cells.filter((cell) => cell.status === 'blocked' && cell.level === 'must').length
  const passed = totals.pass ?? 0
  if (unmet > 0)
    return { conformance: 'does-not-conform', words: `does not conform: ${counted(unmet, 'check')} not met` }
  if (errors > 0) return { conformance: 'error', words: `${counted(errors, 'harness error')}: not judged` }
  if (unexpected > 0)
    return {
      conformance: 'error',
      words: `${counted(unexpected, 'unexpected pass', 'unexpected passes')}: known failures are out of date`,
    }
  if (known > 0)
    return { conformance: 'known', words: `does not conform, as known: ${counted(known, 'known failure')}` }
  if (blocked > 0) return { conformance: 'not-proved', words: `not proved: ${counted(blocked, 'check')} blocked` }
  if (passed === 0) return { conformance: 'not-run', words: 'nothing was judged' }
  const warned = totals.warn ?? 0
  return {
    conformance: 'conforms',
    words: `conforms: ${counted(passed, 'check')} passed${warned > 0 ? `, ${counted(warned, 'warning')}` : ''}`,
  }
}

export function environmentOutcome(overview: Overview, environment: EnvironmentResult): Outcome {
  if (environment.status === 'ready') return outcomeOf(overview.cellsOf(environment.id))
  const why = environment.reason === undefined ? '' : `: ${environment.reason}`
  return outcomeOf([], environment.status === 'failed' ? `could not start${why}` : `unavailable${why}`)
}

/** `1 check`, `2 checks`. */
/** As its maker calls it; runs from before that was noted have kind and version. */
export function engineInWords({ kind, version, name }: Results['run']['engine']): string {
  return name ?? `${kind} ${version}`.trim()
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`
}

/** The whole run in one sentence. */
export function runInWords({ results, environments }: Overview): string {
  const { run, cells, totals } = results
  const ready = environments.filter(({ status }) => status === 'ready').length
  const where = `${counted(cells.length, 'cell')} in ${ready === environments.length ? counted(ready, 'environment') : `${ready} of ${counted(environments.length, 'environment')}`}`
  if (run.interrupted) return `Interrupted: this report holds what was obtained until then, ${where}.`
  const unmet = totals.fail ?? 0
  const errors = totals['harness-error'] ?? 0
  const parts = [
    ...(unmet > 0 ? [`${counted(unmet, 'requirement')} not met`] : []),
    ...(errors > 0 ? [counted(errors, 'harness error')] : []),
    ...((totals['unexpected-pass'] ?? 0) > 0
      ? [counted(totals['unexpected-pass'] ?? 0, 'unexpected pass', 'unexpected passes')]
      : []),
    ...(results.stale.length > 0 ? [counted(results.stale.length, 'stale known failure')] : []),
    ...((totals['known-failure'] ?? 0) > 0 ? [counted(totals['known-failure'] ?? 0, 'known failure')] : []),
    ...((totals.blocked ?? 0) > 0 ? [`${totals.blocked} blocked`] : []),
  ]
  const allWell = (totals['known-failure'] ?? 0) > 0 ? 'Conforms, but for what is known not to' : 'Conforms'
  const verdicts: Readonly<Record<number, string>> = { 0: allWell, 1: 'Does not conform', 3: 'Not judged in full' }
  const verdict = verdicts[run.exitCode] ?? `Ended with exit code ${run.exitCode}`
  return `${verdict}: ${where}, ${counted(totals.pass ?? 0, 'pass', 'passes')}${parts.length > 0 ? `, ${parts.join(', ')}` : ''}.`
}

/** Milliseconds for people. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** The value below which `share` of the values lie (nearest rank), or `undefined` without values. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
