/** A comparison in words, for terminals and job summaries. */
import type { CellChange, Comparison } from './compare.ts'
import { counted, duration } from './overview.ts'

/** A heading and its lines; a list with nothing in it is left out. */
export type Passage = { readonly title: string; readonly worse: boolean; readonly lines: readonly string[] }

const longestList = 30

/** Worst first. New and removed cells are counted per environment: whole catalogues come and go. */
export function passages(comparison: Comparison): readonly Passage[] {
  const { newFailures, noLongerProved, fixes, otherChanges, newCells, removedCells, slowerStarts } = comparison
  const slower = slowerStarts.map(
    ({ environment, beforeMs, afterMs }) => `${environment}: ${duration(beforeMs)} → ${duration(afterMs)}`,
  )
  const all = [
    { title: counted(newFailures.length, 'new failure'), worse: true, lines: newFailures.map(changeWords) },
    { title: `${noLongerProved.length} no longer proved`, worse: true, lines: noLongerProved.map(changeWords) },
    { title: counted(fixes.length, 'fix', 'fixes'), worse: false, lines: fixes.map(changeWords) },
    { title: counted(otherChanges.length, 'other change'), worse: false, lines: otherChanges.map(changeWords) },
    { title: counted(slower.length, 'slower start'), worse: false, lines: slower },
    { title: counted(newCells.length, 'new cell'), worse: false, lines: perEnvironment(newCells) },
    { title: counted(removedCells.length, 'removed cell'), worse: false, lines: perEnvironment(removedCells) },
  ]
  return all.filter(({ lines }) => lines.length > 0).map((passage) => ({ ...passage, lines: shortened(passage.lines) }))
}

/** `Compared with run ab12 of 2026-11-20 (commit 1234)`. */
export function comparedWith({ before }: Comparison): string {
  if (before === undefined) return 'There is no earlier run to compare with: every failure counts as new.'
  return `Compared with run ${before.run} of ${before.date}${before.commit === '' ? '' : ` (commit ${before.commit})`}.`
}

export function comparisonText(comparison: Comparison): string {
  const found = passages(comparison)
  return [
    comparedWith(comparison),
    ...(found.length === 0
      ? ['Nothing changed.']
      : found.flatMap(({ title, lines }) => ['', title, ...lines.map((line) => `  ${line}`)])),
  ].join('\n')
}

function changeWords({ environment, cell, before, after }: CellChange): string {
  const change = before === undefined ? `new: ${after}` : `${before} → ${after ?? 'gone'}`
  return cell === 'starts' ? `${environment}: ${change}` : `${environment} ${cell}: ${change}`
}

function perEnvironment(changes: readonly CellChange[]): string[] {
  return [...Map.groupBy(changes, ({ environment }) => environment)].map(([environment, cells]) => {
    const [only] = cells
    return cells.length === 1 && only !== undefined ? changeWords(only) : `${environment}: ${cells.length} cells`
  })
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= longestList) return lines
  return [...lines.slice(0, longestList), `… and ${lines.length - longestList} more`]
}
