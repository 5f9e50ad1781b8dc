/** A mistake in a file that a person wrote, with the place to look at. */
import { isAbsolute, relative } from 'node:path'
import { UserError } from '../user-error.ts'

export type Place = { readonly file: string; readonly line: number; readonly column: number }

/** What was expected and what was found, in one sentence without a full stop. */
export type Problem = Place & { readonly message: string }

/** `file:line:column: message`, the form that editors and terminals turn into a link; the path as seen from the working folder. */
export function renderProblem({ file, line, column, message }: Problem): string {
  const near = relative(process.cwd(), file)
  const shown = near === '' || near.startsWith('..') || isAbsolute(near) ? file : near
  return `${shown}:${line}:${column}: ${message}`.replaceAll(unprintable, escaped)
}

/** What the file says is quoted in messages: control characters and those that change the direction of text are shown as such. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** All problems at once, in reading order; returns when there are none. @throws UserError */
export function refuseOn(problems: readonly Problem[]): void {
  if (problems.length === 0) return
  const sorted = problems.toSorted((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
  )
  const lines = [...new Set(sorted.map(renderProblem))]
  const mistakes = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`
  throw new UserError(`${lines.join('\n')}\n${mistakes}; nothing was started.`)
}
