/** `conformance canaries`: real old versions with known vulnerabilities must be red, their fixed versions green. */
import { relative, resolve } from 'node:path'
import { styleText } from 'node:util'
import { knownGateways } from '../gateways/known-gateways.ts'
import { type CanaryOutcome, canaryExitCode, holds, type Shown, shown } from '../judge/canary.ts'
import { expandCanaries, type PlannedCanary } from '../plan/canaries.ts'
import type { Results } from '../run/results/results.ts'
import { carryOut } from './carry-out.ts'
import { stacked, wrapped } from './columns.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { printPlan } from './print-plan.ts'
import { loadProject } from './project.ts'

/** @returns the exit code: 1 for a canary that is green or a fixed version that is red, 3 for one that could not be shown. @throws UserError before anything is started */
export async function canaries(options: RunOptions): Promise<number> {
  const { catalogue, names } = await loadProject(options.proxy)
  const plan = expandCanaries({ ...catalogue, gateways: knownGateways }, { proxy: names, gateway: options.gateway })
  if (options.list) {
    printPlan(plan, options.json)
    return 0
  }
  await agreeToFolders(plan, catalogue.proxies, options)
  const results = await carryOut(plan, options, { complete: false, withoutEngine: () => [] })
  const rows = plan.canaries.map((planned) => rowOf(planned, results))
  const exitCode = canaryExitCode(rows, results.run.interrupted)
  console.log(
    options.json
      ? JSON.stringify(asJson(rows, results, exitCode), undefined, 2)
      : inWords(rows, results.run, relative(process.cwd(), resolve(options.out)) || '.'),
  )
  return exitCode
}

export type CanaryRow = CanaryOutcome & { readonly planned: PlannedCanary }

function rowOf(planned: PlannedCanary, { environments, cells }: Results): CanaryRow {
  return {
    planned,
    old: shown(planned.old, 'red', planned.cells, environments, cells),
    fixed: shown(planned.fixed, 'green', planned.cells, environments, cells),
  }
}

/** Stable: fields are added, never renamed. */
function asJson(rows: readonly CanaryRow[], { run, environments }: Results, exitCode: number) {
  return {
    schema: 1,
    ok: exitCode === 0,
    exitCode,
    run: { id: run.id, startedAt: run.startedAt, durationMs: run.durationMs, harness: run.harness, engine: run.engine },
    canaries: rows.map(({ planned: { proxy, canary, cells, ...environment }, old, fixed }) => ({
      proxy,
      ...(canary.gateway !== undefined && { gateway: canary.gateway }),
      version: canary.version,
      hole: canary.hole,
      ...(canary.link !== undefined && { link: canary.link }),
      variant: canary.variant,
      cells: cells.map((cell) => ({ case: cell.case, transport: cell.transport })),
      holds: holds({ old, fixed }),
      old: { environment: environment.old, ...old },
      fixed: { version: canary.fixed, environment: environment.fixed, ...fixed },
      source: canary.source,
    })),
    environments: environments.map(({ id, status, reason, startMs, services }) => ({
      id,
      status,
      ...(reason !== undefined && { reason }),
      startMs,
      services,
    })),
  }
}

const colours: Readonly<Record<Shown['colour'], Parameters<typeof styleText>[0]>> = {
  red: 'red',
  green: 'green',
  mixed: 'yellow',
  unproven: 'magenta',
}
const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })

/** A table (program, version, vulnerability, red; fixed version, green), then what is not as it should be, with its reason. */
export function inWords(
  rows: readonly CanaryRow[],
  run: Pick<Results['run'], 'durationMs' | 'notes'>,
  report: string,
): string {
  const heads = ['program', 'version', 'vulnerability', '', 'fixed', '']
  const lines = rows.map(({ planned: { proxy, canary }, old, fixed }) => [
    canary.gateway ?? proxy,
    canary.version,
    canary.hole,
    old.colour,
    canary.fixed,
    fixed.colour,
  ])
  const widths = heads.map((head, index) => Math.max(...[heads, ...lines].map((line) => (line[index] ?? head).length)))
  const padded = (line: readonly string[]) => line.map((text, index) => text.padEnd(widths[index] ?? 0))
  const painted = rows.map(({ old, fixed }, index) => {
    const [proxy = '', version = '', hole = '', before = '', then = '', after = ''] = padded(lines[index] ?? [])
    return [proxy, version, hole, paint(colours[old.colour], before), then, paint(colours[fixed.colour], after)]
  })
  const kept = rows.filter(holds).length
  const amiss = rows.filter((row) => !holds(row)).map(reasons)
  const seconds = (run.durationMs / 1000).toFixed(1)
  return [
    '',
    paint('bold', padded(heads).join('  ').trimEnd()),
    ...painted.map((line) => line.join('  ').trimEnd()),
    '',
    ...(amiss.length > 0 ? [...amiss, ''] : []),
    ...(run.notes ?? []),
    `${kept} of ${rows.length} known-vulnerable versions were detected, and not their fixed versions; ${seconds} s`,
    `Report: ${report}/index.html`,
  ].join('\n')
}

function reasons({ planned: { proxy, canary, old: oldId, fixed: fixedId }, old, fixed }: CanaryRow): string {
  const about = (wanted: string, id: string, { colour, reason, case: asked, transport }: Shown): [string, string][] =>
    colour === wanted
      ? []
      : [[`${id} should be ${wanted}, is ${colour}${asked === undefined ? '' : `: ${asked} ${transport}`}`, reason]]
  return [
    wrapped(
      `${canary.gateway ?? proxy} ${canary.version}, ${canary.hole} (${canary.source.file}:${canary.source.line})`,
    ),
    stacked([...about('red', oldId, old), ...about('green', fixedId, fixed)], 2),
  ].join('\n')
}
