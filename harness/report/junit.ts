/** JUnit XML for CI systems: a suite per environment, a test case per cell. */
import type { Status } from '../judge/status.ts'
import type { Cell, EnvironmentResult } from '../run/results/results.ts'
import { briefReason } from './alike.ts'
import { cellLink } from './html/links.ts'
import { environmentOutcome } from './outcome.ts'
import type { Overview } from './overview.ts'
import { visible } from './visible.ts'

type Tag = 'failure' | 'error' | 'skipped' | 'system-out'

/** What was not judged or is known to fail is skipped, with its reason. */
const tags: Readonly<Record<Status, Tag | undefined>> = {
  pass: undefined,
  info: 'system-out',
  warn: 'system-out',
  fail: 'failure',
  'unexpected-pass': 'failure',
  'harness-error': 'error',
  unsupported: 'skipped',
  blocked: 'skipped',
  'known-failure': 'skipped',
}
const startTags = { ready: undefined, failed: 'error', unavailable: 'skipped' } as const

/**
 * An environment that did not start is one failing or skipped test case of its own, not one per cell.
 * @returns the text in parts, one for each environment
 */
export function* junitXml(overview: Overview): Generator<string> {
  const { environments, results } = overview
  const started = environments.flatMap(({ status }) => startTags[status] ?? [])
  const all = [...started, ...results.cells.flatMap(({ status }) => tags[status] ?? [])]
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${written(counts(environments.length + results.cells.length, all))}>\n`
  for (const environment of environments) yield suite(overview, environment)
  yield '</testsuites>\n'
}

function suite(overview: Overview, environment: EnvironmentResult): string {
  const { id, status, startMs, loginMs } = environment
  const cells = overview.cellsOf(id)
  const start = result(startTags[status], 'environment', environmentOutcome(overview, environment).words, '')
  const tests = cells.map((cell) =>
    testCase(
      id,
      `${cell.case} [${cell.transport}]`,
      cell.ms,
      result(tags[cell.status], cell.status, messageOf(cell), shownAt(overview, cell)),
    ),
  )
  const about = { name: id, timestamp: overview.results.run.startedAt, time: seconds(startMs + loginMs) }
  const own = counts(
    cells.length + 1,
    [startTags[status], ...cells.map((cell) => tags[cell.status])].flatMap((tag) => tag ?? []),
  )
  return element(
    'testsuite',
    { ...about, ...own },
    `\n${testCase(id, 'environment starts', startMs, start)}${tests.join('')}`,
  )
}

function counts(tests: number, results: readonly Tag[]) {
  const count = (tag: Tag) => String(results.filter((one) => one === tag).length)
  return { tests: String(tests), failures: count('failure'), errors: count('error'), skipped: count('skipped') }
}

/** Of what failed: the evidence for programs, and the page that shows it. */
function shownAt(overview: Overview, cell: Cell): string {
  const tag = tags[cell.status]
  return tag === 'failure' || tag === 'error' ? `${cell.evidence}\n${cellLink(overview, cell)}` : ''
}

/** What was skipped is most of a file: its reason is brief, the rest is in `results.json`. */
const messageOf = (cell: Cell) => (tags[cell.status] === 'skipped' ? briefReason(cell) : cell.reason)

function result(tag: Tag | undefined, type: string, message: string, evidence: string): string {
  if (tag === undefined) return ''
  if (tag === 'system-out') return element(tag, {}, xmlText(`${type}: ${message}`))
  return element(tag, { type, message: tag === 'skipped' ? `${type}: ${message}` : message }, xmlText(evidence))
}

function testCase(classname: string, name: string, ms: number, content: string): string {
  return element('testcase', { classname, name, time: seconds(ms) }, content)
}

/** @param content XML already */
function element(name: string, attributes: Readonly<Record<string, string>>, content: string): string {
  const start = `<${name}${written(attributes)}`
  return content === '' ? `${start}/>\n` : `${start}>${content}</${name}>\n`
}

const written = (attributes: Readonly<Record<string, string>>) =>
  Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${xmlText(value)}"`)
    .join('')

const seconds = (ms: number) => (ms / 1000).toFixed(3)

/** For content and attributes. What XML 1.0 cannot write, not even escaped, `visible` has replaced already. */
function xmlText(text: string): string {
  return visible(text).replace(/[&<>"\n\t]/g, (character) => `&#${character.charCodeAt(0)};`)
}
