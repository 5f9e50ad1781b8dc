/**
 * A step of a build that reads or starts what somebody else wrote: in a container with the files of the build, its tool and nothing of the
 * machine, without a network and without a capability.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bind } from '../containers/lab-container.ts'
import { ownerVariable, self } from '../owner.ts'
import { enterNamespaces } from '../private/enter.ts'
import type { ImageSource } from './pull.ts'
import { step } from './step.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Where the container runs, and what it is made of. */
export type BuildContainer = {
  /** A private engine is started for the step alone: that of the run has not begun. */
  readonly engine:
    | { readonly kind: 'docker'; readonly socket: string }
    | { readonly kind: 'private'; readonly packages: string }
  readonly image: ImageSource
  /** Tools, read-only. */
  readonly binds: readonly Bind[]
}

/** Where the container sees the work folder of the build, which alone it may write to. */
export const workInside = '/work'

type Step = BuildContainer & {
  readonly work: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** @property engineFolder for the sockets of a private engine */
export type ConfinedOrder = Step & { readonly engineFolder: string }

/** @param called as it is named where it fails: `go build`. @throws as `step` does */
export async function confinedStep(wanted: Step, called: string): Promise<void> {
  const engineFolder = await temporaryFolder()
  try {
    const order: ConfinedOrder = { ...wanted, engineFolder }
    const isPrivate = wanted.engine.kind === 'private'
    const main = join(import.meta.dirname, 'confined-main.ts')
    const words = [...(isPrivate ? enterNamespaces : []), process.execPath, main, JSON.stringify(order)]
    const [program = '', ...args] = words
    await step(program, args, 'util-linux', {
      called,
      // `unshare` heeds no other signal, and all that is in its namespaces ends with it. Beside another engine the step removes its container.
      killSignal: isPrivate ? 'SIGKILL' : 'SIGTERM',
      env: { ...process.env, [ownerVariable]: JSON.stringify(self()) },
    })
  } finally {
    await rm(engineFolder, { recursive: true, force: true })
  }
}
