/** `conformance report`: renders a run again, merges several runs into one, keeps the history, and compares runs. */
import { access, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UserError } from '../plan/user-error.ts'
import { type Comparison, compareRuns, isWorse } from '../report/compare.ts'
import { comparisonText } from '../report/comparison-words.ts'
import { findingsTable } from '../report/findings-table.ts'
import { tellGithub } from '../report/github.ts'
import { ownHardened } from '../report/guides/own-guides.ts'
import { appendHistory, type RunRecord, readHistory, recordOf } from '../report/history.ts'
import { mergedReport } from '../report/merge.ts'
import { readReport } from '../report/read.ts'
import { writeReport } from '../report/write.ts'
import { print, printJson } from './print.ts'
import { root } from './project.ts'
import { summary } from './summary.ts'

export type ReportOptions = {
  readonly in: readonly string[]
  /** Proxies and gateways of which there must be results. */
  readonly expect: readonly string[]
  readonly out: string
  /** Folder to append the run to. */
  readonly history?: string
  /** Two runs (folders, or ids in the history), or `true`: with the run before. */
  readonly compare?: readonly string[] | true
  readonly failOn?: 'new'
  /** File for the table of findings of documented variants. */
  readonly findings?: string
  readonly json: boolean
}

const defaultHistory = 'reports/history'

/**
 * @returns the exit code that the (merged) run would have had; 0 for a comparison alone; with `--fail-on new` 1 where the run is worse than the one before, otherwise 0
 * @throws UserError for folders that hold no run, and runs that the history does not have
 */
export async function report(options: ReportOptions): Promise<number> {
  const rendering =
    options.compare === undefined ||
    options.in.length > 0 ||
    options.history !== undefined ||
    options.findings !== undefined
  if (Array.isArray(options.compare) && rendering)
    throw new UserError(
      '--compare A B compares two runs and renders no report. Remove --in, --history and --findings, or remove the names after --compare.',
    )
  return rendering ? render(options) : compareOnly(options)
}

async function render(options: ReportOptions): Promise<number> {
  const out = resolve(options.out)
  const from = options.in.length > 0 ? options.in : [out]
  const { results, evidence } = await mergedReport(
    from.map((folder) => resolve(folder)),
    options.expect,
  )
  const comparing = options.compare !== undefined || options.failOn !== undefined
  const history =
    options.history !== undefined && !results.run.interrupted
      ? await appendHistory(resolve(options.history), results)
      : comparing || options.history !== undefined
        ? await readHistory(resolve(options.history ?? defaultHistory))
        : []
  await writeReport(results, evidence, out, { history, hardened: await ownHardened(root) })
  if (options.findings !== undefined) await writeFile(resolve(options.findings), findingsTable(results))
  const at = history.findIndex(({ run }) => run === results.run.id)
  const before = (at === -1 ? history : history.slice(0, at)).at(-1)
  const comparison = comparing ? compareRuns(before, recordOf(results)) : undefined
  const judged = options.failOn !== undefined && comparison !== undefined && !results.run.interrupted
  const exitCode = judged ? exitCodeOf(comparison) : results.run.exitCode
  await tellGithub(results, out, comparison && { comparison })
  if (options.json) printJson(comparison ?? results)
  else {
    if (comparison !== undefined) print(comparisonText(comparison))
    if (options.history !== undefined && results.run.interrupted)
      print('The run was interrupted, so it was not added to the history.')
    console.log(summary(results, out))
    if (judged)
      print(`${exitCode === 0 ? 'Not worse' : 'Worse'} than the run before (--fail-on new): exit code ${exitCode}.`)
  }
  return exitCode
}

async function compareOnly(options: ReportOptions): Promise<number> {
  const history = await readHistory(resolve(defaultHistory))
  const [before, after] = await chosen(options.compare, history)
  const comparison = compareRuns(before, after)
  if (options.json) printJson(comparison)
  else print(comparisonText(comparison))
  return options.failOn === 'new' ? exitCodeOf(comparison) : 0
}

const exitCodeOf = (comparison: Comparison) => (isWorse(comparison) ? 1 : 0)

async function chosen(
  compare: ReportOptions['compare'],
  history: readonly RunRecord[],
): Promise<readonly [RunRecord, RunRecord]> {
  if (!Array.isArray(compare)) {
    const [before, after] = history.slice(-2)
    if (before === undefined || after === undefined)
      throw new UserError(
        `A comparison needs two runs; ${defaultHistory} has ${history.length}. Add a run with "conformance report --history ${defaultHistory}", or name two folders: --compare A B.`,
      )
    return [before, after]
  }
  const [before, after, ...rest] = await Promise.all(compare.map((name: string) => runNamed(name, history)))
  if (before === undefined || after === undefined || rest.length > 0)
    throw new UserError('--compare takes two runs (older, newer), or none to compare the last two runs in the history.')
  return [before, after]
}

/** A folder that a run wrote, or the id of a run in the history. */
async function runNamed(name: string, history: readonly RunRecord[]): Promise<RunRecord> {
  const remembered = history.find(({ run }) => run === name)
  if (remembered !== undefined) return remembered
  const isFolder = await access(join(resolve(name), 'results.json')).then(
    () => true,
    () => false,
  )
  if (isFolder) return recordOf((await readReport(resolve(name))).results)
  throw new UserError(
    `Unknown run "${name}": expected a folder with a results.json, or the id of a run in ${defaultHistory}.`,
  )
}
