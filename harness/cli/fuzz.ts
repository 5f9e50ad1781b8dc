/** `conformance fuzz`: random requests from a seed; a request that violates the property is shrunk and printed as a scenario. */
import { knownGateways } from '../gateways/known-gateways.ts'
import { expandPlan, type Plan, type PlannedEnvironment } from '../plan/expand.ts'
import { counted } from '../report/numbers.ts'
import { quoted } from '../report/visible.ts'
import { startEmbedded } from '../run/environments/embedded.ts'
import { fuzzCase, scenarioText } from '../run/fuzz/case.ts'
import { fuzz } from '../run/fuzz/fuzz.ts'
import { provenMutants } from '../run/fuzz/mutants.ts'
import type { CounterExample, FuzzOrder, FuzzResult } from '../run/protocol/fuzz.ts'
import { agreeToFolders } from './first-run.ts'
import type { RunOptions } from './options.ts'
import { print, printJson } from './print.ts'
import { type TerminalProgress, terminalProgress } from './progress.ts'
import { loadProject } from './project.ts'

type FuzzOptions = RunOptions & {
  readonly runs: number
  /** Seconds for each environment. */
  readonly limit: number
}

/** One environment: what was found in it, or why it could not be tested. */
type Row = {
  readonly environment: string
  readonly proxy: string
  readonly variant: string
  readonly result?: FuzzResult
  readonly reason?: string
}

/** @returns the exit code: 1 for a counter-example at level must, 3 where an environment could not be tested. @throws UserError before anything is started */
export async function fuzzCommand(options: FuzzOptions): Promise<number> {
  const { catalogue, names } = await loadProject(options.proxy)
  const embedded = catalogue.proxies.filter((proxy) => proxy.embedded)
  const sources = { gateways: knownGateways, cases: catalogue.cases }
  // The cells are not run; only the environments are needed.
  const selection = { gateway: ['reference'], case: ['identity.arrival.reaches-gateway'] }
  const reference = expandPlan({ ...sources, proxies: embedded }, selection).environments[0]
  if (reference === undefined) throw new Error('there is no reference proxy')
  const { proxyVersion } = options
  const plan =
    names.length === 0 && options.variant.length === 0
      ? { environments: [reference] }
      : expandPlan(
          {
            ...sources,
            proxies: catalogue.proxies.filter((proxy) => !proxy.embedded || names.includes(proxy.name)),
          },
          { ...selection, proxy: names, variant: options.variant, ...(proxyVersion !== undefined && { proxyVersion }) },
        )
  await agreeToFolders(plan, catalogue.proxies, options)
  const order: FuzzOrder = { seed: options.seed, runs: options.runs, limitMs: options.limit * 1000 }

  using progress = terminalProgress()
  progress.note(
    `Seed ${order.seed}, up to ${order.runs} random requests in each of ${counted(plan.environments.length, 'environment')}: ${plan.environments.map(({ id }) => id).join(', ')}`,
  )
  // What containers take is loaded after the first line is out.
  const { interruptible } = await import('./interruption.ts')
  using interruption = interruptible(progress)
  const inProcess = plan.environments.filter((environment) => environment.embedded)
  const rows: Row[] = []
  for (const environment of inProcess) rows.push(await fuzzEmbedded(environment, order, progress, interruption.signal))
  if (inProcess.length < plan.environments.length)
    rows.push(...(await fuzzContainers(plan, order, options, progress, interruption.signal)))

  const found = await Promise.all(rows.map(async (row) => ({ row, scenario: await scenarioOf(row, order, reference) })))
  if (options.json)
    printJson({ schema: 1, seed: order.seed, environments: found.map(({ row, scenario }) => ({ ...row, scenario })) })
  else for (const { row, scenario } of found) print(inWords(row, scenario, order))
  if (interruption.signal.aborted) return 130
  if (rows.some(({ result }) => result === undefined)) return 3
  return rows.some(({ result }) => result?.counterExamples.some(({ level }) => level === 'must')) ? 1 : 0
}

