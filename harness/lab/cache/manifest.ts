/** What an entry of the cache consists of: size, mode, time and digest of every file, in a file beside the entry. */
import { createHash, hash } from 'node:crypto'
import { createReadStream, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'

const headSchema = z.object({ schema: z.literal(1), files: z.number(), bytes: z.number() })
/** Path inside the entry, permissions, size in bytes, time of modification in milliseconds, SHA-256; of a link `-> TARGET` in the place of the digest. */
const fileSchema = z.tuple([z.string(), z.number(), z.number(), z.number(), z.string()])

type FileNote = z.infer<typeof fileSchema>
type Manifest = { readonly bytes: number; readonly files: readonly FileNote[] }

const place = (entry: string) => `${entry}.files`
const permissions = 0o777
const arrow = '-> '
const linkNote = (path: string) => `${arrow}${readlinkSync(path)}`

/** Reads every file once. @param entry folder of the entry, which may still be aside of its place */
export async function manifestOf(entry: string): Promise<Manifest> {
  const found = (await readdir(entry, { recursive: true, withFileTypes: true })).filter(
    (one) => one.isFile() || one.isSymbolicLink(),
  )
  const files: FileNote[] = []
  for (const one of found) {
    await breathe()
    const path = join(one.parentPath, one.name)
    const { mode, size, mtimeMs } = lstatSync(path)
    const content = one.isSymbolicLink() ? linkNote(path) : await digestOf(path, size)
    files.push([relative(entry, path), mode & permissions, size, mtimeMs, content])
  }
  return { bytes: files.reduce((sum, [, , size]) => sum + size, 0), files }
}

/** Never half-written. @param entry where the entry is, or will be */
export async function writeManifest(entry: string, { bytes, files }: Manifest): Promise<void> {
  const aside = `${place(entry)}.new-${process.pid}`
  const head = { schema: 1, files: files.length, bytes }
  await writeFile(aside, [head, ...files].map((line) => `${JSON.stringify(line)}\n`).join(''))
  await rename(aside, place(entry)).catch(async () => {
    // Something else stands in its place.
    await rm(place(entry), { recursive: true, force: true })
    await rename(aside, place(entry))
  })
}

/** @returns nothing where there is none that can be read */
export async function readManifest(entry: string): Promise<Manifest | undefined> {
  try {
    const [head, ...lines] = (await readFile(place(entry), 'utf8')).trimEnd().split('\n')
    const { files: count, bytes } = headSchema.parse(JSON.parse(head ?? ''))
    const files = lines.map((line) => fileSchema.parse(JSON.parse(line)))
    return files.length === count ? { bytes, files } : undefined
  } catch {
    return undefined
  }
}

/**
 * Compares an entry with its manifest: size, permissions and time of every file, and the digest where only the time differs.
 * @param how `deep` compares every digest
 * @returns the first difference in words, or nothing; and whether times alone have changed
 */
export async function differenceOf(
  entry: string,
  { files }: Manifest,
  how: 'quick' | 'deep',
): Promise<{ readonly difference?: string; readonly timesChanged: boolean }> {
  let timesChanged = false
  for (const [path, mode, size, mtimeMs, content] of files) {
    await breathe()
    const whole = join(entry, path)
    const found = statOf(whole)
    if (found instanceof Error) return { difference: `${path} cannot be read (${found.message})`, timesChanged }
    if (found === undefined) return { difference: `${path} is missing`, timesChanged }
    const sameTime = found.mtimeMs === mtimeMs
    if (!sameTime) timesChanged = true
    const difference =
      kindOf(found) !== (content.startsWith(arrow) ? 'link' : 'file')
        ? 'is of another kind'
        : found.size !== size
          ? `has ${found.size} bytes instead of ${size}`
          : (found.mode & permissions) !== mode
            ? `has mode ${octal(found.mode & permissions)} instead of ${octal(mode)}`
            : (how === 'quick' && sameTime) || (await contentOf(whole, found)) === content
              ? undefined
              : 'has another content'
    if (difference !== undefined) return { difference: `${path} ${difference}`, timesChanged }
  }
  return { timesChanged }
}

/** Nothing where there is no such file. */
function statOf(path: string): Stats | Error | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const kindOf = (found: Stats) => (found.isSymbolicLink() ? 'link' : found.isFile() ? 'file' : 'other')

async function contentOf(path: string, found: Stats): Promise<string> {
  if (found.isSymbolicLink()) return linkNote(path)
  return await digestOf(path, found.size).catch((error: Error) => error.message)
}

let since = performance.now()

/** Thousands of small files are read several times as fast without a promise for each; others get their turn in between. */
async function breathe(): Promise<void> {
  if (performance.now() - since < 20) return
  await new Promise((resolve) => setImmediate(resolve))
  since = performance.now()
}

/** Remembers that the entry was used now. Nothing depends on it but which entries are removed first. */
export async function touch(entry: string): Promise<void> {
  const now = new Date()
  await utimes(place(entry), now, now).catch(() => {}) // a read-only cache
}

/** @returns how much the entry holds, and when it was used last; nothing without a manifest */
export async function usageOf(entry: string): Promise<{ readonly bytes: number; readonly used: number } | undefined> {
  try {
    const { mtimeMs } = await lstat(place(entry))
    for await (const chunk of createReadStream(place(entry), { encoding: 'utf8', end: 200 })) {
      const { bytes } = headSchema.parse(JSON.parse(String(chunk).split('\n', 1)[0] ?? ''))
      return { bytes, used: mtimeMs }
    }
  } catch {
    // As if there were none.
  }
  return undefined
}

const octal = (mode: number) => mode.toString(8)

async function digestOf(path: string, size: number): Promise<string> {
  if (size <= 1 << 20) return hash('sha256', readFileSync(path))
  const digest = createHash('sha256')
  await pipeline(createReadStream(path), digest)
  return digest.digest('hex')
}
