/** JUnit XML for CI systems: a suite per environment, a test case per case, over all of its transports. */
import type { Status } from '../judge/status.ts'
import type { Cell } from '../run/results/results.ts'
import { briefReason } from './alike.ts'
import { cellLink } from './html/links.ts'
import { environmentOutcome } from './outcome.ts'
import type { Overview } from './overview.ts'
import { visible } from './visible.ts'

type Tag = 'failure' | 'error' | 'skipped' | 'system-out'

/** What was not judged or is known to fail is skipped, with its reason. What is not offered over one transport does not hide a pass over another. */
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
/** The worst first. */
const order: readonly Tag[] = ['failure', 'error', 'skipped', 'system-out']
const startTags = { ready: undefined, failed: 'error', unavailable: 'skipped' } as const

/** An environment that did not start is one failing or skipped test case of its own, not one per case. */
export function junitXml(overview: Overview): string {
  const suites = overview.environments.map((environment) => {
    const { id, status, startMs, loginMs } = environment
    const start = result(startTags[status], 'environment', environmentOutcome(overview, environment).words, '')
    const tests = [...Map.groupBy(overview.cellsOf(id), (cell) => cell.case)].map(([name, cells]) =>
      testCase(
        id,
        name,
        cells.reduce((sum, { ms }) => sum + ms, 0),
        resultOf(overview, cells),
      ),
    )
    const about = { name: id, timestamp: overview.results.run.startedAt, time: seconds(startMs + loginMs) }
    return suite('testsuite', about, [testCase(id, 'environment starts', startMs, start), ...tests])
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite('testsuites', {}, suites)}`
}

/** The worst of the transports decides; all with the same result are named. */
function resultOf(overview: Overview, cells: readonly Cell[]): string {
  const judged = cells.filter(({ status }) => status !== 'unsupported')
  const counted = judged.length > 0 ? judged : cells
  const tag = order.find((one) => counted.some(({ status }) => tags[status] === one))
  const decisive = counted.filter(({ status }) => tags[status] === tag)
  const [first] = decisive
  if (tag === undefined || first === undefined) return ''
  const reasons = Map.groupBy(decisive, (cell) => (tag === 'skipped' ? briefReason(cell) : cell.reason))
  const message = [...reasons].map(([reason, own]) => `${own.map(({ transport }) => transport).join(', ')}: ${reason}`)
  const shown = tag === 'failure' || tag === 'error' ? cellLink(overview, first) : ''
  return result(tag, first.status, message.join('\n'), shown)
}

function result(tag: Tag | undefined, type: string, message: string, evidence: string): string {
  if (tag === undefined) return ''
  if (tag === 'system-out') return element(tag, {}, xmlText(`${type}: ${message}`))
  if (tag === 'skipped') return element(tag, { message: `${type}: ${message}` }, '')
  return element(tag, { type, message }, xmlText(evidence))
}

function testCase(classname: string, name: string, ms: number, content: string): string {
  return element('testcase', { classname, name, time: seconds(ms) }, content)
}

function suite(name: string, attributes: Readonly<Record<string, string>>, parts: readonly string[]): string {
  const content = parts.join('')
  const count = (tag: string) => String(content.split(`<${tag} `).length - 1)
  const numbers = {
    tests: count('testcase'),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  }
  return element(name, { ...attributes, ...numbers }, `\n${content}`)
}

/** @param content XML already */
function element(name: string, attributes: Readonly<Record<string, string>>, content: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`)
  return content === '' ? `<${name}${written.join('')}/>\n` : `<${name}${written.join('')}>${content}</${name}>\n`
}

const seconds = (ms: number) => (ms / 1000).toFixed(3)

/** For content and attributes. What XML 1.0 cannot write, not even escaped, `visible` has replaced already. */
function xmlText(text: string): string {
  return visible(text).replace(/[&<>"\n\t]/g, (character) => `&#${character.charCodeAt(0)};`)
}
