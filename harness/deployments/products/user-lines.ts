/** Users that stand in a configuration itself: which of them become users of the run, and which lines differ by that. */
import type { LineChange } from './facts.ts'

/** A part of a text, which something else takes the place of. */
type Change = { readonly start: number; readonly end: number; readonly text: string }

/**
 * The run's users in the places of the first two that are written; with one alone, both stand in its place.
 * The others stay, since nobody of the run knows their passwords.
 * @param as how a user is written at the place of this one
 * @param between what separates two of them in one place
 */
export function usersInstead<Written extends { readonly start: number; readonly end: number }>(
  written: readonly Written[],
  as: (user: 'alice' | 'bob', one: Written) => string,
  between: (one: Written) => string,
): Change[] {
  const [first, second] = written
  if (first === undefined) return []
  const alice = { start: first.start, end: first.end, text: as('alice', first) }
  return second === undefined
    ? [{ ...alice, text: `${alice.text}${between(first)}${as('bob', first)}` }]
    : [alice, { start: second.start, end: second.end, text: as('bob', second) }]
}

/** Changes of a text by its lines: of one that goes over several lines the first has the new text, and the others are empty. */
export function changedLines(file: string, text: string, changes: readonly Change[]): LineChange[] {
  const lines = text.split('\n')
  const changed = new Map<number, string>()
  // From the end, so that the places of the others on the same line stay what they are.
  for (const { start, end, text: instead } of changes.toSorted((one, other) => other.start - one.start)) {
    const [from, to] = [placeOf(text, start), placeOf(text, end)]
    const head = (changed.get(from.line) ?? lines[from.line - 1] ?? '').slice(0, from.column)
    const tail = (changed.get(to.line) ?? lines[to.line - 1] ?? '').slice(to.column)
    for (let line = from.line + 1; line <= to.line; line++) changed.set(line, '')
    changed.set(from.line, `${head}${instead}${tail}`)
  }
  return [...changed].map(([line, one]) => ({ file, line, text: one })).toSorted((one, other) => one.line - other.line)
}

/** Line from 1, column from 0. */
function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)?.length ?? 0 }
}
