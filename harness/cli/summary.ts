/** The terminal's summary of a run: what did not start, findings, grades, where the report is, and the result in one sentence. */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import { failedLogInsOf } from '../report/failed-log-ins.ts'
import { exampleOf, placedFindings, placeOf } from '../report/findings.ts'
import { gatewayConfigurations } from '../report/gateway-configuration.ts'
import { markOf, marks } from '../report/marks.ts'
import { counted, duration } from '../report/numbers.ts'
import { runInWords } from '../report/outcome.ts'
import { remediesInWords } from '../report/remedy-words.ts'
import { guarded, oneLine, quoted, shortened } from '../report/visible.ts'
import type { Collection } from '../run/collect.ts'
import { type Cell, cellKey, type EnvironmentResult, type Results, totalsOf } from '../run/results/results.ts'

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })
/** Of each kind: findings, grades, reasons for which environments did not start, entries that are out of date. The report has all of them. */
const mostLines = 10
const longestFinding = 400
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
    ...findingLines(results),
    ...otherFailures(results),
    ...gradeLines(results),
    ...bounded(entries, (rest) => `… and ${rest} more entries`),
    ...(run.notes ?? []).map((note) => quoted(note)),
    ...ownGateways(results.environments),
    `Report: ${oneLine(relative(process.cwd(), out) || '.')}/index.html (${duration(run.durationMs)})`,
    `${paint('bold', sentence.slice(0, end))}${sentence.slice(end)}`,
  ]
  return guarded(lines.join('\n'))
}

/** What the run put over operators' gateway configurations, and how many findings the gateway's own audit has. */
function ownGateways(environments: readonly EnvironmentResult[]): string[] {
  return gatewayConfigurations(environments).flatMap(({ environment, file, replaced, audit }) => [
    ...bounded(
      replaced.map((one) => `${oneLine(environment)}: replaced in ${oneLine(file)}: ${quoted(one)}`),
      (rest) => `… and ${rest} more: see the report`,
    ),
    `${oneLine(environment)}: ${counted(audit.length, 'finding')} of the gateway's security audit: see the report`,
  ])
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

/** One line for each finding with what to do below it, the worst first. */
function findingLines(results: Results): string[] {
  const placed = placedFindings(results)
  const lines = placed.map(({ place, finding, cells }) => {
    const { consequence, level, says, known } = finding
    const marks = [...(known ? ['known'] : []), ...(level === 'must' ? [] : ['recommendation'])]
    const head = `${paint(known ? 'yellow' : level === 'must' ? 'red' : 'cyan', [consequence, ...marks].join(', '))} ${oneLine(place)}`
    const where = `${counted(cells, 'cell')}: conformance explain ${exampleOf(finding)}`
    const [remedy] = remediesInWords(finding)
    return [
      `${head}: ${oneLine(shortened(quoted(says), longestFinding))} (${oneLine(where)})`,
      ...(remedy === undefined ? [] : [`  ${oneLine(remedy)}`]),
    ].join('\n')
  })
  return bounded(lines, (rest) => {
    const cells = placed.slice(mostLines).reduce((sum, one) => sum + one.cells, 0)
    return `… and ${counted(rest, 'more finding')} (${counted(cells, 'cell')}): see the report`
  })
}

/** Cells that say nothing of the proxy, or that an entry is out of date: by their sentence. */
function otherFailures({ cells, environments }: Results): string[] {
  const places = new Map(environments.map((one) => [one.id, placeOf(one)]))
  const failed = cells.filter(({ status }) => status === 'unexpected-pass' || status === 'harness-error')
  const groups = Map.groupBy(failed, (cell) => `${cell.status} ${places.get(cell.environment)} ${cell.reason}`)
  const lines = [...groups.values()].flatMap((members) => {
    const [first] = members
    if (first === undefined) return []
    const where = members.length === 1 ? cellKey(first) : `${members.length} cells, such as ${cellKey(first)}`
    return `${paint('magenta', markOf(first.status).word)} ${oneLine(places.get(first.environment) ?? first.environment)}: ${oneLine(shortened(quoted(first.reason), longestFinding))} (${oneLine(where)})`
  })
  return bounded(lines, (rest) => `… and ${counted(rest, 'more')}: see the report`)
}

/** By letter, the worst first; environments of a run may be many. */
function gradeLines({ grades }: Results): string[] {
  const order = ['F', 'E', 'D', 'C', 'B', '?', 'A']
  const lines = grades
    .toSorted((one, other) => order.indexOf(one.letter) - order.indexOf(other.letter))
    .map(
      ({ letter, environment, seen, applicable, caps }) =>
        `${paint('bold', `Grade ${letter}`)} ${oneLine(`${environment} (${seen} of ${applicable} cells seen; ${caps[0] ?? ''})`)}`,
    )
  return bounded(lines, (rest) => `… and ${counted(rest, 'more grade')}: see the report`)
}

function bounded(lines: readonly string[], more: (rest: number) => string): string[] {
  const rest = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(rest > 0 ? [more(rest)] : [])]
}
