import { describe, expect, it } from 'vitest'
import type { Status } from '../judge/status.ts'
import { cellKey, resultsSchema } from '../run/results/results.ts'
import { badge, badgesByProxy } from './badge.ts'
import { shownCell } from './html/shown-cell.testing.ts'
import { junitXml } from './junit.ts'
import { markdownReport } from './markdown.ts'
import { code, text } from './markdown-text.ts'
import { type Overview, overviewOf } from './overview.ts'
import { aRun, hostile } from './report.fixture.ts'
import { sarifLog } from './sarif.ts'

const run = aRun({ cases: 26, environments: 6 })
const overview = overviewOf(run.results, run.evidence)
const allPass = aRun({ cases: 5, environments: 2, status: () => 'pass' })

/** The same run with its environments in another state. */
function withEnvironment(status: 'failed' | 'unavailable', reason: string) {
  const [first, ...rest] = allPass.results.environments
  if (first === undefined) throw new Error('the fixture has no environment')
  const results = {
    ...allPass.results,
    environments: [{ ...first, status, reason }, ...rest],
    cells: allPass.results.cells.filter((cell) => cell.environment !== first.id),
  }
  return overviewOf(results, allPass.evidence)
}

describe('results.json', () => {
  it('is what its schema says', () => {
    expect(resultsSchema.safeParse(JSON.parse(JSON.stringify(run.results))).error).toBeUndefined()
  })
  it('counts every status', () => {
    expect(Object.keys(run.results.totals)).toHaveLength(9)
    expect(Object.values(run.results.totals).reduce((sum, count) => sum + count, 0)).toBe(run.results.cells.length)
  })
})

const xmlOf = (of: Overview) => [...junitXml(of)].join('')

describe('JUnit', () => {
  const xml = xmlOf(overview)
  const count = (pattern: RegExp) => xml.match(pattern)?.length ?? 0
  const { totals } = run.results
  it('has one test case per cell and one per environment', () => {
    expect(count(/<testcase /g)).toBe(run.results.cells.length + 6)
    expect(count(/<testsuite /g)).toBe(6)
    expect(xml).toContain(`<testsuites tests="${run.results.cells.length + 6}" failures="`)
    for (const { environment, case: id, transport } of run.results.cells)
      expect(xml).toContain(`<testcase classname="${environment}" name="${id} [${transport}]" time="`)
  })
  it('marks failures, errors and what was skipped', () => {
    expect(count(/<failure /g)).toBe((totals.fail ?? 0) + (totals['unexpected-pass'] ?? 0))
    expect(count(/<error /g)).toBe(totals['harness-error'])
    expect(count(/<skipped /g)).toBe((totals.unsupported ?? 0) + (totals.blocked ?? 0) + (totals['known-failure'] ?? 0))
    expect(totals.fail).toBeGreaterThan(0)
  })
  it('says of each cell what it came to, why, and where the evidence is', () => {
    const [first] = allPass.results.cells
    if (first === undefined) throw new Error('The fixture has no cells.')
    const caseOf = (status: Status) => {
      const made = xmlOf(overviewOf({ ...allPass.results, cells: [{ ...first, status, reason: 'the reason' }] }, {}))
      return made.slice(made.indexOf(`name="${first.case}`)).split('</testsuite>')[0] ?? ''
    }
    expect(caseOf('pass')).toMatch(/^name="\S+ \[http\]" time="[\d.]+"\/>\n$/)
    expect(caseOf('fail')).toMatch(
      /<failure type="fail" message="the reason">evidence\/\S+\.json\.gz#\S+\.http&#10;proxy\/\S+\/index\.html#\S+\.http<\/failure>/,
    )
    expect(caseOf('harness-error')).toMatch(/<error type="harness-error" message="the reason">evidence\//)
    expect(caseOf('blocked')).toContain('<skipped type="blocked" message="blocked: the reason"/>')
    expect(caseOf('unsupported')).toContain('<skipped type="unsupported" message="unsupported: the reason"/>')
    expect(caseOf('warn')).toContain('<system-out>warn: the reason</system-out>')
  })
  it('holds no character that XML forbids and no mark-up from evidence', () => {
    expect(/[^\P{Cc}\n\r\t]|\ufffe/u.test(xml)).toBe(false)
    const outside = xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '')
    expect(/<(script|img|\/pre)/.test(outside)).toBe(false)
  })
  it('says that an environment did not start', () => {
    expect(xmlOf(withEnvironment('failed', 'nginx exited with 1'))).toMatch(
      /<error type="environment" message="did not start: nginx exited with 1"/,
    )
  })
})

