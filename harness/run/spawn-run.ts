/** The run's own process: started plainly, or inside namespaces together with a private engine. It dies with this one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownerVariable, self } from '../lab/owner.ts'
import type { RunCommand, RunEvent } from './protocol/events.ts'
import type { RunRequest } from './protocol/request.ts'

const main = join(import.meta.dirname, 'run-main.ts')
/** Evidence passes through as text and is gone at once: with room for it (MB) it is not copied from young to old first. */
const flags = ['--max-semi-space-size=32']
/** How long it may take to take everything down, once it is done or was told to stop, in milliseconds. */
const endDeadline = 90_000
/** What is kept of the process's own words, for the case that it dies. */
const tailLines = 20

export type RunEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  /** It ended without saying so: killed, out of memory, a defect. */
  | { readonly kind: 'died'; readonly detail: string }

/**
 * Runs `request` and reports every event as it comes, so that nothing is lost when the process dies.
 * @param prefix command line that enters the namespaces, empty for a plain process
 * @param signal cancels: the process finishes the case at hand, takes everything down and ends
 */
export async function spawnRun(
  request: RunRequest,
  prefix: readonly string[],
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunEnd> {
  const file = join(request.folder, 'request.json')
  await writeFile(file, JSON.stringify(request), { mode: 0o600 })
  const [program = process.execPath, ...args] = [...prefix, process.execPath, ...flags, main, file]
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C on the terminal reaches this process alone, which then cancels in order.
    detached: true,
    env: {
      ...process.env,
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
      // Vitest ends where it cannot keep a token of its own, in the home or beside itself: an ordinary user may write neither.
      XDG_DATA_HOME: request.folder,
      [ownerVariable]: JSON.stringify(self()),
    },
  })
  const tail: string[] = []
  const remember = (chunk: Buffer) => {
    tail.push(...chunk.toString().split('\n').filter(Boolean))
    tail.splice(0, tail.length - tailLines)
  }
  child.stdout?.on('data', remember)
  child.stderr?.on('data', remember)

  let said = false
  let lastResort: NodeJS.Timeout | undefined
  const mustEnd = () => {
    lastResort ??= setTimeout(() => {
      tail.push(`it did not end within ${endDeadline / 1000} s`)
      child.kill('SIGKILL')
    }, endDeadline)
  }
  child.on('message', (event: RunEvent) => {
    if (event.type === 'done' || event.type === 'failure') {
      said = true
      mustEnd()
    }
    onEvent(event)
  })
  const cancel = () => {
    mustEnd()
    const command: RunCommand = { type: 'cancel' }
    if (child.connected) child.send(command)
  }
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const [code, killedBy] = await once(child, 'close')
    if (signal.aborted) return { kind: 'cancelled' }
    if (said && code === 0) return { kind: 'done' }
    return { kind: 'died', detail: [`${killedBy ?? `exit code ${code}`}`, ...tail].join('\n  ') }
  } finally {
    clearTimeout(lastResort)
    signal.removeEventListener('abort', cancel)
  }
}
