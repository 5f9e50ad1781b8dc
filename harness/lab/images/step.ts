/** One program of a build. What it says matters only when it fails. */
import { execFile } from 'node:child_process'
import { promisify, stripVTControlCharacters } from 'node:util'

const run = promisify(execFile)
/** Lines of output that go with a failure. */
const tail = 8
/** A download that hangs must end some time, in milliseconds. */
const patience = 20 * 60_000

const stopping = new AbortController()

/** Ends whatever is being fetched or built, and lets nothing more begin. */
export function stopSteps(): void {
  stopping.abort()
}

/**
 * @param needed what to install where the program is not there, in words
 * @throws naming the program and what is missing, or the last lines that it wrote
 */
export async function step(
  program: string,
  args: readonly string[],
  needed: string,
  options: {
    readonly cwd?: string
    readonly env?: NodeJS.ProcessEnv
    readonly uid?: number
    readonly gid?: number
    /** As it is named where it fails; default: program and first words. */
    readonly called?: string
    readonly killSignal?: NodeJS.Signals
    /** How long it may write nothing, in milliseconds: for a program that tells of each thing that it fetches. */
    readonly silence?: number
    /** Lines that it writes at every failure, and that say nothing of this one. */
    readonly noise?: RegExp
  } = {},
): Promise<void> {
  const {
    called = [program, ...args.slice(0, words(program))].join(' '),
    silence = patience,
    noise,
    ...further
  } = options
  const silent = new AbortController()
  const signal = AbortSignal.any([stopping.signal, silent.signal])
  const running = run(program, args, { ...further, maxBuffer: 1 << 26, timeout: patience, signal })
  const timer = setTimeout(() => silent.abort(), silence)
  for (const output of [running.child.stdout, running.child.stderr]) output?.on('data', () => timer.refresh())
  try {
    await running
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    if (stopping.signal.aborted) throw new Error(`${called} was stopped`, { cause })
    if ('code' in cause && cause.code === 'ENOENT')
      throw new Error(`${program} is not installed, and this step needs ${needed}. Install it, or use --images pull.`, {
        cause,
      })
    const how = silent.signal.aborted
      ? `was given up: it waited for ${silence / 1000} s without an answer. Its last log lines`
      : 'killed' in cause && cause.killed === true
        ? `did not end within ${patience / 60_000} minutes`
        : 'failed'
    throw new Error(`${called} ${how}:\n${lastLines(cause, noise)}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** How much of the command line tells what was being done. */
const words = (program: string) => (program === 'python3' ? 4 : 1)

/** Go and apt write to stderr, pip's error may be on either. */
function lastLines(cause: Error, noise?: RegExp): string {
  const outputs = [
    'stdout' in cause && typeof cause.stdout === 'string' ? cause.stdout : '',
    'stderr' in cause && typeof cause.stderr === 'string' ? cause.stderr : '',
  ]
  const lines = outputs
    .join('\n')
    .split('\n')
    .map(stripVTControlCharacters)
    .filter((line) => line.trim() !== '' && !noise?.test(line))
  return lines.length > 0 ? lines.slice(-tail).join('\n') : cause.message
}
