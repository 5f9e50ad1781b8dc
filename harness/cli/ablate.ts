/** `conformance ablate`: takes every unit of a configuration away, one at a time, and writes down which cells need it. */
import { join, relative, sep } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { added, unanswered } from '../judge/ablation-kept.ts'
import { isUnexplained, readAblation } from '../plan/ablation/ablation-file.ts'
import { type Questions, questionsOf } from '../plan/ablation/questions.ts'
import type { Case } from '../plan/case.ts'
import { expandPlan, type PlannedEnvironment } from '../plan/expand.ts'
import type { LoadedProxy } from '../plan/load-proxies.ts'
import { UserError } from '../plan/user-error.ts'
import { counted } from '../report/numbers.ts'
import { knownUnits, writeKnown } from './ablate-known.ts'
import { measureUnits } from './ablate-measure.ts'
import { unitsOfEnvironment } from './ablate-units.ts'
import { type Asked, inNumbers, inWords } from './ablate-words.ts'
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
    const earlier = known.get(unit.digest)
    const asked = unanswered(earlier, wanted)
    const isMissing = asked.length > 0 && at % count === index - 1
    return isMissing ? [{ unit, asked: new Set(asked), isNew: earlier === undefined }] : []
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
  const { measured, interrupted } = await measureUnits(
    toMeasure,
    { environment, proxy, cases, options },
    async (news) => {
      for (const { unit, asked, outcome } of news)
        known.set(unit.digest, added(known.get(unit.digest), outcome, only(questions, asked)))
      await writeKnown(file, environment, units, known, new Date())
    },
  )
  const newest = measured > 0 || before === undefined ? new Date() : new Date(before.measuredAt)
  const ablation = await writeKnown(file, environment, units, known, newest)
  const missing = units.filter(({ digest }) => unanswered(known.get(digest), wanted).length > 0).length
  if (options.json) printJson(ablation)
  else print(inWords(ablation, missing, shown))
  console.error(`${counted(measured, 'unit')} measured`)
  if (interrupted) return 130
  if (toMeasure.length > measured) return 3
  return ablation.units.some(isUnexplained) ? 1 : 0
}

const only = (questions: Questions, ids: Iterable<string>): Questions =>
  Object.fromEntries([...new Set(ids)].map((id) => [id, questions[id] ?? '']))
