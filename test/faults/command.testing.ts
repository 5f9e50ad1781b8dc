/** The command line as a process of its own, and the processes below it: what is killed or stopped here is never anybody else's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export const project = resolve(import.meta.dirname, '../..')
const main = join(project, 'harness/cli/main.ts')

export type Ended = { readonly code: number | null; readonly out: string; readonly error: string; readonly ms: number }

export type Started = {
  readonly pid: number
  /** stderr so far. */
  readonly heard: () => string
  readonly ended: Promise<Ended>
}

/** @param cwd where its relative paths start. @param prefix words before the command, for example `prlimit --nofile=64` */
export function start(
  args: readonly string[],
  {
    cwd,
    env = {},
    prefix = [],
  }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly prefix?: readonly string[] },
): Started {
  const since = performance.now()
  const [program = '', ...words] = [...prefix, process.execPath, main, ...args]
  const child = spawn(program, words, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '', GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '', ...env },
  })
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (error += chunk))
  const ended = once(child, 'close').then(
    ([code]): Ended => ({ code, out, error, ms: Math.round(performance.now() - since) }),
  )
  return { pid: child.pid ?? 0, heard: () => error, ended }
}

/** Asks until the answer is there. @throws after the deadline, with `what` */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`waited ${deadlineMs / 1000} s for ${what}`)
    await delay(20)
  }
}

/** Processes below one, whose command line matches. Also those in namespaces below it. */
export function below(ancestor: number, commandLine: RegExp): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${name}/stat`))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && (parent === ancestor || isBelow(parent))
  }
  return [...parents.keys()].filter(
    (pid) => isBelow(pid) && commandLine.test(read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')),
  )
}

/** Clock ticks (hundredths of a second) that processes have used so far (proc(5), utime and stime). */
export function processorTime(...pids: readonly number[]): number {
  const used = pids.map((pid) => {
    const [user = 0, system = 0] = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? []
    return user + system
  })
  return used.reduce((sum, one) => sum + one, 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it has ended meanwhile
  }
}
