import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noteOwner, runFolderPrefix } from '../containers/sweep.ts'

/** A folder for a build beside those of runs: a later sweep removes it where this process is killed. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${runFolderPrefix}build-`))
  await chmod(folder, 0o711)
  await noteOwner(folder)
  return folder
}
