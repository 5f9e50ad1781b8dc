/** What came of a line of a checklist: in each environment, by the cells of its cases. Pure. */
import { isOpen } from '../../judge/status.ts'
import { caseMatcher } from '../../plan/select.ts'
import type { Cell, EnvironmentResult } from '../../run/results/results.ts'
import type { Overview } from '../overview.ts'
import type { ChecklistLine } from './lines.ts'

/** `recommended`: every requirement is met, a recommendation is not. `not-seen`: no cell of it has a result. */
export type LineOutcome = 'met' | 'recommended' | 'not-met' | 'not-seen'

export type LineIn = {
  readonly environment: EnvironmentResult
  readonly outcome: LineOutcome
  /** Cells that decide it: unmet ones, the required first; otherwise those that passed. */
  readonly cells: readonly Cell[]
}

/** Of a line with cases. */
export function casesOfLine(line: ChecklistLine, ids: readonly string[]): readonly string[] {
  if ('untestable' in line) return []
  const matchers = line.cases.map(caseMatcher)
  return ids.filter((id) => matchers.some((matches) => matches(id)))
}

export function outcomesOfLine(overview: Overview, line: ChecklistLine): readonly LineIn[] {
  const cases = casesOfLine(
    line,
    overview.results.cases.map(({ id }) => id),
  )
  return overview.environments.map((environment) => {
    const cells = cases.flatMap((id) => overview.cellsAt(environment.id, id))
    const red = cells.filter(({ status }) => isOpen(status))
    const required = red.filter(({ level }) => level === 'must')
    const passed = cells.filter(({ status }) => status === 'pass')
    if (required.length > 0) return { environment, outcome: 'not-met', cells: required }
    if (red.length > 0) return { environment, outcome: 'recommended', cells: red }
    return { environment, outcome: passed.length > 0 ? 'met' : 'not-seen', cells: passed }
  })
}
