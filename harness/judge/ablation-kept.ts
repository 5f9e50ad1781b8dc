/** What stays known of a unit when cases were added, changed or removed since it was measured: only those are asked again. */
import type { AblatedUnit } from '../plan/ablation/ablation-file.ts'
import type { Questions } from '../plan/ablation/questions.ts'

export type Outcome = Pick<AblatedUnit, 'outcome' | 'red' | 'lost' | 'reason'>
/** An outcome with the cases that it was measured with, as they were. */
export type Known = Outcome & { readonly answers: Questions }

const caseOf = (key: string) => key.slice(0, key.lastIndexOf('.'))

/**
 * What was measured, without what is no longer true of the cases as they are.
 * @returns undefined where nothing can be kept: cells that could not be judged are counted and not named, and a program ends for what one case sent
 */
export function kept(known: Known, questions: Questions): Known | undefined {
  // What does not start is asked nothing.
  if (known.outcome === 'does-not-start') return { ...known, answers: questions }
  const stale = new Set(Object.entries(known.answers).flatMap(([id, digest]) => (questions[id] === digest ? [] : [id])))
  const isWhole = known.outcome === 'ends' || known.outcome === 'does-not-answer'
  if (stale.size > 0 && (known.lost > 0 || isWhole)) return undefined
  if (isWhole) return { ...known, answers: questions }
  // The reason is that of the first red cell: when its case is another one now, the other red cells are asked for theirs.
  if (known.red.slice(0, 1).some((key) => stale.has(caseOf(key)))) for (const key of known.red) stale.add(caseOf(key))
  const red = known.red.filter((key) => !stale.has(caseOf(key)))
  const answers = Object.fromEntries(Object.entries(known.answers).filter(([id]) => !stale.has(id)))
  return { ...concluded(red, known.lost, known.reason), answers }
}

/** Cases of `wanted` that the unit was not measured with as they are now. */
export const unanswered = (known: Known | undefined, wanted: Questions): string[] =>
  Object.entries(wanted).flatMap(([id, digest]) => (known?.answers[id] === digest ? [] : [id]))

/** What was known and what the cases asked now show. A configuration that did not run this time is known by that alone. */
export function added(known: Known | undefined, fresh: Outcome, asked: Questions): Known {
  const ran = fresh.outcome === 'red' || fresh.outcome === 'not-judged' || fresh.outcome === 'nothing'
  if (known === undefined || !ran) return { ...fresh, answers: { ...known?.answers, ...asked } }
  const first = known.red.length > 0 || (known.lost > 0 && fresh.red.length === 0) ? known : fresh
  const together = concluded([...known.red, ...fresh.red], known.lost + fresh.lost, first.reason)
  return { ...together, answers: { ...known.answers, ...asked } }
}

const concluded = (red: string[], lost: number, reason: string | undefined): Outcome => ({
  outcome: red.length > 0 ? 'red' : lost > 0 ? 'not-judged' : 'nothing',
  red,
  lost,
  ...((red.length > 0 || lost > 0) && reason !== undefined && { reason }),
})
