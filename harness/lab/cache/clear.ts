/** What the cache holds, what of it is left over, and how it is kept below its bound. */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, compiledFolder } from './folder.ts'
import { differenceOf, readManifest, usageOf } from './manifest.ts'

/** In bytes. A whole set of programs takes four to six gigabytes. */
const usualBound = 20e9
/** An entry that was used within the last day may be in use, in milliseconds. */
const inUse = 24 * 3_600_000

type CacheItem = {
  readonly path: string
  /** `entry`: what a run may use. `leftover`: damaged, unfinished, or a lock that nobody holds. */
  readonly kind: 'entry' | 'leftover'
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly used: number
}

/** Names that only the cache itself gives. */
const leftoverName = /\.(damaged-\d+|making-[\w-]+|lock|locked|locked\.owner|files\.new-\d+)$/
/** An unfinished entry or a lock that has not been touched for this long is nobody's, in milliseconds. */
const abandonedAfter = 3_600_000

export async function cacheItems(): Promise<CacheItem[]> {
  const names = await readdir(cacheFolder).catch((): string[] => [])
  const items: CacheItem[] = []
  for (const name of names) {
    const path = join(cacheFolder, name)
    if (path === compiledFolder) continue
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined) continue
    if (leftoverName.test(name)) {
      const abandoned = name.includes('.damaged-') || Date.now() - found.mtimeMs > abandonedAfter
      if (abandoned) items.push({ path, kind: 'leftover', bytes: await sizeOf(path), used: found.mtimeMs })
    } else if (name.endsWith('.files')) {
      if (!names.includes(name.replace(/\.files$/, '')))
        items.push({ path, kind: 'leftover', bytes: found.size, used: found.mtimeMs })
    } else {
      const usage = await usageOf(path)
      items.push({
        path,
        kind: 'entry',
        bytes: usage?.bytes ?? (await sizeOf(path)),
        used: usage?.used ?? found.mtimeMs,
      })
    }
  }
  return items
}

/** Removes an item with its manifest. @throws the file system's error */
export async function removeItem({ path }: CacheItem): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await rm(`${path}.files`, { force: true })
}

/** What Node keeps of compiled sources: only emptied with everything else. */
export async function removeCompiled(): Promise<void> {
  await rm(compiledFolder, { recursive: true, force: true })
}

/** Removes entries that were not used for the longest time, while the cache holds more than its bound (`CONFORMANCE_CACHE_GB`). */
export async function keepBound(tell: (line: string) => void): Promise<void> {
  const bound = Number(process.env.CONFORMANCE_CACHE_GB) * 1e9 || usualBound
  const items = await cacheItems()
  let total = items.reduce((sum, { bytes }) => sum + bytes, 0)
  const unused = items.filter(({ used }) => Date.now() - used > inUse).toSorted((one, other) => one.used - other.used)
  for (const item of unused) {
    if (total <= bound) return
    await removeItem(item).catch(() => {}) // it will be tried again
    tell(`the cache holds more than ${bound / 1e9} GB: removed ${item.path}, not used since ${day(item.used)}`)
    total -= item.bytes
  }
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Compares every entry with its manifest, digest by digest. @returns what differs, by path */
export async function damagedEntries(): Promise<{ readonly path: string; readonly how: string }[]> {
  const damaged: { readonly path: string; readonly how: string }[] = []
  for (const { path, kind } of await cacheItems()) {
    if (kind !== 'entry') continue
    const manifest = await readManifest(path)
    if (manifest === undefined) continue
    const { difference } = await differenceOf(path, manifest, 'deep')
    if (difference !== undefined) damaged.push({ path, how: difference })
  }
  return damaged
}

async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.size
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  let total = 0
  for (const entry of entries.filter((one) => one.isFile()))
    total += (await lstat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0
  return total
}
