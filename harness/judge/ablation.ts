/** What a configuration without one of its units comes to, beside the whole one. */
import type { AblatedUnit } from '../plan/ablation/ablation-file.ts'
import type { Transport } from '../plan/case.ts'
import { isUnmet, type Status } from './status.ts'

export type Seen = {
  readonly status: 'ready' | 'failed' | 'unavailable'
  readonly reason?: string
  /** Said where the proxy stopped answering. */
  readonly remark?: string
  readonly cells: readonly {
    readonly case: string
    readonly transport: Transport
    readonly status: Status
    readonly reason: string
  }[]
}

/** So many of the cells can be errors for a reason of the machine. More of them, or all, are the unit's doing: without a certificate no request can be made. */
const ofTheMachine = { share: 0.1, cells: 3 }

/** Something was let through or stopped before the end: it had started. */
const wasSeen = ({ cells }: Seen) => cells.some(({ status }) => status === 'pass' || isUnmet(status))

/**
 * Cells that passed with the whole configuration and are red without the unit; a cell that was red before says nothing of the unit.
 * @returns undefined where the run says nothing of it: the environment could not be had here, or a cell is missing, or a few are errors of the harness
 */
export function ablated(
  whole: Seen,
  without: Seen,
): Pick<AblatedUnit, 'outcome' | 'red' | 'lost' | 'reason'> | undefined {
  if (without.status === 'unavailable') return undefined
  if (without.status === 'failed')
    // Log lines have times in them: the same start would never be the same twice.
    return {
      outcome: without.remark !== undefined ? 'does-not-answer' : wasSeen(without) ? 'ends' : 'does-not-start',
      red: [],
      lost: 0,
      reason: (without.reason ?? '').split(' Its last log lines')[0] ?? '',
    }
  const key = (cell: Seen['cells'][number]) => `${cell.case}.${cell.transport}`
  const after = new Map(without.cells.map((cell) => [key(cell), cell]))
  const passed = whole.cells.filter(({ status }) => status === 'pass')
  const then = passed.flatMap((cell) => after.get(key(cell)) ?? [])
  const errors = then.filter(({ status }) => status === 'harness-error').length
  const few = errors < passed.length && errors <= Math.max(passed.length * ofTheMachine.share, ofTheMachine.cells)
  if (then.length < passed.length || (errors > 0 && few)) return undefined
  const red = then.filter(({ status }) => isUnmet(status))
  const lost = then.filter(({ status }) => status !== 'pass' && !isUnmet(status))
  const [first] = [...red, ...lost]
  return {
    outcome: red.length > 0 ? 'red' : lost.length > 0 ? 'not-judged' : 'nothing',
    red: red.map(key),
    lost: lost.length,
    ...(first !== undefined && { reason: first.reason }),
  }
}
