/** Reads runs back, and puts several (shards, or runs of different proxies) together as one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exitCode } from '../judge/exit-code.ts'
import { UserError } from '../plan/user-error.ts'
import { cellKey, type Evidence, environmentFileName, evidenceFileSchema, type Results, resultsSchema, totalsOf } from '../run/results.ts'

export type Run = { readonly results: Results; readonly evidence: Evidence }

/** @param folder that a run wrote with `--out`. @throws UserError when it holds no run of this suite */
export async function readRun(folder: string): Promise<Run> {
  const results = await readJson(join(folder, 'results.json'), (value) => resultsSchema.parse(value))
  const evidence: Record<string, Evidence[string]> = {}
  for (const { id } of results.environments) {
    if (!results.cells.some((cell) => cell.environment === id)) continue
    const file = join(folder, 'evidence', `${environmentFileName(id)}.json`)
    evidence[id] = await readJson(file, (value) => evidenceFileSchema.parse(value))
  }
  return { results, evidence }
}

async function readJson<T>(file: string, parse: (value: unknown) => T): Promise<T> {
  try {
    return parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UserError(`Reading a run back: ${file}: ${reason}. Expected a folder that a run of this suite wrote (--out).`, { cause })
  }
}

/** One run out of several: of an environment that several have, the later run's stands. Facts of the run are the first one's. */
export function mergeRuns(runs: readonly Run[]): Run {
  const [first] = runs
  if (first === undefined) throw new UserError('There is no run to merge.')
  if (runs.length === 1) return first
  const later = new Map(runs.flatMap(({ results }, index) => results.environments.map(({ id }) => [id, index])))
  const of = <T>(pick: (run: Run) => readonly T[], key: (one: T) => string) =>
    [...new Map(runs.flatMap((run) => pick(run).map((one) => [key(one), one]))).values()]
  const environments = of(({ results }) => results.environments, ({ id }) => id)
  const cells = runs.flatMap(({ results }, index) => results.cells.filter((cell) => later.get(cell.environment) === index))
  const stale = of(({ results }) => results.stale, (entry) => `${entry.file}:${entry.line}`)
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
      totals: totalsOf(cells),
      cases: of(({ results }) => results.cases, ({ id }) => id),
      stale,
    },
    evidence: Object.assign({}, ...runs.map(({ evidence }) => evidence)),
  }
}
