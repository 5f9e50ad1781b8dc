/** Several runs (shards, or runs of different proxies) as one. */
import { exitCode } from '../judge/exit-code.ts'
import { UserError } from '../plan/user-error.ts'
import { cellKey, totalsOf } from '../run/results/results.ts'
import { joinedEvidence } from './lazy-evidence.ts'
import type { Run } from './read.ts'

/** One run made of several. Where several have the same environment, the later run counts. Facts about the run are those of the first. */
export function mergeRuns(runs: readonly Run[]): Run {
  const [first] = runs
  if (first === undefined) throw new UserError('No run to merge: name at least one folder with --in.')
  if (runs.length === 1) return first
  const later = new Map(runs.flatMap(({ results }, index) => results.environments.map(({ id }) => [id, index])))
  const of = <T>(pick: (run: Run) => readonly T[], key: (one: T) => string) => [
    ...new Map(runs.flatMap((run) => pick(run).map((one) => [key(one), one]))).values(),
  ]
  const environments = of(
    ({ results }) => results.environments,
    ({ id }) => id,
  )
  const own = <T extends { readonly environment: string }>(pick: (run: Run) => readonly T[]) =>
    runs.flatMap((run, index) => pick(run).filter(({ environment }) => later.get(environment) === index))
  const cells = own(({ results }) => results.cells)
  const stale = of(
    ({ results }) => results.stale,
    (entry) => `${entry.file}:${entry.line}`,
  )
  const interrupted = runs.some(({ results }) => results.run.interrupted)
  const code = exitCode({ interrupted, environments, cells, stale: stale.length })
  return {
    results: {
      schema: 1,
      run: {
        ...first.results.run,
        durationMs: runs.reduce((sum, { results }) => sum + results.run.durationMs, 0),
        interrupted,
        exitCode: code,
        notes: [...new Set(runs.flatMap(({ results }) => results.run.notes ?? []))],
      },
      environments,
      cells: [...new Map(cells.map((cell) => [`${cell.environment} ${cellKey(cell)}`, cell])).values()],
      findings: own(({ results }) => results.findings),
      grades: own(({ results }) => results.grades),
      totals: totalsOf(cells),
      cases: of(
        ({ results }) => results.cases,
        ({ id }) => id,
      ),
      stale,
    },
    evidence: joinedEvidence(runs.map(({ evidence }) => evidence)),
  }
}
