/** What a cell comes to that was observed twice: beside other cells, and then by itself. Pure. */
import type { Case } from '../plan/case.ts'
import type { Observation } from './observation.ts'
import type { Judgement } from './status.ts'

type Both = {
  readonly judgement: Judgement
  /** Which of the two observations decides. */
  readonly decidedBy: 'beside' | 'alone'
  /** Why only the second one counts: what the first came to. */
  readonly rerun?: string
}

/**
 * Whether what was seen of a cell beside others is all that has to be seen of it. A proxy whose auth service is late refuses whatever is asked
 * meanwhile: that a user's request did not arrive then says little of what would have arrived.
 */
export function isConclusive(beside: Judgement, { as, expect }: Case, { attempts }: Observation): boolean {
  if (beside.met === false || isLost(beside)) return false
  const mayArrive = expect.arrives !== 'never' && expect.verdict !== 'unreached'
  return as === 'anonymous' || !mayArrive || attempts.every(({ arrivals }) => arrivals.length > 0)
}

/** Nothing was seen of the proxy, or only that it took longer than a deadline that it shared with others. */
function isLost({ status, blocked, unanswered }: Judgement): boolean {
  return status === 'harness-error' || blocked?.by === 'fence' || unanswered === true
}

/**
 * Of two that are not red the one by itself says more. A red beside others is a verdict: that the cell by itself is not red says only when it
 * fails. What was lost counts for nothing, and the result says so.
 */
export function ofBoth(beside: Judgement, alone: Judgement): Both {
  if (isLost(beside)) return { judgement: alone, decidedBy: 'alone', rerun: beside.reason }
  if (beside.met !== false) return { judgement: alone, decidedBy: 'alone' }
  const hidden = beside.status === 'fail' && alone.status !== 'fail'
  if (alone.met === false && !hidden) return { judgement: alone, decidedBy: 'alone' }
  const only = alone.met === false ? 'In this way only beside other requests' : 'Only beside other requests'
  const about = beside.about?.map((one) => ({ ...one, when: 'beside-others' as const }))
  return { judgement: { ...beside, reason: `${only}: ${beside.reason}`, ...(about && { about }) }, decidedBy: 'beside' }
}
