/** What a run needs of the machine: known beforehand, or said in one sentence. */
import { readFileSync } from 'node:fs'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MachineError } from '../lab/machine-error.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { UserError } from '../plan/user-error.ts'

const megabyte = 1e6

/** In bytes, as measured: the two processes of a run; an environment with a reference gateway; a real gateway program beside it. */
const memory = { run: 300 * megabyte, environment: 170 * megabyte, program: 1000 * megabyte }
/** A private engine keeps images in memory. */
const privateEngine = 100 * megabyte

/**
 * As many environments at a time as the memory bears.
 * @param available in bytes, as the system and the control group tell
 * @returns `jobs` or fewer. @throws MachineError where not even one fits
 */
export function jobsThatFit(
  environments: readonly Pick<PlannedEnvironment, 'embedded' | 'gateway'>[],
  jobs: number,
  engine: 'docker' | 'private' | 'none',
  available = process.availableMemory(),
): number {
  const inContainers = environments.filter(({ embedded }) => !embedded)
  const program = inContainers.some(({ gateway }) => !('profile' in gateway)) ? memory.program : 0
  const each = inContainers.length > 0 ? memory.environment : 0
  const base = memory.run + (engine === 'private' ? privateEngine : 0)
  const least = base + each + program
  if (available < least)
    throw new MachineError(
      `This run needs about ${megabytes(least)} of memory for one environment at a time; ${megabytes(available)} are available. Free some, or select less: --gateway reference, --engine none.`,
    )
  if (each === 0) return jobs
  // Half of the places at most are for real programs (`chainsOf`).
  const fitting = Math.floor((available - base) / (each + program / 2))
  return Math.max(1, Math.min(jobs, fitting))
}

const megabytes = (bytes: number) => `${Math.round(bytes / megabyte)} MB`

/** Threads, sockets and files of a run with one environment; measured, with room to spare. */
const leastDescriptors = 128

/** @throws MachineError where the process may not open enough files and sockets. Linux tells; elsewhere it shows when it happens. */
export function requireDescriptors(): void {
  const soft = softLimit()
  if (soft !== undefined && soft < leastDescriptors)
    throw new MachineError(
      `A process may open ${soft} files and sockets here; the suite needs ${leastDescriptors}. Raise the limit: ulimit -n 1024.`,
    )
}

function softLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

/** Of the path of the temporary folder: the longest of a socket in it then has the 107 bytes that it may have (unix(7)). */
const longestFolder = 18

/**
 * Sockets of a run with containers lie in the temporary folder; their clients take no blank and no colon either. Where TMPDIR is no place for them, as
 * on macOS, this process and those that it starts use /tmp, and say so.
 */
export function settleSocketFolder(say: (sentence: string) => void): void {
  const folder = tmpdir()
  if (/^[\w./-]*$/.test(folder) && folder.length <= longestFolder) return
  process.env.TMPDIR = '/tmp'
  say(
    `Temporary files are in /tmp: the path of a socket in ${folder} would be too long, or have a sign that none may have.`,
  )
}

/** Pages, evidence and logs of one environment, in bytes. */
const reportOf = 10 * megabyte

/**
 * Makes sure before the work that the report can be written after it.
 * @throws UserError where the folder cannot be written, MachineError where it has too little room
 */
export async function requireOutFolder(out: string, environments: number): Promise<void> {
  const trial = join(out, `.writable-${process.pid}`)
  try {
    await mkdir(out, { recursive: true })
    await writeFile(trial, 'x')
  } catch (cause) {
    throw new UserError(
      `The report cannot be written to ${out}: ${messageOf(cause)}. Name another folder with --out.`,
      {
        cause,
      },
    )
  } finally {
    await rm(trial, { force: true }).catch(() => {})
  }
  await requireRoom(out, 20 * megabyte + environments * reportOf, 'The report', 'Name another folder with --out.')
}

async function requireRoom(folder: string, needed: number, what: string, advice: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < needed)
    throw new MachineError(
      `${what} needs about ${megabytes(needed)} in ${folder}, where ${megabytes(free)} are free. ${advice}`,
    )
}

export const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
