/** Where a path leads to, once links are resolved. */
import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'

/** Whether a path, all symbolic links followed, lies in a folder. A path that does not exist is judged by its nearest parent that does. */
export async function liesIn(path: string, folder: string): Promise<boolean> {
  const [real, inside] = await Promise.all([nearest(path), realpath(folder)])
  return real === inside || real.startsWith(inside.endsWith(sep) ? inside : `${inside}${sep}`)
}

async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf(sep)) || sep) {
    const real = await realpath(at).catch(() => undefined)
    if (real !== undefined) return real
    if (at === sep) return sep
  }
}
