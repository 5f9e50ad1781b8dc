/** Ctrl-C, SIGTERM and a closed terminal: end in order. A second one ends at once, and what is left is removed behind its back. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { stopSteps } from '../lab/images/step.ts'
import type { TerminalProgress } from './progress.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Interruption = Disposable & {
  readonly signal: AbortSignal
  /** From now on there are things in this engine that a hasty end would leave. */
  readonly startedIn: (socket: string) => void
}

/** The first signal aborts; the caller cleans up and writes what there is. The second one exits with 130. */
export function interruptible(progress: TerminalProgress): Interruption {
  const abort = new AbortController()
  let socket = ''
  const onSignal = () => {
    if (abort.signal.aborted) {
      cleanUpAfter(socket)
      process.exit(130)
    }
    progress.note('Interrupted: cleaning up and writing partial results. Press Ctrl-C again to exit at once.')
    abort.abort()
    stopSteps()
  }
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: abort.signal,
    startedIn(given) {
      socket = given
    },
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}

/** A process of its own, which outlives this one: removes by label and by note whatever belongs to a process that has ended. */
function cleanUpAfter(socket: string): void {
  const program = join(import.meta.dirname, 'clean-up-after.ts')
  spawn(process.execPath, [program, socket], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
}
