/** The user's cache: entries by content of their recipe, made once, shared by runs at the same time, never half there, and looked after. */
import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache/folder.ts'
import { isAlive, self } from './owner.ts'

type Entry = {
  /** For people who look into the cache. */
  readonly name: string
  /** Everything that decides the content: versions, flags, texts of files. */
  readonly recipe: string
  /** Space that making it takes, in bytes, where it is more than half a gigabyte. */
  readonly needs?: number
}

/** A line for people. */
type Tell = (line: string) => void

const megabyte = 1e6
const usualNeed = 500 * megabyte

/** Entries that this process has compared with their manifests. */
const trusted = new Map<string, Promise<Trust>>()
type Trust = { readonly state: 'whole' | 'absent' } | { readonly state: 'damaged'; readonly how: string }

/**
 * The folder of an entry; `make` fills it when it is not there or not as it was made. Made aside and renamed, so that it is whole or absent;
 * where another run is making the same entry, that one is waited for.
 * @param tell takes what a reader should know: that another run is waited for, that an entry was damaged
 * @throws whatever `make` throws; nothing is kept then
 */
export async function kept(
  entry: Entry,
  make: (folder: string) => Promise<void>,
  tell: Tell = () => {},
): Promise<string> {
  const folder = join(
    cacheFolder,
    `${entry.name}-${createHash('sha256').update(entry.recipe).digest('hex').slice(0, 16)}`,
  )
  const known = trusted.get(folder) ?? examine(folder)
  trusted.set(folder, known)
  const trust = await known
  if (trust.state === 'whole') return folder
  trusted.delete(folder)
  try {
    await makeFolder(entry)
    await makeAlone(folder, entry, make, tell)
  } catch (error) {
    if (trust.state !== 'damaged') throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${entry.name} in the cache is damaged (${trust.how}), and could not be made again: ${message}`, {
      cause: error,
    })
  }
  return folder
}

/** Under the entry's lock. Nothing is left to do where another run has made it meanwhile. */
async function makeAlone(
  folder: string,
  entry: Entry,
  make: (folder: string) => Promise<void>,
  tell: Tell,
): Promise<void> {
  const { lockUnless } = await import('./cache/lock.ts')
  const isWhole = async () => (await examine(folder)).state === 'whole'
  await using lock = await lockUnless(`${folder}.locked`, entry.name, tell, isWhole).catch((cause) => {
    throw isAboutWriting(cause) ? unwritable(entry.name, cause) : cause
  })
  if (lock === undefined) return
  const trust = await examine(folder)
  if (trust.state === 'whole') return
  if (trust.state === 'damaged') await setAside(folder, entry.name, trust.how, tell)
  await makeAside(folder, entry, make)
  const { keepBound } = await import('./cache/clear.ts')
  await keepBound(tell)
}

/** Compares an entry with its manifest. One from before there were manifests gets its own now. */
async function examine(folder: string): Promise<Trust> {
  const found = await lstat(folder).catch(() => undefined)
  if (found === undefined) return { state: 'absent' }
  if (!found.isDirectory()) return { state: 'damaged', how: 'it is not a folder' }
  const { differenceOf, manifestOf, readManifest, touch, writeManifest } = await import('./cache/manifest.ts')
  const manifest = await readManifest(folder)
  const { difference, timesChanged } =
    manifest === undefined
      ? { difference: undefined, timesChanged: true }
      : await differenceOf(folder, manifest, 'quick')
  if (difference !== undefined) return { state: 'damaged', how: difference }
  // A read-only cache is used as it is.
  if (timesChanged) await writeManifest(folder, await manifestOf(folder)).catch(() => {})
  else await touch(folder)
  return { state: 'whole' }
}

async function setAside(folder: string, name: string, how: string, tell: Tell): Promise<void> {
  const aside = `${folder}.damaged-${Date.now()}`
  await rename(folder, aside)
  tell(
    `${name}: damaged in the cache (${how}). It was set aside as ${aside} and is made again; "conformance clean" removes it.`,
  )
}

/** @throws a sentence where the cache cannot be written, or has too little room */
async function makeFolder({ name, needs = usualNeed }: Entry): Promise<void> {
  try {
    await mkdir(cacheFolder, { recursive: true })
  } catch (cause) {
    throw unwritable(name, cause)
  }
  const { bavail, bsize } = await statfs(cacheFolder)
  const free = bavail * bsize
  if (free < needs)
    throw new Error(
      `${name} needs about ${Math.ceil(needs / megabyte)} MB in ${cacheFolder}, where ${Math.floor(free / megabyte)} MB are free. "conformance clean --cache" empties it; CONFORMANCE_CACHE names another place.`,
    )
}

/** What a file system says that may be read but not written. */
function isAboutWriting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(EACCES|EPERM|EROFS)$/.test(String(error.code))
}

function unwritable(name: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(
    `${name} has to be made, and the cache ${cacheFolder} cannot be written (${why}). CONFORMANCE_CACHE names another place.`,
    { cause },
  )
}

async function makeAside(folder: string, { name }: Entry, make: (folder: string) => Promise<void>): Promise<void> {
  await sweep(folder)
  const { pid, start } = self()
  const aside = `${folder}.making-${pid}-${start}-${randomBytes(4).toString('hex')}`
  try {
    await mkdir(aside).catch((cause) => {
      throw unwritable(name, cause)
    })
    await make(aside)
    const { manifestOf, writeManifest } = await import('./cache/manifest.ts')
    await writeManifest(folder, await manifestOf(aside))
    await rename(aside, folder).catch(async (error) => {
      // Two may make the same thing when a stale lock was taken from both sides; either result will do.
      if (!(await exists(folder))) throw error
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
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
  lstat(path).then(
    () => true,
    () => false,
  )
