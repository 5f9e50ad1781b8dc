/** Where loading ends when files have mistakes. */
import { UserError } from './user-error.ts'
import { type Problem, renderProblem } from './yaml/problem.ts'

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
