/** `conformance clean`: what earlier runs left behind whose process is no more. Nothing without the suite's own mark is touched. */
import { sweep } from '../lab/containers/sweep.ts'
import { engineClient } from '../lab/deadlines.ts'
import { findEngine } from '../lab/engine.ts'

export type CleanOptions = { readonly dryRun?: boolean; readonly json: boolean }

/** @returns the exit code. @throws where the engine or the file system refuses */
export async function clean({ dryRun = false, json }: CleanOptions): Promise<number> {
  const engine = await findEngine('auto')
  const docker = engine.kind === 'docker' ? engineClient(engine.socket) : undefined
  const leftovers = await sweep(docker, dryRun ? 'dry-run' : 'remove')
  if (json) {
    console.log(JSON.stringify({ dryRun, leftovers }, undefined, 2))
    return 0
  }
  const verb = dryRun ? 'would remove' : 'removed'
  for (const { kind, name } of leftovers) console.log(`${verb} ${kind} ${name}`)
  if (leftovers.length === 0) console.log('Nothing is left of earlier runs.')
  return 0
}
