/** What the terminal says of a run: one line per environment, then what needs a reader's eye, then where the report is. */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import { isRed, type Status } from '../judge/status.ts'
import type { Collection } from '../run/collect.ts'
import { type Cell, type EnvironmentResult, type Results, totalsOf } from '../run/results/results.ts'

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })
const colours: Partial<Record<Status, Parameters<typeof styleText>[0]>> = {
  pass: 'green',
  fail: 'red',
  'unexpected-pass': 'red',
  'harness-error': 'magenta',
  warn: 'yellow',
  'known-failure': 'yellow',
}
/** Red cells that are spelled out; the report has all of them. */
const spelledOut = 20

function counts(cells: readonly Cell[]): string {
  return Object.entries(totalsOf(cells))
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ')
}

/** `nginx-oauth2-proxy@7.15.3/hardened/reference:attributed: 210 pass, 3 info (up in 1.2 s, cells in 3.4 s)`. */
export function environmentLine(id: string, collection: Collection): string {
  const environment = collection.environment(id)
  if (environment === undefined) return `${id}: nothing was heard of it`
  if (environment.status !== 'ready') return `${id}: ${environment.status}: ${environment.reason}`
  const caveat = environment.caveat === undefined ? '' : `, ${environment.caveat}`
  return `${id}${caveat}: ${counts(collection.cellsOf(id))} (up in ${seconds(environment.startMs + environment.loginMs)}${environment.cellsMs === undefined ? '' : `, cells in ${seconds(environment.cellsMs)}`})`
}

export function summary(results: Results, out: string): string {
  const red = results.cells.filter(({ status }) => isRed(status) || status === 'harness-error')
  const absent = results.environments.filter(({ status }) => status !== 'ready')
  return [
    '',
    ...absent.map(
      (environment) => `${paint('magenta', environment.status)} ${environment.id}\n  ${environment.reason}`,
    ),
    ...red
      .slice(0, spelledOut)
      .map(
        (cell) =>
          `${paint(colours[cell.status] ?? 'red', cell.status)} ${cell.environment} ${cell.case} ${cell.transport}\n  ${firstLine(cell.reason)}`,
      ),
    ...(red.length > spelledOut ? [`… and ${red.length - spelledOut} more in the report`] : []),
    ...results.stale.map(
      (entry) =>
        `${paint('red', 'stale known failure')} ${entry.file}:${entry.line} (${entry.cases.join(', ')}): ${entry.why}`,
    ),
    ...(results.run.notes ?? []),
    `${paint('bold', verdict(results))}: ${counts(results.cells) || 'no cell ran'}; ${(results.run.durationMs / 1000).toFixed(1)} s`,
    `Report: ${relative(process.cwd(), out) || '.'}/index.html`,
  ].join('\n')
}

/** A failed log-in brings its whole chain along: that is for the report. */
const firstLine = (text: string) => text.split('\n', 1)[0]

function verdict({ run, environments }: Results): string {
  const ready = environments.filter((environment: EnvironmentResult) => environment.status === 'ready').length
  const stood = `${ready} of ${environments.length} environments stood`
  switch (run.exitCode) {
    case 0:
      return `Conforms (${stood})`
    case 1:
      return `Does not conform (${stood})`
    case 130:
      return `Interrupted (${stood})`
    default:
      return `Incomplete (${stood})`
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
