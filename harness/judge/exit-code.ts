/** What a whole run comes to, as a number that scripts can rely on. */
import type { Level } from '../plan/case.ts'
import { type Blocker, isRed, type Status } from './status.ts'

export type Weighed = {
  readonly environment: string
  readonly case: string
  readonly level: Level
  readonly status: Status
  readonly blocked?: Blocker
}

export type RunOutcome = {
  readonly interrupted: boolean
  /** All that were selected. */
  readonly environments: readonly { readonly id: string; readonly status: 'ready' | 'failed' | 'unavailable' }[]
  readonly cells: readonly Weighed[]
  /** How many known-failure entries are stale. */
  readonly stale: number
}

/**
 * Exit code of a run, first match wins:
 * 130 interrupted · 3 a harness error, an environment that did not start, or one in which nothing could be concluded ·
 * 1 a `fail`, an `unexpected-pass`, a stale known failure, or a `must` left blocked for no known reason · 0 conforms.
 * (2, usage and configuration, is said before anything runs.)
 */
export function exitCode(run: RunOutcome): 0 | 1 | 3 | 130 {
  if (run.interrupted) return 130
  // Also where there is no engine: the embedded lab that runs instead says nothing about the proxies that were selected.
  if (run.environments.some(({ status }) => status !== 'ready')) return 3
  if (run.cells.some(({ status }) => status === 'harness-error')) return 3
  if (!run.cells.some(({ status }) => status !== 'unsupported' && status !== 'blocked')) return 3
  if (run.stale > 0 || run.cells.some(({ status }) => isRed(status))) return 1
  if (run.cells.some((cell) => cell.level === 'must' && cell.status === 'blocked' && !isExcused(cell, run.cells)))
    return 1
  return run.environments.some(({ id }) => nothingHolds(run.cells.filter(({ environment }) => environment === id)))
    ? 3
    : 0
}

/** Something was sent, and nothing held or is known not to: a green exit would rest on silence. */
function nothingHolds(cells: readonly Weighed[]): boolean {
  const tried = cells.filter(({ status }) => status !== 'unsupported')
  return tried.length > 0 && !tried.some(({ status }) => ['pass', 'info', 'known-failure'].includes(status))
}

/** Blocked because of something that is known: one of its blockers, or of theirs, is a known failure or not offered there. */
function isExcused(cell: Weighed, cells: readonly Weighed[], seen: ReadonlySet<string> = new Set()): boolean {
  return (cell.blocked?.cases ?? []).some((id) => {
    if (seen.has(id)) return false
    const found = cells.filter((one) => one.environment === cell.environment && one.case === id)
    return found.some(
      (one) =>
        one.status === 'known-failure' ||
        one.status === 'unsupported' ||
        (one.status === 'blocked' && isExcused(one, cells, new Set([...seen, id]))),
    )
  })
}
