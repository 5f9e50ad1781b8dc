/** `conformance sweep`: one configuration at many versions of its program, a row for each. */
import { relative, resolve } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { expandCells } from '../plan/expand.ts'
import { selectCases } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { atVersion, chosenVersions, selectLines } from '../plan/versions.ts'
import { counted, duration } from '../report/numbers.ts'
import { type VersionRow, type VersionsFile, versionRow } from '../report/versions-file.ts'
import type { Results } from '../run/results/results.ts'
import { carryOut } from './carry-out.ts'
import { stacked, wrapped } from './columns.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { printPlan } from './print-plan.ts'
import { loadProject } from './project.ts'
import { earlierRows, isWhole, SweepFile } from './sweep-rows.ts'

export type SweepOptions = RunOptions & { readonly versions: readonly string[]; readonly resume: boolean }

/** @returns the exit code: 3 where no version started, else 0: what an old version does is a finding, not a failure of this command. @throws UserError before anything is started */
export async function sweep(options: SweepOptions): Promise<number> {
  const { catalogue, names } = await loadProject(options.proxy, options)
  if (names.length === 0)
    throw new UserError('Name the proxy: conformance sweep --proxy traefik-forward-auth --versions all.')
  const sources = {
    ...catalogue,
    proxies: catalogue.proxies.filter(({ embedded }) => !embedded),
    gateways: knownGateways,
  }
  const gateway = options.gateway.length > 0 ? options.gateway : ['reference']
  const lines = selectLines(sources, { proxy: names, variant: options.variant, gateway })
  const cells = expandCells(catalogue.cases, selectCases(catalogue.cases, options), options.transport)
  const all = lines.flatMap((line) =>
    chosenVersions(options.versions, line.proxy.written.served).map((version) =>
      atVersion(line, version, knownGateways, cells),
    ),
  )
  const before = options.resume ? await earlierRows(options) : undefined
  const known = new Set(before?.versions.map(({ environment }) => environment))
  const environments = all.filter(({ id }) => !known.has(id))
  if (options.list) {
    printPlan({ environments }, options.json)
    return 0
  }
  await agreeToFolders({ environments }, catalogue.proxies, options)
  const file = new SweepFile(options, before)
  let interrupted = false
  if (environments.length > 0) {
    const done = new Set<string>()
    const take = (results: Results) => {
      const rows = results.environments
        .filter(
          ({ id }) =>
            done.has(id) &&
            isWhole(
              results,
              environments.find((one) => one.id === id),
            ),
        )
        .map((environment) => versionRow(results, environment, catalogue.proxies))
      return file.write(rows, results.run)
    }
    const results = await carryOut({ environments }, options, {
      complete: false,
      withoutEngine: () => [],
      async environmentDone(id, so) {
        done.add(id)
        await take(so())
      },
    })
    interrupted = results.run.interrupted
    // What could not be had is a row as well, unless it is so because the run was stopped.
    if (!interrupted) for (const { id } of environments) done.add(id)
    await take(results)
  }
  const now = file.content
  if (options.json) printJson(now)
  else print(inWords(now, relative(process.cwd(), resolve(options.out)) || '.'))
  if (interrupted) return 130
  return now.versions.some(({ status }) => status === 'ready') ? 0 : 3
}

/** A row for each version, then each red case with the versions that show it. */
export function inWords({ versions, durationMs }: VersionsFile, report: string): string {
  const lines = Map.groupBy(versions, ({ proxy, variant, gateway }) => `${proxy}, ${variant}, ${gateway}`)
  const parts = [...lines].flatMap(([title, rows]) => [
    '',
    title,
    ...rows.map((row) => `  ${row.version.padEnd(12)} ${outcome(row)}`),
    ...redCases(rows),
  ])
  return [
    ...parts,
    '',
    `${counted(versions.length, 'version')} in ${duration(durationMs)}`,
    `Report: ${report}/index.html, rows: ${report}/sweep.json`,
  ].join('\n')
}

function outcome({ status, reason, red, passed, inconclusive }: VersionRow): string {
  if (status !== 'ready') return `${status}: ${(reason ?? '').split('\n')[0]}`
  const count = (wanted: string) => red.filter((cell) => cell.status === wanted).length
  const holes = [...new Set(red.flatMap(({ advisory }) => advisory?.hole ?? []))]
  const numbers = `${count('fail')} fail, ${count('warn')} warn, ${passed} pass, ${inconclusive} inconclusive`
  return holes.length === 0 ? numbers : `${numbers} (${holes.join(', ')})`
}

function redCases(rows: readonly VersionRow[]): readonly string[] {
  const seen = rows.flatMap(({ version, red }) => red.map((cell) => ({ version, cell })))
  if (seen.length === 0) return [wrapped('No version that started is red.', 2)]
  const started = rows.filter(({ status }) => status === 'ready').length
  return [
    '',
    stacked(
      [...Map.groupBy(seen, ({ cell }) => cell.cell)].map(([id, found]): [string, string] => {
        const versions = [...new Set(found.map(({ version }) => version))]
        const where = versions.length === started ? 'every version that started' : versions.join(', ')
        return [id, `${where}: ${found.at(-1)?.cell.reason}`]
      }),
      2,
    ),
  ]
}