async function fuzzEmbedded(
  environment: PlannedEnvironment,
  order: FuzzOrder,
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<Row> {
  const about = { environment: environment.id, proxy: environment.proxy, variant: environment.variant.name }
  try {
    await using lab = await startEmbedded(environment)
    const tell = (done: number) => progress.status(`${done} of ${order.runs} requests · ${environment.id}`)
    return { ...about, result: await fuzz(environment, lab, order, { progress: tell, signal }) }
  } catch (error) {
    return { ...about, reason: error instanceof Error ? error.message : String(error) }
  } finally {
    progress.status('')
  }
}

/** In the run's own process, all environments as a run would have them. */
async function fuzzContainers(
  { environments }: Plan,
  order: FuzzOrder,
  options: FuzzOptions,
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<Row[]> {
  const { createRunFolder } = await import('../run/run-folder.ts')
  const { chooseEngine, prepare } = await import('./prepare.ts')
  const { spawnRun } = await import('../run/spawn-run.ts')
  const real = environments.filter((environment) => !environment.embedded)
  const choice = await chooseEngine({ environments: real }, options, progress)
  await using own = await createRunFolder({ keep: false })
  const rows = new Map<string, Pick<Row, 'result' | 'reason'>>()
  const prepared = await prepare(real, choice, options, progress)
  for (const { id, reason = 'unavailable' } of prepared.missing) rows.set(id, { reason })
  if (prepared.environments.length > 0) {
    const end = await spawnRun(
      {
        runId: own.runId,
        folder: own.folder,
        environments: prepared.environments,
        engine: choice.engine,
        jobs: options.jobs,
        keep: false,
        fuzz: order,
      },
      choice.prefix,
      (event) => {
        if (event.type === 'starting') progress.note(`${event.id} starts`)
        if (event.type === 'environment' && event.environment.status !== 'ready')
          rows.set(event.environment.id, { reason: event.environment.reason ?? 'it did not start' })
        if (event.type === 'fuzzed') rows.set(event.environment, event)
        if (event.type === 'failure') progress.note(event.message)
      },
      signal,
    )
    if (end.kind === 'died') progress.note(`The run's process ended early: ${end.detail}`)
  }
  return real.map(({ id, proxy, variant }): Row => {
    const { result, reason = 'the run ended before it was tested' } = rows.get(id) ?? {}
    const about = { environment: id, proxy, variant: variant.name }
    return result === undefined ? { ...about, reason } : { ...about, result }
  })
}

const topicOf = ({ seed }: FuzzOrder) => `fuzz-seed-${seed}`

/** The file to keep. Its mutants are the broken reference proxies that were seen to fail it. */
async function scenarioOf(
  { result, environment }: Row,
  order: FuzzOrder,
  reference: PlannedEnvironment,
): Promise<string | undefined> {
  if (result === undefined || result.counterExamples.length === 0) return undefined
  await using lab = await startEmbedded(reference)
  const cases = []
  for (const { request, level } of result.counterExamples) {
    const asked = fuzzCase(request, topicOf(order), level)
    cases.push({ ...asked, caughtBy: await provenMutants(asked, reference, lab) })
  }
  return scenarioText(cases, `seed ${order.seed} on ${environment}`)
}

function inWords({ environment, proxy, variant, result, reason }: Row, scenario: string | undefined, order: FuzzOrder) {
  if (result === undefined) return `✘ ${environment} could not be tested: ${quoted(reason ?? 'no reason is known')}`
  const { runs, undecided, interrupted, counterExamples, ms } = result
  const seconds = `${(ms / 1000).toFixed(1)} s`
  const without = undecided > 0 ? ` (${undecided} without a result)` : ''
  const short = interrupted ? `, stopped before all ${order.runs} were sent` : ''
  if (scenario === undefined)
    return `✔ ${environment}: ${counted(runs, 'random request')}, no violation${without}${short}, ${seconds}`
  const file = `scenarios/spoofing/${topicOf(order)}.yaml`
  return [
    ...counterExamples.map((one) => exampleLine(environment, one)),
    `  ${counted(runs, 'random request')}${without}${short}, ${seconds}. As a scenario, for ${file}:`,
    '',
    scenario,
    `Run it: pnpm conformance --proxy ${proxy} --variant ${variant} --case spoofing.${topicOf(order)}`,
  ].join('\n')
}

function exampleLine(environment: string, { level, reason, at, shrinks }: CounterExample): string {
  return `${level === 'must' ? '✘' : '!'} ${environment}, ${level}, request ${at}, shrunk in ${counted(shrinks, 'step')}: ${quoted(reason)}`
}
