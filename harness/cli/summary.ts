/** The terminal's summary of a run: what did not start, the failures by cause, where the report is, and the result in one sentence. */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { Status } from '../judge/status.ts'
import { type Cause, causesOf } from '../report/causes.ts'
import { failedLogInsOf } from '../report/failed-log-ins.ts'
import { markOf, marks } from '../report/marks.ts'
import { counted, duration } from '../report/numbers.ts'
import { runInWords } from '../report/outcome.ts'
import { guarded, oneLine, quoted, shortened } from '../report/visible.ts'
import type { Collection } from '../run/collect.ts'
import { type Cell, cellKey, type EnvironmentResult, type Results, totalsOf } from '../run/results/results.ts'

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })
const colours: Partial<Record<Status, Parameters<typeof styleText>[0]>> = {
  fail: 'red',
  'unexpected-pass': 'red',
  'harness-error': 'magenta',
}
/** Of each kind: causes, reasons for which environments did not start, entries that are out of date. The report has all of them. */
const mostLines = 10
const longestFinding = 200
const longestHop = 160

/** `nginx-oauth2-proxy@7.15.3/hardened/reference:attributed: 210 pass, 3 info (started in 1.2 s, 213 cells in 3.4 s)`. */
export function environmentLine(id: string, collection: Collection): string {
  const environment = collection.environment(id)
  if (environment === undefined) return `${id}: the run ended before it started`
  if (environment.status !== 'ready') return `${id}: ${environment.status}: ${environment.reason}`
  const caveat = environment.caveat === undefined ? '' : `, ${environment.caveat}`
  const cells = collection.cellsOf(id)
  const started = `started in ${duration(environment.startMs + environment.loginMs)}`
  const ran =
    environment.cellsMs === undefined ? '' : `, ${counted(cells.length, 'cell')} in ${duration(environment.cellsMs)}`
  return `${id}${caveat}: ${numbers(cells) || 'no cells'} (${started}${ran})`
}

function numbers(cells: readonly Cell[]): string {
  const totals = totalsOf(cells)
  return marks
    .toReversed()
    .filter(({ status }) => (totals[status] ?? 0) > 0)
    .map(({ status, word }) => `${totals[status]} ${word}`)
    .join(', ')
}

/** The last line is the run in one sentence, the same as in the report. */
export function summary(results: Results, out: string): string {
  const { run, stale } = results
  const entries = stale.map(
    ({ file, line, cases, why }) =>
      `${paint('red', 'known failure out of date')} ${oneLine(`${file}:${line} (${cases.join(', ')})`)}: ${quoted(why)}`,
  )
  const sentence = runInWords(results)
  const end = sentence.indexOf(':')
  const lines = [
    '',
    ...notStarted(results.environments),
    ...couldNotBeJudged(results.environments),
    ...failures(causesOf(results)),
    ...bounded(entries, (rest) => `… and ${rest} more entries`),
    ...(run.notes ?? []).map((note) => quoted(note)),
    `Report: ${oneLine(relative(process.cwd(), out) || '.')}/index.html (${duration(run.durationMs)})`,
    `${paint('bold', sentence.slice(0, end))}${sentence.slice(end)}`,
  ]
  return guarded(lines.join('\n'))
}

/** By reason: without an engine all environments have the same. */
function notStarted(environments: readonly EnvironmentResult[]): string[] {
  const missing = environments.filter(({ status }) => status !== 'ready')
  const reasons = Map.groupBy(missing, ({ status, reason = 'no reason is known' }) => `${status}: ${reason}`)
  const lines = [...reasons].map(([reason, members]) => {
    const names = members.map(({ id }) => oneLine(id))
    const which = names.length > 3 ? `${counted(names.length, 'environment')}, such as ${names[0]}` : names.join(', ')
    return `${paint('magenta', 'did not start')} ${which}\n  ${quoted(reason)}`
  })
  return bounded(lines, (rest) => `… and environments that did not start for ${counted(rest, 'other reason')}`)
}

/** By sentence: the same configuration in front of several gateways fails alike. */
function couldNotBeJudged(environments: readonly EnvironmentResult[]): string[] {
  const groups = Map.groupBy(failedLogInsOf(environments), ({ says }) => says)
  const lines = [...groups].map(([says, members]) => {
    const [first] = members
    const names = [...new Set(members.map(({ environment }) => oneLine(environment)))]
    const which = names.length > 1 ? `${counted(names.length, 'environment')}, such as ${names[0]}` : names.join()
    const chain = (first?.chain ?? []).map((hop) => `\n    ${oneLine(shortened(hop, longestHop))}`).join('')
    return `${paint('magenta', 'could not be judged')} ${which}\n  ${quoted(says)}${chain}`
  })
  return bounded(lines, (rest) => `… and ${counted(rest, 'more log-in')} that failed: see the report`)
}

/** One line per cause, the worst first. */
function failures(causes: readonly Cause[]): string[] {
  const lines = causes.map(({ status, place, finding, cells }) => {
    const [first] = cells
    const example = first === undefined ? '' : cellKey(first)
    const where = cells.length === 1 ? example : `${cells.length} cells, such as ${example}`
    return `${paint(colours[status] ?? 'red', markOf(status).word)} ${oneLine(place)}: ${oneLine(shortened(quoted(finding), longestFinding))} (${oneLine(where)})`
  })
  return bounded(lines, (rest) => {
    const cells = causes.slice(mostLines).reduce((sum, cause) => sum + cause.cells.length, 0)
    return `… and ${counted(rest, 'more cause')} (${counted(cells, 'cell')}): see the report`
  })
}

function bounded(lines: readonly string[], more: (rest: number) => string): string[] {
  const rest = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(rest > 0 ? [more(rest)] : [])]
}
