/** Copies of a service's files in which lines differ (`lines`): the run's users stand there, and the operator's own file is not touched. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Bind } from '../../lab/containers/lab-container.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import { withUsers } from './own-users.ts'
import type { Secrets } from './secrets.ts'

/** @returns the binds of the copies. @throws where a line is not there, or no file of the service is at that path */
export async function changedFiles(
  { name, files, lines = {} }: Service,
  { folder, userForm }: Pick<Variant, 'folder' | 'userForm'>,
  into: string,
  secrets: Secrets,
): Promise<Bind[]> {
  return await Promise.all(
    Object.entries(lines).map(async ([target, changed], index) => {
      const source = sourceOf(target, files)
      if (source === undefined) throw new Error(`${name}: lines of ${target} are to differ, and no file of it is there`)
      const text = (await readFile(resolve(folder, source), 'utf8')).split('\n')
      for (const [number, line] of Object.entries(changed)) {
        if (Number(number) > text.length)
          throw new Error(`${name}: line ${number} of ${source} is to differ, and it has ${text.length} lines`)
        text[Number(number) - 1] = withUsers(line, secrets, userForm)
      }
      await mkdir(into, { recursive: true })
      const copy = join(into, `${name}-${index}`)
      // Readable by any user, as what else the run puts into containers.
      await writeFile(copy, text.join('\n'), { mode: 0o644 })
      return { source: copy, target }
    }),
  )
}

/** The file itself, or the one in a folder that is given as a whole. */
function sourceOf(target: string, files: Service['files']): string | undefined {
  for (const [file, at] of Object.entries(files)) {
    if (at === target) return file
    if (target.startsWith(`${at}/`)) return join(file, target.slice(at.length))
  }
  return undefined
}
