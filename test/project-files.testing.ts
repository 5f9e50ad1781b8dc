/** The files of the repository, as Git sees them: tracked, and new ones that are not ignored. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const projectFolder = join(import.meta.dirname, '..')

/** Paths below the project's folder. @param patterns Git pathspecs; all files where there are none */
export async function projectFiles(...patterns: readonly string[]): Promise<string[]> {
  const listed = ['ls-files', '-z', '--deduplicate', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  const { stdout } = await run('git', listed, { cwd: projectFolder, maxBuffer: 16 * 1024 * 1024 })
  const deleted = await run('git', ['ls-files', '-z', '--deleted'], { cwd: projectFolder })
  const gone = new Set(deleted.stdout.split('\0'))
  return stdout.split('\0').filter((file) => file !== '' && !gone.has(file))
}
