/** `conformance mutants`: shows that every case can fail, and that every known mistake makes a case fail. */
import { type MutationRun, runMutation } from '../run/mutation/mutation.ts'
import type { MutantRow } from '../run/mutation/verdict.ts'
import { twoColumns, wrapped } from './columns.ts'
import { print, printJson } from './print.ts'
import { terminalProgress } from './progress.ts'
import { loadProject } from './project.ts'

export type MutantsOptions = {
  readonly json: boolean
  /** All mutants through batches, fences and controls, as an ordinary run goes: minutes instead of seconds. */
  readonly pipeline?: boolean
}

/** @returns the exit code: 1 when the catalogue has a gap */
export async function mutants({ json, pipeline = false }: MutantsOptions): Promise<number> {
  const { catalogue } = await loadProject()
  using progress = terminalProgress()
  const run = await runMutation(catalogue, pipeline ? 'pipeline' : 'cell by cell', progress.note)
  if (json) printJson(asJson(run))
  else print(inWords(run).trimEnd())
  return run.problems.length === 0 ? 0 : 1
}

/** Stable: fields are added, never renamed. */
export function asJson({ ms, cells, mutants: rows, cases, problems }: MutationRun) {
  return { schema: 1, ok: problems.length === 0, ms, cells, mutants: rows, cases, problems }
}

export function inWords({ ms, cells, mutants: rows, cases, problems }: MutationRun): string {
  const table = twoColumns(rows.map((row) => [row.name, `${row.mistake} ${catchers(row)}`]))
  const seconds = (ms / 1000).toFixed(1)
  const pairs = cases.length * rows.length
  const sum =
    `${rows.length} mutants × ${cases.length} cases = ${pairs} pairs in ${seconds} s ` +
    `(${cells.run} cells run again, ${cells.same} skipped: the mutant cannot change them).`
  const gaps =
    problems.length === 0
      ? wrapped(
          'The correct proxy and gateway pass every case, every mutant is caught, and every case fails on the mutants that it names.',
        )
      : [
          `${problems.length} ${problems.length === 1 ? 'gap' : 'gaps'}:`,
          ...problems.map(({ says, next }) => `${wrapped(says, 2)}\n${wrapped(`→ ${next}`, 4)}`),
        ].join('\n')
  return `${table}\n\n${wrapped(sum)}\n${gaps}\n`
}

function catchers({ caughtBy, level, outcome }: MutantRow): string {
  const [first] = caughtBy
  if (first === undefined) return '(NOT CAUGHT)'
  const count = caughtBy.length === 1 ? 'caught by 1 case' : `caught by ${caughtBy.length} cases`
  return outcome === 'caught' ? `(${count}, e.g. ${first})` : `(NOT CAUGHT at level ${level}; ${count}, e.g. ${first})`
}
