/** A mistake in a file that a person wrote, with the place to look at. */
import { isAbsolute, relative } from 'node:path'

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
