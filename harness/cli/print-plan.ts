import type { Plan } from '../plan/expand.ts'
import { counted } from '../report/numbers.ts'
import { print, printJson } from './print.ts'

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
    printJson(rows)
    return
  }
  for (const { environment, cells } of rows) {
    print(environment)
    for (const cell of cells)
      print(
        `  ${cell.case} ${cell.transport} ${cell.level}${cell.included === undefined ? '' : ` (${cell.included} of a selected cell)`}`,
      )
  }
  const total = rows.reduce((sum, { cells }) => sum + cells.length, 0)
  print(`${counted(rows.length, 'environment')}, ${counted(total, 'cell')}`)
}
