/** What ends by itself is never a verdict about a request. */
import type { JudgedCell } from './cells/run-cell.ts'
import type { RunningEnvironment } from './environments/running-environment.ts'

/**
 * The judgement of a cell, unless something that it needs has ended: at once where the cell still waits, and in any case before anything
 * is concluded from what did not come.
 */
export async function whileItRuns(
  { ends }: Pick<RunningEnvironment, 'ends'>,
  run: () => Promise<JudgedCell>,
): Promise<JudgedCell | { readonly ended: string }> {
  const running = run()
  if (ends === undefined) return await running
  const first = await Promise.race([running, ends.ended.then((ended) => ({ ended }))])
  if ('ended' in first) {
    // Its requests end by themselves, and nobody waits for them.
    running.catch(() => {})
    return first
  }
  const { status, met, blocked } = first.judgement
  const clean = met !== false && blocked === undefined && status !== 'harness-error'
  const ended = clean ? undefined : await ends.look()
  return ended === undefined ? first : { ended }
}
