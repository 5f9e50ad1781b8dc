/** Findings as they are seen: whoever waits for a run knows the first of them long before its end. */
import { findingsOfCells } from '../judge/findings.ts'
import { placeOf } from '../report/findings.ts'
import { duration } from '../report/numbers.ts'
import { oneLine, quoted, shortened } from '../report/visible.ts'
import type { Collection } from '../run/collect.ts'
import type { Cell } from '../run/results/results.ts'

/** The end of the run says all of them; meanwhile the first ones are enough. */
const most = 5
const longest = 240

/**
 * @returns for each cell as it comes the lines of what is found with it and was not found before, of requirements alone. More cells may say it better:
 * the end of the run has the whole sentence. Time is counted from the start of the command.
 */
export function earlyFindings(
  collection: Pick<Collection, 'environment' | 'cellsOf'>,
): (cell: Cell, elapsedMs: number) => string[] {
  const told = new Set<string>()
  return (cell, elapsedMs) => {
    if (cell.status !== 'fail' || cell.level !== 'must' || told.size >= most) return []
    const environment = collection.environment(cell.environment)
    if (environment === undefined) return []
    const place = placeOf(environment)
    return findingsOfCells(collection.cellsOf(cell.environment)).flatMap(({ id, consequence, level, says, known }) => {
      const key = `${place} ${id}`
      if (level !== 'must' || known || told.has(key) || told.size >= most) return []
      told.add(key)
      return [
        `Found after ${duration(elapsedMs)}: ${consequence} ${oneLine(place)}: ${oneLine(shortened(quoted(says), longest))}`,
      ]
    })
  }
}
