/** The user's cache: entries by content of their recipe, made once, shared by runs at the same time, never half there. */
import { createHash, randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, self } from './owner.ts'

/** `CONFORMANCE_CACHE`, else below `XDG_CACHE_HOME` or `~/.cache`. */
export const cacheFolder =
  process.env.CONFORMANCE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trusted-proxy-conformance')

/** What Node makes of the sources, which run as they are. Node looks after it by itself. */
export const compiledFolder = join(cacheFolder, 'compiled')

export type Entry = {
  /** For people who look into the cache. */
  readonly name: string
  /** Everything that decides the content: versions, flags, texts of files. */
  readonly recipe: string
}

/** How long another run may take to make the same entry, in milliseconds. */
const patience = 20 * 60_000
const look = 100

/**
 * The folder of an entry; `make` fills it when it is not there. Made aside and renamed, so that it is whole or absent; where another
 * run is making the same entry, that one is waited for.
 * @throws whatever `make` throws; nothing is kept then
 */
export async function kept(entry: Entry, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(
    cacheFolder,
    `${entry.name}-${createHash('sha256').update(entry.recipe).digest('hex').slice(0, 16)}`,
  )
  await mkdir(cacheFolder, { recursive: true })
  const deadline = performance.now() + patience
  while (!(await exists(folder))) {
    await using lock = await tryLock(`${folder}.lock`)
    if (lock === undefined) {
      if (performance.now() > deadline)
        throw new Error(`${folder} is being made by another run, which does not come to an end`)
      await delay(look)
      continue
    }
    // It may have come while the lock was taken.
    if (await exists(folder)) break
    await sweep(folder)
    const { pid, start } = self()
    const aside = `${folder}.making-${pid}-${start}-${randomBytes(4).toString('hex')}`
    try {
      await mkdir(aside)
      await make(aside)
      await rename(aside, folder).catch(async (error) => {
        // Two may make the same thing when a stale lock was taken from both sides; either result will do.
        if (!(await exists(folder))) throw error
      })
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }
  return folder
}

/** A lock of a process that is no more is nobody's. */
async function tryLock(path: string): Promise<AsyncDisposable | undefined> {
  try {
    await writeFile(path, JSON.stringify(self()), { flag: 'wx' })
    return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const text = await readFile(path, 'utf8').catch(() => '')
    if (await isAbandoned(path, text)) await takeAway(path, text)
    return undefined
  }
}

/** Empty: its owner has created it and is about to write, or died in between. */
async function isAbandoned(path: string, text: string): Promise<boolean> {
  if (text !== '') return !isAlive(JSON.parse(text))
  const made = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  )
  return Date.now() - made > 5000
}

/** Removes a lock only if it still is the one that was looked at: in between, another may have replaced it with its own. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return // someone else was faster
  }
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

/** What makers left that were killed in the middle; only called under the entry's lock. */
async function sweep(folder: string): Promise<void> {
  const own = `${folder}.making-`
  const names = await readdir(cacheFolder)
  const left = names
    .map((name) => join(cacheFolder, name))
    .filter((path) => {
      if (!path.startsWith(own)) return false
      const [pid = '', start = ''] = path.slice(own.length).split('-')
      return !isAlive({ ...self(), pid: Number(pid), start })
    })
  await Promise.all(left.map((path) => rm(path, { recursive: true, force: true })))
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
