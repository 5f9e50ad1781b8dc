import type { Plan } from '../plan/expand.ts'
import { counted } from '../report/overview.ts'

/** What would run: a line per cell, grouped by environment; with `--json` the same as data. */
export function printPlan({ environments }: Plan, json: boolean): void {
  const rows = environments.map((environment) => ({
    environment: environment.id,
    cells: environment.cells.map(({ case: asked, transport, included }) => ({
      case: asked.id,
      transport,
      level: asked.level,
      ...(included !== 'selected' && { included }),
    })),
  }))
  if (json) {
    console.log(JSON.stringify(rows, undefined, 2))
    return
  }
  for (const { environment, cells } of rows) {
    console.log(environment)
    for (const cell of cells)
      console.log(
        `  ${cell.case} ${cell.transport} ${cell.level}${cell.included === undefined ? '' : ` (${cell.included} of a selected cell)`}`,
      )
  }
  const total = rows.reduce((sum, { cells }) => sum + cells.length, 0)
  console.log(`${counted(rows.length, 'environment')}, ${counted(total, 'cell')}`)
}
