/** `conformance ablate`: takes every unit of a configuration away, one at a time, and writes down which cells need it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { ablated, type Seen } from '../judge/ablation.ts'
import { added, unanswered } from '../judge/ablation-kept.ts'
import { isUnexplained, readAblation } from '../plan/ablation/ablation-file.ts'
import { type Questions, questionsOf } from '../plan/ablation/questions.ts'
import type { Case } from '../plan/case.ts'
import { expandCells, expandPlan, type PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { UserError } from '../plan/user-error.ts'
import { counted } from '../report/numbers.ts'
import type { Results } from '../run/results/results.ts'
import { knownUnits, writeKnown } from './ablate-known.ts'
import { environmentWithout, unitsOfEnvironment } from './ablate-units.ts'
import { type Asked, inNumbers, inWords } from './ablate-words.ts'
import { carryOut } from './carry-out.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { loadProject, root } from './project.ts'

export type AblateOptions = RunOptions & {
  /** Measure every unit with every case, also what is known for the same files, versions and cases. */
  readonly again: boolean
  /** Where the result goes; default: ablation.json beside the variant's files. */
  readonly file?: string
}

/** Units of one run of the suite; what is known is written after each. */
const together = 16

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
    exitCode = Math.max(exitCode, await ablateEnvironment(environment, proxy, catalogue.cases, options))
    if (exitCode === 130) break
  }
  return exitCode
}

async function ablateEnvironment(
  environment: PlannedEnvironment,
  proxy: LoadedProxy,
  cases: readonly Case[],
  options: AblateOptions,
) {
  const { units, left } = await unitsOfEnvironment(environment, proxy)
  // Nothing is written into a folder that is not this project's.
  const own = proxy.folder.startsWith(join(root, 'proxies', sep))
  const file = options.file ?? join(own ? environment.variant.folder : '.', 'ablation.json')
  const shown = relative(process.cwd(), file)
  const questions = await questionsOf(cases, root)
  const selected = environment.cells.flatMap((cell) => (cell.included === 'selected' ? [cell.case.id] : []))
  const wanted = only(questions, selected)
  const before = await readAblation(file)
  const known = new Map(before === undefined || options.again ? [] : knownUnits(before, questions))
  const { index, count } = options.shard ?? { index: 1, count: 1 }
  const toMeasure = units.flatMap((unit, at): Asked[] => {
    const asked = unanswered(known.get(unit.digest), wanted)
    return asked.length > 0 && at % count === index - 1 ? [{ unit, asked: new Set(asked) }] : []
  })
  const files = new Set(units.map((unit) => unit.file)).size
  console.error(
    `${environment.id}: ${counted(units.length, 'unit')} in ${counted(files, 'file')}, ${inNumbers(toMeasure, Object.keys(wanted).length)}${left.length > 0 ? `; left out: ${left.join(', ')}` : ''}`,
  )
  if (options.list) {
    for (const unit of units)
      print(`${unit.file}:${unit.from}${unit.to > unit.from ? `-${unit.to}` : ''}  ${unit.text}`)
    return 0
  }
  const asking = (asked: ReadonlySet<string>) =>
    expandCells(
      cases,
      cases.filter(({ id }) => asked.has(id)),
      undefined,
    )
  const folder = await mkdtemp(join(tmpdir(), 'conformance-ablate-'))
  const measured = new Set<string>()
  let interrupted = false
  try {
    // The whole configuration runs beside the first units: what is red there says nothing of any unit.
    const complete = { ...environment, cells: asking(new Set(toMeasure.flatMap(({ asked }) => [...asked]))) }
    let whole: Results | undefined
    for (let start = 0; start < toMeasure.length && !interrupted; start += together) {
      const part = toMeasure.slice(start, start + together)
      const environments = await Promise.all(
        part.map(({ unit, asked }) =>
          environmentWithout({ ...environment, cells: asking(asked) }, unit, proxy, folder),
        ),
      )
      const planned = whole === undefined ? [complete, ...environments] : environments
      const run = { ...options, out: join(folder, 'no-report'), quiet: true, list: false }
      const ended = new Set<string>()
      // Written as each ends: one that takes long costs the others nothing when the run is cut off.
      const settle = async (so: Results) => {
        if (whole === undefined && !ended.has(environment.id)) return
        for (const [at, { id }] of environments.entries()) {
          const one = part[at]
          if (one === undefined || !ended.has(id) || measured.has(one.unit.digest)) continue
          const earlier = known.get(one.unit.digest)
          // Controls that run with a few cases are known from before.
          const cells = earlier === undefined ? undefined : one.asked
          const outcome = ablated(seen(whole ?? so, environment.id, cells), seen(so, id, cells))
          if (outcome === undefined) continue
          known.set(one.unit.digest, added(earlier, outcome, only(questions, one.asked)))
          measured.add(one.unit.digest)
        }
        await writeKnown(file, environment, units, known, new Date())
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
  const newest = measured.size > 0 || before === undefined ? new Date() : new Date(before.measuredAt)
  const ablation = await writeKnown(file, environment, units, known, newest)
  const missing = units.filter(({ digest }) => unanswered(known.get(digest), wanted).length > 0).length
  if (options.json) printJson(ablation)
  else print(inWords(ablation, missing, shown))
  console.error(`${counted(measured.size, 'unit')} measured`)
  if (interrupted) return 130
  if (toMeasure.length > measured.size) return 3
  return ablation.units.some(isUnexplained) ? 1 : 0
}

const only = (questions: Questions, ids: Iterable<string>): Questions =>
  Object.fromEntries([...new Set(ids)].map((id) => [id, questions[id] ?? '']))

/** @throws UserError where nothing can be compared */
function requireReady({ environments, run }: Results, { id }: PlannedEnvironment): void {
  const whole = environments.find((one) => one.id === id)
  if (whole?.status !== 'ready' && !run.interrupted)
    throw new UserError(
      `${id} did not start with its whole configuration: ${whole?.reason ?? 'the run ended before it'}`,
    )
}

function seen({ environments, cells }: Results, id: string, cases?: ReadonlySet<string>): Seen {
  const environment = environments.find((one) => one.id === id)
  return {
    status: environment?.status ?? ('unavailable' as const),
    ...(environment?.reason !== undefined && { reason: environment.reason }),
    ...(environment?.remark !== undefined && { remark: environment.remark }),
    cells: cells.filter((cell) => cell.environment === id && (cases?.has(cell.case) ?? true)),
  }
}
