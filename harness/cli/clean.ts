/** `conformance clean`: removes what is left over from earlier runs whose process has ended. Nothing without the suite's own mark is touched. */
import { relative } from 'node:path'
import { cacheItems, removeCompiled, removeItem } from '../lab/cache/clear.ts'
import { cacheFolder } from '../lab/cache/folder.ts'
import { type Leftover, livingRuns, sweep } from '../lab/containers/sweep.ts'
import { engineClient } from '../lab/deadlines.ts'
import { findEngine } from '../lab/engine.ts'
import { UserError } from '../plan/user-error.ts'

export type CleanOptions = {
  readonly dryRun?: boolean
  /** Empties the cache too. */
  readonly cache?: boolean
  readonly json: boolean
}

type Cleaned = { readonly kind: Leftover['kind'] | 'cache entry'; readonly name: string; readonly problem?: string }

/** @returns 0, or 3 where something could not be removed. @throws UserError where the cache is to be emptied under a run */
export async function clean({ dryRun = false, cache = false, json }: CleanOptions): Promise<number> {
  const act = dryRun ? 'dry-run' : 'remove'
  const running = cache && !dryRun ? await livingRuns() : []
  if (running.length > 0)
    throw new UserError(
      `The cache cannot be emptied: process ${running.map(({ pid }) => pid).join(', ')} is running the suite and uses it. Wait for its end.`,
    )
  const engine = await findEngine('auto')
  const docker = engine.kind === 'docker' ? engineClient(engine.socket) : undefined
  const cleaned: Cleaned[] = [...(await sweep(docker, act)), ...(await cleanCache(cache, act))]
  const left = cleaned.filter(({ problem }) => problem !== undefined)
  if (json) {
    console.log(JSON.stringify({ dryRun, leftovers: cleaned }, undefined, 2))
    return left.length > 0 ? 3 : 0
  }
  for (const { kind, name, problem } of cleaned)
    console.log(
      problem === undefined
        ? `${dryRun ? 'would remove' : 'removed'} ${kind} ${name}`
        : `could not remove ${kind} ${name}: ${problem}`,
    )
  if (cleaned.length === 0) console.log('Nothing is left over from earlier runs.')
  return left.length > 0 ? 3 : 0
}

/** Always what is damaged or unfinished in the cache; the entries and the compiled sources where that is asked for. */
async function cleanCache(all: boolean, act: 'dry-run' | 'remove'): Promise<Cleaned[]> {
  const cleaned: Cleaned[] = []
  for (const item of (await cacheItems()).filter(({ kind }) => all || kind === 'leftover')) {
    const problem =
      act === 'dry-run'
        ? undefined
        : await removeItem(item).then(
            () => undefined,
            (error: Error) => error.message,
          )
    const name = `${relative(cacheFolder, item.path)} (${(item.bytes / 1e6).toFixed(0)} MB)`
    cleaned.push({ kind: 'cache entry', name, ...(problem !== undefined && { problem }) })
  }
  if (all && act === 'remove') await removeCompiled()
  return cleaned
}
