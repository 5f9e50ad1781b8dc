/** Who made a thing that may outlive its maker: a process, told apart from a later one with the same id by when it began. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export type Owner = {
  /** The machine and its process namespace: an id means nothing in another one. */
  readonly host: string
  readonly pid: number
  /** Start of the process in clock ticks since boot; empty where the system does not tell (not Linux). */
  readonly start: string
}

/** How a run's process learns whose it is: inside namespaces its own id means nothing to others. */
export const ownerVariable = 'CONFORMANCE_OWNER'

/** The process that everything made here belongs to: the command line's, also in a process that it has started. */
export function self(): Owner {
  const given = process.env[ownerVariable]
  if (given !== undefined) return JSON.parse(given)
  return { host: place(), pid: process.pid, start: startOf(process.pid) ?? '' }
}

/** @returns nothing where the text is no owner: half-written, empty, or another program's */
export function ownerFrom(text: string): Owner | undefined {
  try {
    const owner: Partial<Owner> | null = JSON.parse(text)
    if (typeof owner?.host !== 'string' || typeof owner.start !== 'string' || !Number.isSafeInteger(owner.pid)) return
    return { host: owner.host, pid: owner.pid ?? 0, start: owner.start }
  } catch {
    return undefined
  }
}

/** A process of another machine or process namespace cannot be asked: it counts as alive. */
export function isAlive({ host, pid, start }: Owner): boolean {
  if (host !== place()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const now = startOf(pid)
  return start === '' || now === undefined || now === start
}

function place(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may have spaces and parentheses in it. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
