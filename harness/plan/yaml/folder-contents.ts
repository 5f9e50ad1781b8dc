/** What a path of a proxy's folder leads to. Folders come from strangers: links are resolved before anything is read or bound. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** `trouble`: half a sentence on why it is none. */
type Found = 'file' | 'folder' | 'nothing' | { readonly trouble: string }

/** More files than a configuration has: looking at a whole disk would take minutes. */
const most = 10_000

/** A regular file, or a folder of regular files, inside one of `folders` once all links are resolved. */
export async function foundInside(path: string, folders: readonly string[]): Promise<Found> {
  if (!folders.some((folder) => isInside(path, folder))) return { trouble: `it leads to ${path}, which is outside` }
  const real = await realPath(path)
  if (typeof real !== 'string') return real?.trouble === undefined ? 'nothing' : real
  const parents = await Promise.all(folders.map(realPath))
  if (!parents.some((parent) => typeof parent === 'string' && isInside(real, parent)))
    return { trouble: `it leads to ${real}, which is outside` }
  const entry = await stat(real)
  if (entry.isFile()) return 'file'
  if (!entry.isDirectory()) return { trouble: 'it is neither a regular file nor a folder' }
  return (await troubleIn(real, parents)) ?? 'folder'
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

type Real = string | { readonly trouble: string } | undefined

async function realPath(path: string): Promise<Real> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    return { trouble: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Whether an error says that there is no such file; any other is not a statement on the file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Whether something is there. @throws where that cannot be told, for example for lack of permission */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** The first entry of a folder that is no regular file, or a link that leads out. */
async function troubleIn(folder: string, parents: readonly Real[]): Promise<{ readonly trouble: string } | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  if (entries.length > most) return { trouble: `it holds ${entries.length} files, at most ${most} are allowed` }
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) {
      const real = await realPath(path)
      if (typeof real === 'string' && !parents.some((parent) => typeof parent === 'string' && isInside(real, parent)))
        return { trouble: `${path} in it leads to ${real}, which is outside` }
    } else if (!entry.isFile() && !entry.isDirectory() && !(await isOrdinary(path)))
      return { trouble: `${path} in it is neither a regular file nor a folder` }
  }
  return undefined
}

/** Some file systems do not say what an entry is when they list it. */
async function isOrdinary(path: string): Promise<boolean> {
  const entry = await lstat(path)
  return entry.isFile() || entry.isDirectory()
}
