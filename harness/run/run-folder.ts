/** What every run of its own process needs first: a name, and a temporary folder that a later start removes if this process is killed. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noteOwner, runFolderPrefix } from '../lab/containers/sweep.ts'
import { MachineError } from '../lab/machine-error.ts'

export type RunFolder = AsyncDisposable & {
  /** Eight hexadecimal digits. */
  readonly runId: string
  /** Sockets, secrets and settings of the run's containers. */
  readonly folder: string
}

/**
 * @param keep `true` where containers that bind the folder go on running
 * @throws MachineError where there is no place for it
 */
export async function createRunFolder({ keep }: { readonly keep: boolean }): Promise<RunFolder> {
  const folder = await makeFolder()
  return {
    runId: randomBytes(4).toString('hex'),
    folder,
    async [Symbol.asyncDispose]() {
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function makeFolder(): Promise<string> {
  try {
    const folder = await mkdtemp(join(tmpdir(), runFolderPrefix))
    await noteOwner(folder)
    return folder
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `A run needs a temporary folder in ${tmpdir()}: ${reason}. TMPDIR names another place.`
    throw new MachineError(message, { cause })
  }
}