describe('report.md', () => {
  const markdown = markdownReport(overview)
  it('shows what was sent and what arrived for a red cell', () => {
    const red = run.results.cells.find(({ status }) => status === 'fail')
    expect(markdown).toContain(`✗ fail: ${text(red?.case ?? '?')} \\[${red?.transport}\\]`)
    expect(markdown).toContain('X-Forwarded-User: evil-1@attacker.test')
    expect(markdown).toContain('-- from 10.9.0.2; trusted-proxy, client 10.9.0.10; accepted as alice@example.test')
  })
  it('shows what a cell gave that fails only beside other requests, and one that was run again', () => {
    const red = run.results.cells.find(({ status }) => status === 'fail')
    const evidence = red && overview.evidenceOf(red)
    if (red === undefined || evidence === undefined) throw new Error('The fixture has no failed cell.')
    const cell = { ...red, rerun: 'The fence did not arrive.' }
    const both = { [red.environment]: { [cellKey(red)]: { ...evidence, alone: evidence.attempts } } }
    const again = overviewOf({ ...run.results, cells: [cell] }, both)
    const page = shownCell(again, cell)
    expect(page).toContain('<h2>Sent by themselves</h2>')
    expect(page.match(/<h2>Expected and observed<\/h2>/g)).toHaveLength(2)
    expect(page).toContain('the first time said nothing about the proxy: The fence did not arrive.')
    const text = markdownReport(again)
    expect(text).toContain('Sent by themselves, the same requests gave another result: POST')
    expect(text).toContain('Run again. The first time: The fence did not arrive.')
  })
  it('leaves evidence no way out of its block', () => {
    const outside = markdown.replace(/^(`{3,})(?:http|text)\n[\s\S]*?\n\1$/gm, '')
    expect(markdown).toContain('<script>')
    expect(/<(script|img)/.test(outside)).toBe(false)
    expect(/[^\P{Cc}\n\r\t]/u.test(markdown)).toBe(false)
  })
  it('is loud about environments that did not run', () => {
    expect(markdownReport(withEnvironment('unavailable', 'no engine'))).toMatch(
      /\*\*1 environment did not run\.\*\*.*\n>\n> - `.*` unavailable: no engine/,
    )
  })
  it('lists known failures with reason, link and date', () => {
    expect(markdown).toContain('**Nothing strips it.** [https:<!-- -->//docs.example.test/proxy')
    expect(markdown).toContain('](<https://docs.example.test/proxy#headers>) (since 2026-11-01)')
  })
  it('stays below what a job summary takes, and says what it left out', () => {
    const big = aRun({ cases: 150, environments: 30, status: () => 'fail' })
    const long = markdownReport(overviewOf(big.results, big.evidence))
    expect(Buffer.byteLength(long)).toBeLessThan(1024 * 1024)
    expect(long).toMatch(/\*\*\d+ more cells did not fit here:\*\*/)
  })
  it('keeps backquotes inside code', () => {
    expect(code('a``b')).toBe('```a``b```')
    expect(code('`')).toBe('`` ` ``')
  })
})

describe('SARIF', () => {
  const log = sarifLog(overview)
  const [first] = log.runs
  it('has a result per finding, and one per known failure that is none any more', () => {
    const { totals, findings } = run.results
    expect(findings.length).toBeGreaterThan(4)
    expect(first?.results).toHaveLength(findings.length + (totals['unexpected-pass'] ?? 0))
    expect(first?.results?.[0]?.message.text).toContain(findings[0]?.says.slice(0, 40))
  })
  it('points each result at its rule and at the configuration of the variant', () => {
    for (const result of first?.results ?? []) {
      expect(first?.tool.driver.rules?.[result.ruleIndex ?? -1]?.id).toBe(result.ruleId)
      expect(result.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toMatch(
        /^proxies\/[\w-]+\/(documented|hardened)\/proxy\.conf$/,
      )
    }
    expect(first?.results?.length).toBeGreaterThan(0)
  })
  it('suppresses known failures and reports harness errors as notifications', () => {
    const suppressed = first?.results?.filter(({ suppressions }) => suppressions !== undefined) ?? []
    const known = run.results.findings.filter((finding) => finding.known)
    expect(suppressed).toHaveLength(known.length)
    expect(known.length).toBeGreaterThan(0)
    expect(suppressed[0]?.suppressions?.[0]?.justification).toMatch(/^Since 2026-11-01: /)
    expect(first?.invocations?.[0]?.toolExecutionNotifications).toHaveLength(run.results.totals['harness-error'] ?? -1)
  })
  it('has a fingerprint of its own for every result', () => {
    const prints = first?.results?.map((result) => result.partialFingerprints?.['finding/v1']) ?? []
    expect(new Set(prints).size).toBe(prints.length)
  })
})

describe('badges', () => {
  it('is red with a failure and green without', () => {
    expect(badge(overview)).toMatchObject({
      schemaVersion: 1,
      color: 'red',
      message: expect.stringMatching(/2 cells failed/),
    })
    expect(badge(overviewOf(allPass.results, allPass.evidence))).toMatchObject({
      color: 'brightgreen',
      message: '? · passed all 16 required cells',
    })
  })
  it('is never green when an environment failed, nothing ran or the run was interrupted', () => {
    expect(badge(withEnvironment('failed', 'x')).color).toBe('orange')
    expect(badge(overviewOf({ ...allPass.results, cells: [] }, {})).color).toBe('lightgrey')
    expect(
      badge(overviewOf({ ...allPass.results, run: { ...allPass.results.run, interrupted: true } }, {})).message,
    ).toBe('interrupted')
  })
  it('has one per proxy', () => {
    expect([...badgesByProxy(overview).keys()]).toEqual([
      ...new Set(run.results.environments.map(({ proxy }) => proxy)),
    ])
    expect([...badgesByProxy(withEnvironment('failed', 'x')).values()][0]?.color).toBe('lightgrey')
  })
})

describe('the fixture', () => {
  it('really carries hostile bytes', () => {
    expect(JSON.stringify(run.evidence)).toContain(JSON.stringify(hostile).slice(1, -1))
  })
})
