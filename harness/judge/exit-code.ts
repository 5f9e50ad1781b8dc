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

type RunOutcome = {
  readonly interrupted: boolean
  /** All that were selected. */
  readonly environments: readonly { readonly id: string; readonly status: 'ready' | 'failed' | 'unavailable' }[]
  readonly cells: readonly Weighed[]
  /** How many known-failure entries are stale. */
  readonly stale: number
}

/**
 * Exit code of a run, first match wins:
 * 130 interrupted · 3 a harness error, or an environment that did not start ·
 * 1 a `fail`, an `unexpected-pass`, a stale known failure, or a `must` left blocked for no known reason ·
 * 3 nothing held in an environment, or a log-in was not possible · 0 conforms.
 * (2, usage and configuration, is said before anything runs.)
 */
export function exitCode(run: RunOutcome): 0 | 1 | 3 | 130 {
  if (run.interrupted) return 130
  // Also where there is no engine: the embedded lab that runs instead says nothing about the proxies that were selected.
  if (run.environments.some(({ status }) => status !== 'ready')) return 3
  if (run.cells.some(({ status }) => status === 'harness-error')) return 3
  if (!run.cells.some(({ status }) => status !== 'unsupported' && status !== 'blocked')) return 3
  if (run.stale > 0 || run.cells.some(({ status }) => isRed(status))) return 1
  const open = run.cells.filter(
    (cell) => cell.level === 'must' && cell.status === 'blocked' && !decidedBy(cell, run.cells, isExcuse),
  )
  // A log-in that the suite cannot do says nothing about the proxy, and neither do requests that it cannot tell apart.
  if (open.some((cell) => !isUnjudged(cell) && !decidedBy(cell, run.cells, isUnjudged))) return 1
  const nowhere = run.environments.some(({ id }) => nothingHolds(run.cells.filter((cell) => cell.environment === id)))
  return open.length > 0 || nowhere ? 3 : 0
}

/** Something was sent, and nothing held or is known not to: a green exit would depend on silence. */
function nothingHolds(cells: readonly Weighed[]): boolean {
  const tried = cells.filter(({ status }) => status !== 'unsupported')
  return tried.length > 0 && !tried.some(({ status }) => ['pass', 'info', 'known-failure'].includes(status))
}

const isExcuse = ({ status }: Weighed) => status === 'known-failure' || status === 'unsupported'
const isUnjudged = ({ blocked }: Weighed) => blocked?.by === 'sign-in' || blocked?.by === 'marks'

/** Whether one of the cells that block this one, or of those that block them, is such a cell. */
function decidedBy(
  cell: Weighed,
  cells: readonly Weighed[],
  isSuch: (cell: Weighed) => boolean,
  seen: ReadonlySet<string> = new Set(),
): boolean {
  return (cell.blocked?.cases ?? []).some((id) => {
    if (seen.has(id)) return false
    const found = cells.filter((one) => one.environment === cell.environment && one.case === id)
    return found.some(
      (one) => isSuch(one) || (one.status === 'blocked' && decidedBy(one, cells, isSuch, new Set([...seen, id]))),
    )
  })
}
