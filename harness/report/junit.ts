/** JUnit XML for CI systems: a suite per environment, a test case per cell. */
import type { Status } from '../judge/status.ts'
import type { Cell } from '../run/results/results.ts'
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

/** An environment that did not start is one failing or skipped test case of its own, not one per cell. */
export function junitXml(overview: Overview): string {
  const suites = overview.environments.map((environment) => {
    const { id, status, startMs, loginMs } = environment
    const start = result(startTags[status], 'environment', environmentOutcome(overview, environment).words, '')
    const tests = overview
      .cellsOf(id)
      .map((cell) =>
        testCase(
          id,
          `${cell.case} [${cell.transport}]`,
          cell.ms,
          result(tags[cell.status], cell.status, cell.reason, shownAt(overview, cell)),
        ),
      )
    const about = { name: id, timestamp: overview.results.run.startedAt, time: seconds(startMs + loginMs) }
    return suite('testsuite', about, [testCase(id, 'environment starts', startMs, start), ...tests])
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite('testsuites', {}, suites)}`
}

/** Where the evidence is, for programs; of a failure the page that shows it as well. Without a request there is none. */
function shownAt(overview: Overview, cell: Cell): string {
  const tag = tags[cell.status]
  if (cell.status === 'unsupported') return ''
  return tag === 'failure' || tag === 'error' ? `${cell.evidence}\n${cellLink(overview, cell)}` : cell.evidence
}

function result(tag: Tag | undefined, type: string, message: string, evidence: string): string {
  if (tag === undefined) return ''
  if (tag === 'system-out') return element(tag, {}, xmlText(`${type}: ${message}`))
  return element(tag, { type, message: tag === 'skipped' ? `${type}: ${message}` : message }, xmlText(evidence))
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
