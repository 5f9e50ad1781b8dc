/** A cell as the page's script shows it, for tests. */
import type { Cell } from '../../run/results/results.ts'
import type { Overview } from '../overview.ts'
import { visible } from '../visible.ts'
import { cellView } from './cell-view.ts'
import { curlLine } from './curl.ts'
import { compare, signs } from './differences.ts'
import { dataOf } from './evidence-data.ts'

const tools = { compare, curlLine, signs, visible }

export function shownCell(overview: Overview, cell: Cell): string {
  return cellView(cell.environment, dataOf(overview, cell), tools)
}
