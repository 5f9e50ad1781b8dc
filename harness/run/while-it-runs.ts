/** What ends by itself, and a clock that is set, are never a verdict about a request. */
import type { JudgedCell } from './cells/run-cell.ts'
import { watchClock } from './clock.ts'
import type { RunningEnvironment } from './environments/running-environment.ts'

/** Since this thread began: before any session of its environments was made. */
export const clockSet = watchClock()

/**
 * The judgement of a cell, unless something that it needs has ended: at once where the cell still waits, and in any case before anything
 * is concluded from what did not come.
 */
export async function whileItRuns(
  { ends }: Pick<RunningEnvironment, 'ends'>,
  run: () => Promise<JudgedCell>,
): Promise<JudgedCell | { readonly ended: string }> {
  const running = run()
  const over = ends?.ended.then((ended) => ({ ended }))
  const first = await (over === undefined ? running : Promise.race([running, over]))
  if ('ended' in first) {
    // Its requests end by themselves, and nobody waits for them.
    running.catch(() => {})
    return first
  }
  const { status, met, blocked } = first.judgement
  const clean = met !== false && blocked === undefined && status !== 'harness-error'
  const ended = clean ? undefined : (clockSet() ?? (await ends?.look()))
  return ended === undefined ? first : { ended }
}
