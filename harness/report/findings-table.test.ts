import { describe, expect, it } from 'vitest'
import { findingsTable } from './findings-table.ts'
import { aRun } from './report.fixture.ts'

const { results } = aRun({ cases: 26, environments: 4 })
const rowsOf = (page: string) => page.split('\n').filter((line) => line.startsWith('| `'))

/** The fixture, its first environments with the address of the documentation that they follow. */
const documented = (count: number) => ({
  ...results,
  environments: results.environments.map((one, index) =>
    index < count ? { ...one, documentation: 'https://docs.example.test/proxy' } : one,
  ),
})

describe('the table of findings', () => {
  it('has a row for each finding of a documented variant, and none of another', () => {
    const run = documented(2)
    const own = new Set(run.environments.slice(0, 2).map(({ id }) => id))
    const findings = run.findings.filter(({ environment }) => own.has(environment))
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.length).toBeLessThan(run.findings.length)
    expect(rowsOf(findingsTable(run))).toHaveLength(findings.length)
    expect(findingsTable(documented(0))).toContain('No findings.')
  })

  it('says the consequence, the cells and what to write, and whether that was measured', () => {
    const [finding, ...others] = documented(1).findings
    if (finding === undefined) throw new Error('The fixture has no findings.')
    const remedy = { file: 'proxies/x/hardened/x.conf', line: 3, text: 'nginx: add `proxy_set_header X ""`' }
    const [advised] = rowsOf(findingsTable({ ...documented(1), findings: [{ ...finding, remedies: [remedy] }] }))
    expect(advised).toContain(`\`${finding.consequence}\``)
    expect(advised).toContain(`${finding.cells.length} cell`)
    expect(advised).toContain('nginx: add `proxy_set_header X ""` (as in proxies/x/hardened/x.conf:3).')
    expect(advised).toMatch(/\| advice \|$/)
    const measured = { ...remedy, provenBy: 'ablation' as const, cells: finding.cells.slice(0, 1) }
    const [proven] = rowsOf(
      findingsTable({ ...documented(1), findings: [{ ...finding, remedies: [measured] }, ...others] }),
    ).filter((row) => row.includes('measured'))
    expect(proven).toMatch(new RegExp(`\\| measured: 1 of ${finding.cells.length} \\|$`))
  })
})
