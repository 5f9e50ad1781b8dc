/** Several runs (shards, or runs of different proxies) as one. */
import { exitCode } from '../judge/exit-code.ts'
import { UserError } from '../plan/user-error.ts'
import { cellKey, totalsOf } from '../run/results/results.ts'
import { joinedEvidence } from './lazy-evidence.ts'
import { type Run, readReport } from './read.ts'

/**
 * @param expected proxies and gateways (`NAME` or `NAME@VERSION`) of which there must be results
 * @returns the runs in these folders as one, and what did not come, one sentence each
 * @throws UserError when a folder holds no run of this suite
 */
export async function mergedReport(
  folders: readonly string[],
  expected: readonly string[],
): Promise<Run & { readonly missing: readonly string[] }> {
  const runs: Run[] = []
  for (const folder of folders) runs.push(await readReport(folder))
  const missing = missingParts(runs, expected)
  return { ...mergeRuns(runs, missing), missing }
}

/**
 * One run made of several. Where several have the same environment, the later run counts. Facts about the run are those of the first.
 * @param missing what did not come (`missingParts`), for the run's notes
 */
function mergeRuns(runs: readonly Run[], missing: readonly string[]): Run {
  const [first] = runs
  if (first === undefined) throw new UserError('No run to merge: name at least one folder with --in.')
  if (runs.length === 1 && missing.length === 0) return first
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
  // A part that did not come is like an environment that did not start: nothing is known of it.
  const code = Math.max(exitCode({ interrupted, environments, cells, stale: stale.length }), missing.length > 0 ? 3 : 0)
  const { shard: _shard, ...facts } = first.results.run
  return {
    results: {
      schema: 1,
      run: {
        ...facts,
        durationMs: runs.reduce((sum, { results }) => sum + results.run.durationMs, 0),
        interrupted,
        exitCode: code,
        notes: [...new Set([...missing, ...runs.flatMap(({ results }) => results.run.notes ?? [])])],
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

/**
 * @param expected proxies and gateways (`NAME` or `NAME@VERSION`) of which there must be results
 * @returns those without results, and shards that are not there; one sentence each
 */
function missingParts(runs: readonly Run[], expected: readonly string[]): readonly string[] {
  const environments = runs.flatMap(({ results }) => results.environments)
  const came = new Set(
    environments.flatMap(({ proxy, proxyVersion, gateway, gatewayVersion }) => [
      ...[proxy, `${proxy}@${proxyVersion}`],
      ...[gateway, `${gateway}@${gatewayVersion}`],
    ]),
  )
  const absent = expected.filter((name) => !came.has(name))
  const shards = Map.groupBy(
    runs.flatMap(({ results }) => results.run.shard ?? []),
    ({ count }) => count,
  )
  return [
    ...absent.map(
      (name) => `No results of ${name} came, although they were expected. This report says nothing about it.`,
    ),
    ...[...shards].flatMap(([count, parts]) => {
      const indices = new Set(parts.map(({ index }) => index))
      return Array.from({ length: count }, (_, at) => at + 1)
        .filter((index) => !indices.has(index))
        .map((index) => `Shard ${index}/${count} did not come. This report says nothing about its environments.`)
    }),
  ]
}
