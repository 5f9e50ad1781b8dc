import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Status } from '../judge/status.ts'
import { markdownReport } from '../report/markdown.ts'
import { runInWords } from '../report/outcome.ts'
import { overviewOf } from '../report/overview.ts'
import { aRun } from '../report/report.fixture.ts'
import { concluded } from '../run/results/conclusions.ts'
import type { Cell, Results } from '../run/results/results.ts'
import { summary } from './summary.ts'

const lines = (results: Results) => stripVTControlCharacters(summary(results, '/tmp/out')).split('\n')
/** Twenty failed cases over two transports. */
const failing = (about: (index: number) => NonNullable<Cell['about']>[number]): Results => {
  const { results } = aRun({ cases: 20, environments: 1, status: () => 'fail' })
  const cells = results.cells.map((cell, index) => ({ ...cell, about: [about(index)] }))
  return { ...results, cells, ...concluded(results.environments, cells) }
}
const base = { who: 'alice', from: 'internet', to: 'proxy', transport: 'http', seen: 'arrival' } as const
const passed = (header: string) => ({ ...base, kind: 'passed', header, believed: true }) as const

describe('the summary of a run', () => {
  it.each(['pass', 'fail', 'known-failure', 'blocked', 'harness-error'] as const satisfies readonly Status[])(
    'ends with the same sentence as the report: %s',
    (status) => {
      const run = aRun({ cases: 3, environments: 1, status: () => status })
      expect(lines(run.results).at(-1)).toBe(runInWords(run.results))
      expect(markdownReport(overviewOf(run.results, run.evidence)).replaceAll('\\', '')).toContain(
        `**${runInWords(run.results)}**`,
      )
    },
  )

  it('says a mistake once, with the number of cells that show it and a case that explains it', () => {
    const [, first, ...others] = lines(failing(() => passed('x-webauth-user')))
    expect(first).toBe(
      'user-is-anyone nginx-oauth2-proxy/documented: A signed-in user becomes any user: the proxy passes on X-Webauth-User that the client sent. (40 cells: conformance explain alias.topic-0.case-2)',
    )
    expect(others[0]).toMatch(/^Grade E nginx-oauth2-proxy/)
  })

  it('begins with the worst', () => {
    const kinds = ['leaked', 'accepted', 'not-upgraded'] as const
    const all = lines(failing((index) => ({ ...base, kind: kinds[index % 3] ?? 'leaked', who: 'anonymous' })))
    expect(all.slice(1, 4).map((line) => line.split(' ', 1)[0])).toEqual(['anyone-is-anyone', 'locked-out', 'leak'])
  })

  it('says below a finding what to do about it', () => {
    const results = failing(() => passed('x-a'))
    const remedies = [{ text: 'nginx: add `x`', file: 'proxies/a/hardened/nginx.conf', line: 7 }]
    const withRemedy = { ...results, findings: results.findings.map((one) => ({ ...one, remedies })) }
    expect(lines(withRemedy)[2]).toBe('  nginx: add `x` (as in proxies/a/hardened/nginx.conf:7).')
  })

  it('puts what is known already after what is new', () => {
    const results = failing((index) => (index < 20 ? { ...base, kind: 'accepted', who: 'anonymous' } : passed('x-a')))
    const cells = results.cells.map((cell, index) =>
      index < 20 ? { ...cell, status: 'known-failure' as const } : cell,
    )
    const all = lines({ ...results, cells, ...concluded(results.environments, cells) })
    expect(all[1]).toMatch(/^user-is-anyone nginx/)
    expect(all[2]).toMatch(/^anyone-is-anyone, known nginx/)
  })

  it('spells out ten findings at most and counts the rest', () => {
    const all = lines(failing((index) => passed(`x-header-${index % 13}`)))
    expect(all.filter((line) => line.startsWith('user-is-anyone'))).toHaveLength(10)
    expect(all).toContain('… and 3 more findings (9 cells): see the report')
  })

  it('says once why many environments did not start', () => {
    const { results } = aRun({ cases: 1, environments: 12, status: () => 'pass' })
    const environments = results.environments.map((one) => ({
      ...one,
      status: 'unavailable' as const,
      reason: 'No engine.',
    }))
    const all = lines({ ...results, environments, cells: [], findings: [], grades: [] })
    expect(all.slice(1, 3)).toEqual([
      `did not start 12 environments, such as ${environments[0]?.id}`,
      '  unavailable: No engine.',
    ])
  })
})
