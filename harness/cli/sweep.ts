/** `conformance sweep`: one configuration at many versions of its program, a row for each. */
import { relative, resolve } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { isUnmet } from '../judge/status.ts'
import { expandCells, type PlannedEnvironment } from '../plan/expand.ts'
import { selectCases } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { atVersion, chosenVersions, selectLines } from '../plan/versions.ts'
import { counted, duration } from '../report/numbers.ts'
import { type Cell, cellKey, type EnvironmentResult, type Results } from '../run/results/results.ts'
import { carryOut } from './carry-out.ts'
import { stacked, wrapped } from './columns.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { printPlan } from './print-plan.ts'
import { loadProject } from './project.ts'

export type SweepOptions = RunOptions & { readonly versions: readonly string[] }

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
  const environments = lines.flatMap((line) =>
    chosenVersions(options.versions, line.proxy.written.served).map((version) =>
      atVersion(line, version, knownGateways, cells),
    ),
  )
  if (options.list) {
    printPlan({ environments }, options.json)
    return 0
  }
  await agreeToFolders({ environments }, catalogue.proxies, options)
  const results = await carryOut({ environments }, options, { complete: false, withoutEngine: () => [] })
  if (options.json) printJson(asJson(results, environments))
  else print(inWords(results, relative(process.cwd(), resolve(options.out)) || '.'))
  if (results.run.interrupted) return 130
  return results.environments.some(({ status }) => status === 'ready') ? 0 : 3
}

const isOpen = ({ status }: Cell) => isUnmet(status)
const cellsIn = ({ cells }: Results, { id }: EnvironmentResult) => cells.filter(({ environment }) => environment === id)

/** Stable: fields are added, never renamed. */
function asJson(results: Results, planned: readonly PlannedEnvironment[]) {
  const { run, environments } = results
  return {
    schema: 1,
    run: { id: run.id, startedAt: run.startedAt, durationMs: run.durationMs, harness: run.harness, engine: run.engine },
    versions: planned.flatMap(({ id }) => {
      const environment = environments.find((one) => one.id === id)
      if (environment === undefined) return []
      const cells = cellsIn(results, environment)
      return [
        {
          environment: id,
          proxy: environment.proxy,
          version: environment.proxyVersion,
          variant: environment.variant,
          status: environment.status,
          ...(environment.reason !== undefined && { reason: environment.reason }),
          passed: cells.filter(({ status }) => status === 'pass').length,
          red: cells.filter(isOpen).map((cell) => ({ cell: cellKey(cell), level: cell.level, reason: cell.reason })),
        },
      ]
    }),
  }
}

/** A row for each version, then each red case with the versions that show it. */
export function inWords(results: Results, report: string): string {
  const lines = Map.groupBy(results.environments, ({ proxy, variant, gateway }) => `${proxy}, ${variant}, ${gateway}`)
  const parts = [...lines].flatMap(([title, environments]) => [
    '',
    title,
    ...environments.map((environment) => `  ${environment.proxyVersion.padEnd(12)} ${outcome(results, environment)}`),
    ...redCases(results, environments),
  ])
  return [
    ...parts,
    '',
    `${counted(results.environments.length, 'version')} in ${duration(results.run.durationMs)}`,
    `Report: ${report}/index.html`,
  ].join('\n')
}

function outcome(results: Results, environment: EnvironmentResult): string {
  if (environment.status !== 'ready') return `${environment.status}: ${(environment.reason ?? '').split('\n')[0]}`
  const cells = cellsIn(results, environment)
  const count = (status: Cell['status']) => cells.filter((cell) => cell.status === status).length
  return `${count('fail')} fail, ${count('warn')} warn, ${count('pass')} pass, ${count('blocked')} inconclusive`
}

function redCases(results: Results, environments: readonly EnvironmentResult[]): readonly string[] {
  const seen = environments.flatMap((environment) =>
    cellsIn(results, environment)
      .filter(isOpen)
      .map((cell) => ({ version: environment.proxyVersion, cell })),
  )
  if (seen.length === 0) return [wrapped('No version that started is red.', 2)]
  const byCase = [...Map.groupBy(seen, ({ cell }) => cell.case)]
  return [
    '',
    stacked(
      byCase.map(([id, found]): [string, string] => {
        const versions = [...new Set(found.map(({ version }) => version))]
        const started = environments.filter(({ status }) => status === 'ready').length
        const where = versions.length === started ? 'every version that started' : versions.join(', ')
        return [id, `${where}: ${found.at(-1)?.cell.reason}`]
      }),
      2,
    ),
  ]
}
