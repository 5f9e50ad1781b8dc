/** `conformance ablate`: takes every unit of a configuration away, one at a time, and writes down which cells need it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { ablated } from '../judge/ablation.ts'
import { type AblatedUnit, type Ablation, isUnexplained, readAblation } from '../plan/ablation/ablation-file.ts'
import { expandPlan, type PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { gatewayId } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { counted, duration } from '../report/numbers.ts'
import type { Results } from '../run/results/results.ts'
import { environmentWithout, type PlacedUnit, unitsOfEnvironment } from './ablate-units.ts'
import { carryOut } from './carry-out.ts'
import { twoColumns, wrapped } from './columns.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { loadProject, root } from './project.ts'

export type AblateOptions = RunOptions & {
  /** Measure every unit, also those whose outcome is known for the same files, versions and cases. */
  readonly again: boolean
  /** Where the result goes; default: ablation.json beside the variant's files. */
  readonly file?: string
}

type Outcome = Pick<AblatedUnit, 'outcome' | 'red' | 'lost' | 'reason'>

/** Units of one run of the suite; what is known is written after each. */
const together = 16
/** Measured with four environments at a time on two cores (9 to 15, the more for a busy machine); said before anything is known of this configuration. */
const secondsEach = 10

/** @returns the exit code: 1 for a unit that nothing needs and nobody explains, 3 where a part was not measured. @throws UserError before anything is started */
export async function ablate(options: AblateOptions): Promise<number> {
  const { catalogue, names } = await loadProject(options.proxy, options)
  if (names.length === 0) throw new UserError('Name the proxy: conformance ablate --proxy nginx-oauth2-proxy.')
  const named = catalogue.proxies.filter(({ name }) => names.includes(name))
  // An operator's own has the variants that it has.
  const hardened = named.every(({ variants }) => variants.some(({ name }) => name === 'hardened')) ? ['hardened'] : []
  const variants = options.variant.length > 0 ? options.variant : hardened
  const gateway = options.gateway.length > 0 ? options.gateway : ['reference']
  const plan = expandPlan(
    { gateways: knownGateways, cases: catalogue.cases, proxies: catalogue.proxies.filter(({ embedded }) => !embedded) },
    {
      proxy: names,
      variant: variants,
      gateway,
      case: options.case,
      ...(options.proxyVersion && { proxyVersion: options.proxyVersion }),
    },
  )
  if (options.file !== undefined && plan.environments.length > 1)
    throw new UserError(
      `--file is for one variant in front of one gateway; the selection has ${plan.environments.length}.`,
    )
  await agreeToFolders(plan, catalogue.proxies, options)
  let exitCode = 0
  for (const environment of plan.environments) {
    const proxy = catalogue.proxies.find(({ name }) => name === environment.proxy)
    if (proxy === undefined) throw new Error(`${environment.id}: planned without a proxy`)
    exitCode = Math.max(exitCode, await ablateEnvironment(environment, proxy, options))
    if (exitCode === 130) break
  }
  return exitCode
}

