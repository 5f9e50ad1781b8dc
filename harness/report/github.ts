/**
 * What GitHub Actions shows by itself: annotations (workflow commands, one line each) and the job summary.
 * Elsewhere it does nothing. Workflow commands are read from stderr as well as stdout, so that `--json` stays JSON.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cell, Results } from '../run/results/results.ts'
import type { Comparison } from './compare.ts'
import { comparisonText } from './comparison-words.ts'
import { type PlacedFinding, placedFindings } from './findings.ts'
import { fence } from './markdown-text.ts'
import { markOf } from './marks.ts'
import { counted } from './numbers.ts'
import { remediesInWords } from './remedy-words.ts'
import { shortened, visible } from './visible.ts'

/** GitHub shows ten errors and ten warnings per step; more of them would push each other out. */
const mostPerKind = 10
const longestMessage = 2000

type Annotation = {
  readonly level: 'error' | 'warning'
  readonly file?: string
  readonly line?: number
  readonly title: string
  readonly message: string
}

/** Workflow commands for findings: at the variant's configuration, or at the entry that is out of date. */
export function annotations(results: Results): readonly string[] {
  const all = [
    ...results.environments.filter(({ status }) => status === 'failed').map(startAnnotation),
    ...results.stale.map(
      ({ file, line, cases, why }): Annotation => ({
        level: 'error',
        file,
        line,
        title: 'known failure out of date',
        message: `${cases.join(', ')}: ${why}`,
      }),
    ),
    ...placedFindings(results)
      .filter(({ finding }) => finding.known !== true)
      .map((placed) => findingAnnotation(placed, results)),
    ...results.cells.flatMap((cell) => cellAnnotation(cell, results)),
  ]
  return (['error', 'warning'] as const).flatMap((level) => {
    const found = all.filter((annotation) => annotation.level === level)
    if (found.length <= mostPerKind) return found.map(command)
    const rest = found.length - mostPerKind + 1
    const more = {
      level,
      title: `${rest} more`,
      message: `${rest} more: see the job summary and the report.`,
    }
    return [...found.slice(0, mostPerKind - 1), more].map(command)
  })
}

function startAnnotation(environment: Results['environments'][number]): Annotation {
  return {
    level: 'error',
    ...placeIn(environment),
    title: `${environment.id} did not start`,
    message: environment.reason ?? 'No reason is known.',
  }
}

function findingAnnotation({ finding, place, cells }: PlacedFinding, { environments }: Results): Annotation {
  const environment = environments.find(({ id }) => id === finding.environment)
  const [remedy] = remediesInWords(finding)
  return {
    level: finding.level === 'must' ? 'error' : 'warning',
    ...(environment !== undefined && placeIn(environment)),
    title: `${finding.consequence}: ${place}`,
    message: `${finding.says}${remedy === undefined ? '' : ` ${remedy}`} (${counted(cells, 'cell')}, such as ${finding.cells[0]})`,
  }
}

/** What says nothing of the proxy, or that a known failure is none any more. */
function cellAnnotation(cell: Cell, { environments }: Results): Annotation[] {
  if (cell.status !== 'unexpected-pass' && cell.status !== 'harness-error') return []
  const environment = environments.find(({ id }) => id === cell.environment)
  return [
    {
      level: 'error',
      ...(environment !== undefined && placeIn(environment)),
      title: `${markOf(cell.status).word}: ${cell.case} [${cell.transport}]`,
      message: `${cell.reason} (${cell.environment})`,
    },
  ]
}

function placeIn({ configuration }: Results['environments'][number]): { file?: string; line?: number } {
  const [file] = configuration ?? []
  return file === undefined ? {} : { file, line: 1 }
}

/** @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands (escaping as in the actions toolkit) */
function command({ level, file, line, title, message }: Annotation): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(title)}`,
  ]
  return `::${level} ${properties.join(',')}::${escaped(message)}`
}

const escaped = (text: string) =>
  shortened(visible(text), longestMessage).replaceAll('%', '%25').replaceAll('\n', '%0A')
const property = (text: string) => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

type GithubEnvironment = { readonly GITHUB_ACTIONS?: string; readonly GITHUB_STEP_SUMMARY?: string }

/**
 * Annotates, and appends the report that was written to `out` to the job summary, with the comparison above it.
 * @param say prints one line
 */
export async function tellGithub(
  results: Results,
  out: string,
  {
    environment = process.env,
    say = console.error,
    comparison,
  }: {
    readonly environment?: GithubEnvironment
    readonly say?: (line: string) => void
    readonly comparison?: Comparison
  } = {},
): Promise<void> {
  if (environment.GITHUB_ACTIONS === 'true') for (const line of annotations(results)) say(line)
  const summary = environment.GITHUB_STEP_SUMMARY
  if (summary === undefined || summary === '') return
  const changes = comparison === undefined ? '' : `${fence(comparisonText(comparison), 'text')}\n\n`
  await appendFile(summary, `${changes}${await readFile(join(out, 'report.md'), 'utf8')}\n`)
}
