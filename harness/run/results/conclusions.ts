/** What the cells of a run come to: findings and grades. */
import { findingsOfCells } from '../../judge/findings.ts'
import { gradeOf } from '../../judge/grade.ts'
import type { Results } from './results.ts'

/** Findings have no remedies yet: these depend on configuration files. */
export function concluded(
  environments: Results['environments'],
  cells: Results['cells'],
): Pick<Results, 'findings' | 'grades'> {
  const byEnvironment = Map.groupBy(cells, ({ environment }) => environment)
  const findings = findingsOfCells(cells).map((finding) => ({ ...finding, remedies: [] }))
  const grades = environments
    .filter(({ status }) => status === 'ready')
    .map(({ id, complete = false }) => ({
      environment: id,
      ...gradeOf({
        complete,
        cells: byEnvironment.get(id) ?? [],
        findings: findings.filter(({ environment }) => environment === id),
      }),
    }))
  return { findings, grades }
}
