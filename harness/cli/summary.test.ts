import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Status } from '../judge/status.ts'
import { markdownReport } from '../report/markdown.ts'
import { runInWords } from '../report/outcome.ts'
import { overviewOf } from '../report/overview.ts'
import { aRun } from '../report/report.fixture.ts'
import type { Results } from '../run/results/results.ts'
import { summary } from './summary.ts'

const lines = (results: Results) => stripVTControlCharacters(summary(results, '/tmp/out')).split('\n')
const withReasons = (reason: (index: number) => string): Results => {
  const { results } = aRun({ cases: 20, environments: 1, status: () => 'fail' })
  return { ...results, cells: results.cells.map((cell, index) => ({ ...cell, reason: reason(index) })) }
}

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

  it('says a mistake once, with the number of cells that show it', () => {
    const all = lines(withReasons((index) => `As alice: x-openclaw-scopes arrived as "operator.${index}".`))
    expect(all.filter((line) => line.startsWith('fail'))).toEqual([
      'fail nginx-oauth2-proxy/documented: x-openclaw-scopes arrived as "operator.0" (40 cells, such as identity.topic-0.case-0.http)',
    ])
  })

  it('spells out ten causes at most, each on one line, and counts the rest', () => {
    const all = lines(
      withReasons((index) => `As alice: x-header-${String.fromCharCode(97 + (index % 13))} arrived as "a\nb".`),
    )
    expect(all.filter((line) => line.startsWith('fail'))).toHaveLength(10)
    expect(all).toContain('… and 3 more causes (9 cells): see the report')
    expect(all).toHaveLength(1 + 10 + 1 + 2)
  })

  it('says once why many environments did not start', () => {
    const { results } = aRun({ cases: 1, environments: 12, status: () => 'pass' })
    const environments = results.environments.map((one) => ({
      ...one,
      status: 'unavailable' as const,
      reason: 'No engine.',
    }))
    const all = lines({ ...results, environments, cells: [] })
    expect(all.slice(1, 3)).toEqual([
      `did not start 12 environments, such as ${environments[0]?.id}`,
      '  unavailable: No engine.',
    ])
  })
})
