/** `conformance publish`: the latest run, its history, and what sweeps and canaries showed, as a site of files. */
import { stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { UserError } from '../plan/user-error.ts'
import { ownHardened } from '../report/guides/own-guides.ts'
import { appendHistory, readHistory } from '../report/history.ts'
import { mergedReport } from '../report/merge.ts'
import { counted } from '../report/numbers.ts'
import { readAdvisories } from '../report/site/advisories.ts'
import { readSweep } from '../report/site/versions-file.ts'
import { writeReport } from '../report/write.ts'
import { print, printJson } from './print.ts'
import { root } from './project.ts'

export type PublishOptions = {
  /** Folders of runs. Several are one run in parts. */
  readonly in: readonly string[]
  /** Proxies and gateways of which there must be results. */
  readonly expect: readonly string[]
  /** Folder with the runs until now; the run is added. */
  readonly history: string
  readonly out: string
  /** What `conformance sweep --json` printed. */
  readonly sweep: readonly string[]
  /** What `conformance canaries --json` printed. */
  readonly canaries?: string
  /** Of so many runs dated copies are written. */
  readonly copies: number
  readonly json: boolean
}

const latest = 'reports/latest'

/** @returns the exit code: 0, or 3 where a part of the run did not come. @throws UserError for folders and files that hold something else */
export async function publish(options: PublishOptions): Promise<number> {
  const out = resolve(options.out)
  for (const [flag, folder] of [
    ['--history', options.history],
    ['--out', options.out],
  ] as const)
    await mustNotBeFile(flag, folder)
  const from = options.in.length > 0 ? options.in : [latest]
  const { results, evidence, missing } = await mergedReport(
    from.map((one) => resolve(one)),
    options.expect,
  )
  const sweeps = await Promise.all(options.sweep.map((file) => readSweep(file)))
  const advisories = options.canaries === undefined ? undefined : await readAdvisories(options.canaries)
  const folder = resolve(options.history)
  // Half a run would look like cells that were removed.
  const history = results.run.interrupted ? await readHistory(folder) : await appendHistory(folder, results)
  const site = { history, sweeps, copies: options.copies, ...(advisories !== undefined && { advisories }) }
  await writeReport(results, evidence, out, { history, hardened: await ownHardened(root), site })
  const published = {
    schema: 1,
    out: relative(process.cwd(), out) || '.',
    run: results.run.id,
    environments: results.environments.length,
    missing,
    runs: history.length,
    versions: sweeps.reduce((sum, { versions }) => sum + versions.length, 0),
    advisories: advisories?.advisories.length ?? 0,
  }
  if (options.json) printJson(published)
  else
    print(
      [
        `Run ${published.run}: ${counted(published.environments, 'environment')}; history of ${counted(published.runs, 'run')}, ${counted(published.versions, 'version')} compared, ${counted(published.advisories, 'advisory', 'advisories')}.`,
        ...missing,
        ...(results.run.interrupted ? ['The run was interrupted, so it was not added to the history.'] : []),
        `Site: ${published.out}/index.html`,
      ].join('\n'),
    )
  return missing.length > 0 ? 3 : 0
}

async function mustNotBeFile(flag: string, path: string): Promise<void> {
  if (path === '') throw new UserError(`${flag} is empty: name a folder.`)
  const found = await stat(resolve(path)).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) throw new UserError(`${flag} ${path} is a file; a folder is needed.`)
}
