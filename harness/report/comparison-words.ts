/** A comparison in words, for terminals and job summaries. */
import type { CellChange, Comparison } from './compare.ts'
import { marks } from './marks.ts'
import { counted, duration } from './numbers.ts'
import { oneLine } from './visible.ts'

/** A heading and its lines; an empty list is left out. */
type Passage = { readonly title: string; readonly worse: boolean; readonly lines: readonly string[] }

const longestList = 30

/** Worst first. New and missing cells are counted per environment: there may be hundreds. */
export function passages(comparison: Comparison): readonly Passage[] {
  const { newFailures, noLongerPassing, removedCells, fixes, otherChanges, newCells, slowerStarts } = comparison
  const slower = slowerStarts.map(
    ({ environment, beforeMs, afterMs }) => `${environment}: ${duration(beforeMs)} → ${duration(afterMs)}`,
  )
  const all = [
    { title: counted(newFailures.length, 'new failure'), worse: true, lines: newFailures.map(changeWords) },
    {
      title: counted(noLongerPassing.length, 'cell no longer passes', 'cells no longer pass'),
      worse: true,
      lines: noLongerPassing.map(changeWords),
    },
    { title: `${removedCells.length} missing`, worse: true, lines: perEnvironment(removedCells) },
    { title: counted(fixes.length, 'fix', 'fixes'), worse: false, lines: fixes.map(changeWords) },
    { title: counted(otherChanges.length, 'other change'), worse: false, lines: otherChanges.map(changeWords) },
    { title: counted(slower.length, 'slower start'), worse: false, lines: slower },
    { title: counted(newCells.length, 'new cell'), worse: false, lines: perEnvironment(newCells) },
  ]
  return all
    .filter(({ lines }) => lines.length > 0)
    .map((passage) => ({ ...passage, lines: bounded(passage.lines).map(oneLine) }))
}

/** `Compared with run ab12 of 2026-11-20 (commit 1234)`. */
export function comparedWith({ before }: Comparison): string {
  if (before === undefined) return 'No earlier run to compare with: every failure counts as new.'
  return oneLine(
    `Compared with run ${before.run} of ${before.date}${before.commit === '' ? '' : ` (commit ${before.commit})`}.`,
  )
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
  const change =
    before === undefined
      ? `new: ${word(after ?? '')}`
      : `${word(before)} → ${after === undefined ? 'missing' : word(after)}`
  return cell === 'starts' ? `${environment}: ${change}` : `${environment} ${cell}: ${change}`
}

/** Statuses have other names in formats than in text. */
const word = (status: string) => marks.find((mark) => mark.status === status)?.word ?? status

function perEnvironment(changes: readonly CellChange[]): string[] {
  return [...Map.groupBy(changes, ({ environment }) => environment)].map(([environment, cells]) => {
    const [only] = cells
    return cells.length === 1 && only !== undefined ? changeWords(only) : `${environment}: ${cells.length} cells`
  })
}

function bounded(lines: readonly string[]): readonly string[] {
  if (lines.length <= longestList) return lines
  return [...lines.slice(0, longestList), `… and ${lines.length - longestList} more`]
}