async function ablateEnvironment(environment: PlannedEnvironment, proxy: LoadedProxy, options: AblateOptions) {
  const { units, left } = await unitsOfEnvironment(environment)
  // Nothing is written into a folder that is not this project's.
  const own = proxy.folder.startsWith(join(root, 'proxies', sep))
  const file = options.file ?? join(own ? environment.variant.folder : '.', 'ablation.json')
  const shown = relative(process.cwd(), file)
  const before = await readAblation(file)
  const known = new Map<string, Outcome>(options.again ? [] : before?.units.map((unit) => [unit.digest, unit]))
  const { index, count } = options.shard ?? { index: 1, count: 1 }
  const wanted = units.filter(({ digest }, at) => !known.has(digest) && at % count === index - 1)
  const files = new Set(units.map((unit) => unit.file)).size
  console.error(
    `${environment.id}: ${counted(units.length, 'unit')} in ${counted(files, 'file')}, ${wanted.length} to measure: about ${duration(wanted.length * secondsEach * 1000)}${left.length > 0 ? `; not made of lines: ${left.join(', ')}` : ''}`,
  )
  if (options.list) {
    for (const unit of units)
      print(`${unit.file}:${unit.from}${unit.to > unit.from ? `-${unit.to}` : ''}  ${unit.text}`)
    return 0
  }
  const folder = await mkdtemp(join(tmpdir(), 'conformance-ablate-'))
  let measured = 0
  let interrupted = false
  try {
    // The whole configuration runs beside the first units: what is red there says nothing of any unit.
    let whole: Results | undefined
    for (let start = 0; start < wanted.length && !interrupted; start += together) {
      const part = wanted.slice(start, start + together)
      const environments = await Promise.all(part.map((unit) => environmentWithout(environment, unit, proxy, folder)))
      const planned = whole === undefined ? [environment, ...environments] : environments
      const run = { ...options, out: join(folder, 'no-report'), quiet: true, list: false }
      const ended = new Set<string>()
      // Written as each ends: one that takes long costs the others nothing when the run is cut off.
      const settle = async (so: Results) => {
        if (whole === undefined && !ended.has(environment.id)) return
        const before = seen(whole ?? so, environment.id)
        for (const [at, { id }] of environments.entries()) {
          const unit = part[at]
          if (unit === undefined || !ended.has(id) || known.has(unit.digest)) continue
          const outcome = ablated(before, seen(so, id))
          if (outcome === undefined) continue
          known.set(unit.digest, outcome)
          measured += 1
        }
        await write(file, environment, units, known)
      }
      const results = await carryOut({ environments: planned }, run, {
        complete: false,
        statusesOnly: true,
        withoutEngine: () => [],
        async environmentDone(id, so) {
          ended.add(id)
          const soFar = so()
          // What failed to start with everything says nothing of any part; that is told when the run has ended.
          if (seen(whole ?? soFar, environment.id).status === 'ready') await settle(soFar)
        },
      })
      whole ??= results
      requireReady(whole, environment)
      for (const { id } of environments) ended.add(id)
      await settle(results)
      interrupted = results.run.interrupted
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const ablation = await write(file, environment, units, known)
  const missing = units.length - ablation.units.length
  if (options.json) printJson(ablation)
  else print(inWords(ablation, missing, shown))
  console.error(`${counted(measured, 'unit')} measured`)
  if (interrupted) return 130
  if (wanted.length > measured) return 3
  return ablation.units.some(isUnexplained) ? 1 : 0
}

/** @throws UserError where nothing can be compared */
function requireReady({ environments, run }: Results, { id }: PlannedEnvironment): void {
  const whole = environments.find((one) => one.id === id)
  if (whole?.status !== 'ready' && !run.interrupted)
    throw new UserError(
      `${id} did not start with its whole configuration: ${whole?.reason ?? 'the run ended before it'}`,
    )
}

const seen = ({ environments, cells }: Results, id: string) => {
  const environment = environments.find((one) => one.id === id)
  return {
    status: environment?.status ?? ('unavailable' as const),
    ...(environment?.reason !== undefined && { reason: environment.reason }),
    ...(environment?.remark !== undefined && { remark: environment.remark }),
    cells: cells.filter((cell) => cell.environment === id),
  }
}

/** Where it stands and why nobody needs it is said by the file as it is now; what happened is what was measured. */
function written(unit: PlacedUnit, known: Outcome | undefined): AblatedUnit | undefined {
  if (known === undefined) return undefined
  const { file, from, to, text, explanation, digest } = unit
  const { outcome, red, lost, reason } = known
  const said = explanation !== undefined && { explanation }
  return { file, from, to, text, outcome, red, lost, ...(reason !== undefined && { reason }), ...said, digest }
}

/** In the order of the files; units whose outcome is not known are not in it. */
async function write(
  file: string,
  { proxy, proxyVersion, variant, gateway }: PlannedEnvironment,
  units: readonly PlacedUnit[],
  known: ReadonlyMap<string, Outcome>,
): Promise<Ablation> {
  const ablation: Ablation = {
    schema: 1,
    proxy,
    proxyVersion,
    variant: variant.name,
    gateway: gatewayId(gateway),
    measuredAt: new Date().toISOString(),
    units: units.flatMap((unit) => written(unit, known.get(unit.digest)) ?? []),
  }
  await writeFile(file, `${JSON.stringify(ablation, null, 2)}\n`)
  return ablation
}

const ends: Readonly<Record<AblatedUnit['outcome'], (unit: AblatedUnit) => string>> = {
  red: ({ red }) => `${counted(red.length, 'cell')} red`,
  'does-not-start': () => 'does not start',
  ends: ({ reason = '' }) => `ends: ${reason}`,
  'does-not-answer': () => 'does not answer',
  'not-judged': ({ lost, reason = '' }) => `${counted(lost, 'cell')} not judged: ${reason}`,
  nothing: ({ explanation }) => (explanation === undefined ? 'NO CASE NEEDS IT' : `no case needs it: ${explanation}`),
}

function inWords({ units }: Ablation, missing: number, file: string): string {
  const rows = units.map((unit): [string, string] => [
    `${unit.file}:${unit.from}`,
    `${unit.text.slice(0, 60)} → ${ends[unit.outcome](unit)}`,
  ])
  const unexplained = units.filter(isUnexplained).length
  const count = (outcome: AblatedUnit['outcome']) => units.filter((unit) => unit.outcome === outcome).length
  return [
    twoColumns(rows),
    '',
    wrapped(
      `${counted(units.length, 'unit')}: ${count('red')} turn cells red, ${count('does-not-start')} are needed to start, ${count('ends')} to keep running, ${count('does-not-answer')} to answer, ${count('not-judged')} leave cells that cannot be judged, ${count('nothing')} change nothing, ${unexplained} of them unexplained.${missing > 0 ? ` ${missing} are not measured yet.` : ''}`,
    ),
    ...(unexplained > 0
      ? [wrapped('Remove what no case needs, write the case, or say why above it: "# No case needs this: REASON".')]
      : []),
    `Written to ${file}`,
  ].join('\n')
}
