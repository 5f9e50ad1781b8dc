/** A part of the catalogue, on the correct pair and then on every mutant that could change it. */
import type { GatewayMutant } from '../../gateways/reference/mutants.ts'
import type { Observation } from '../../judge/observation.ts'
import { isGreen, type Judgement, type Status } from '../../judge/status.ts'
import type { Case, Transport } from '../../plan/case.ts'
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import type { Mutant } from '../../reference-proxy/mutants.ts'
import { inProcessLimits } from '../cells/context.ts'
import { CellRunner, greenRelated, judgeCell, runAndJudge } from '../cells/run-cell.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { type Change, changeByGateway, changeByProxy, type Seen } from './skip.ts'
import { Tracing } from './trace.ts'

export type AnyMutant = { readonly proxy: Mutant } | { readonly gateway: GatewayMutant }

export const nameOf = (mutant: AnyMutant) => ('proxy' in mutant ? mutant.proxy.name : mutant.gateway.name)

/** How one cell came out, on the correct pair or on a mutant. */
export type MutationCell = {
  readonly case: string
  readonly transport: Transport
  readonly status: Status
  readonly reason: string
  /** `red`: its expectation was seen not to hold. `undecided`: nothing could be seen. */
  readonly outcome: 'red' | 'green' | 'undecided'
}

export type ShardResult = {
  readonly correct: readonly MutationCell[]
  /** By mutant: the cells that it could change. All others come out as on the correct pair. */
  readonly mutants: Readonly<Record<string, readonly MutationCell[]>>
  /** Requests that were sent on mutants, and cells that needed none because nothing could change. */
  readonly cells: { readonly run: number; readonly same: number }
}

export type ShardOptions = {
  /** Labs that work at the same time: some cells wait, and others can use that time. */
  readonly lanes: number
  /** `everywhere` skips nothing: slow, and the proof that what is skipped cannot change. */
  readonly again: 'where-it-may-turn-red' | 'everywhere'
}

/** @throws when a lab does not start */
export async function runShard(
  environments: readonly PlannedEnvironment[],
  mutants: readonly AnyMutant[],
  options: ShardOptions,
): Promise<ShardResult> {
  const results: ShardResult[] = []
  for (const planned of environments) {
    if (planned.cells.length > 0) results.push(await runPlace(planned, mutants, options))
  }
  return merged(results)
}

type Work = { readonly mutant: AnyMutant; readonly cells: readonly PlannedCell[] }

async function runPlace(
  planned: PlannedEnvironment,
  mutants: readonly AnyMutant[],
  { lanes, again }: ShardOptions,
): Promise<ShardResult> {
  await using stack = new AsyncDisposableStack()
  const stand = async () => forMutants(stack.use(await startEmbedded(planned)))
  const first = await stand()
  const { cells, work } = await runCorrect(planned, first, mutants, again)
  const queue = work.toSorted((one, other) => other.cells.length - one.cells.length)
  const found: Record<string, MutationCell[]> = {}
  const lane = async (lab: EmbeddedLab) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      found[nameOf(next.mutant)] = await runMutant(planned, lab, next)
    }
  }
  const run = work.reduce((sum, one) => sum + one.cells.length, 0)
  // A lab must be worth its log-ins.
  const others = Math.min(lanes, Math.ceil(run / 200)) - 1
  await Promise.all([lane(first), ...Array.from({ length: Math.max(others, 0) }, async () => lane(await stand()))])
  return { correct: cells, mutants: found, cells: { run, same: mutants.length * planned.cells.length - run } }
}

/** A mutant may open a port. One that opens none, because it does not run, is asked at the usual ones all the same. */
export function forMutants(lab: EmbeddedLab): EmbeddedLab {
  const usual = lab.listeners
  const listeners = () => [...usual, ...lab.listeners.filter(({ port }) => usual.every((one) => one.port !== port))]
  return Object.defineProperty({ ...lab, limits: inProcessLimits }, 'listeners', { get: listeners })
}

/** Every cell on the correct pair, and what each mutant could change. */
async function runCorrect(
  planned: PlannedEnvironment,
  lab: EmbeddedLab,
  mutants: readonly AnyMutant[],
  again: ShardOptions['again'],
): Promise<{ cells: MutationCell[]; work: Work[] }> {
  const tracing = new Tracing()
  await lab.replaceProxy(tracing.behaviour)
  await lab.replaceGateway(tracing.policy)
  const runner = new CellRunner({ planned, environment: lab, fencing: 'always' }, 'alone')
  const cells: MutationCell[] = []
  const work = mutants.map((mutant) => ({ mutant, cells: [] as PlannedCell[] }))
  for (const cell of planned.cells) {
    const { case: asked, transport } = cell
    const { judgement, observation } = await runner.run(cell)
    const trace = tracing.take(observation?.fence.needed === true ? 'fence' : 'no fence', lab.sessionStore)
    if (cell.included !== 'selected') continue
    cells.push(outcomeOf(cell, judgement))
    if (observation === undefined) continue
    const holds = (other: Observation) => isGreen(judgeCell(cell, planned, other, greenRelated(asked)))
    const seen: Seen = { asked, transport, trace, observation, holds, policy: lab.policy }
    for (const { mutant, cells: own } of work) {
      if (again === 'everywhere' || changeBy(mutant, seen, lab) === 'run') own.push(cell)
    }
  }
  return { cells, work: work.filter((one) => one.cells.length > 0) }
}

function changeBy(mutant: AnyMutant, seen: Seen, lab: EmbeddedLab): Change {
  const named = seen.asked.caughtBy.includes(nameOf(mutant))
  // What shows only in a sequence of requests is not in the trace of one cell.
  if ('proxy' in mutant && mutant.proxy.runs === 'named-cases') return named ? 'run' : 'same'
  // A step takes as long as dozens of other cells: it is run on the mutants that it names, and where nothing gets through.
  if (seen.asked.step !== undefined && !named && !('proxy' in mutant && mutant.proxy.scope === 'total')) return 'same'
  return 'proxy' in mutant
    ? changeByProxy(seen, mutant.proxy.behaviour)
    : changeByGateway(seen, mutant.gateway.policy(lab.policy, lab.addresses.gateway))
}

async function runMutant(
  planned: PlannedEnvironment,
  lab: EmbeddedLab,
  { mutant, cells }: Work,
): Promise<MutationCell[]> {
  const found: MutationCell[] = []
  await lab.replaceProxy('proxy' in mutant ? mutant.proxy.behaviour : correct)
  await lab.replaceGateway('gateway' in mutant ? mutant.gateway.policy : (policy) => policy)
  for (const cell of cells) {
    // One transport is enough to catch it.
    const caught = found.some((one) => one.case === cell.case.id && one.outcome === 'red')
    if (!caught) found.push(await firstRed(planned, lab, cell))
  }
  return found
}

/** Request by request, until one is red: a case is what each of its requests demands. */
async function firstRed(planned: PlannedEnvironment, lab: EmbeddedLab, cell: PlannedCell): Promise<MutationCell> {
  let last: MutationCell | undefined
  for (const send of cell.case.send) {
    const outcome = outcomeOf(cell, await runAlone(planned, lab, cell, { ...cell.case, send: [send] }))
    if (outcome.outcome === 'red') return outcome
    if (last?.outcome !== 'undecided') last = outcome
  }
  if (last === undefined) throw new Error(`${cell.case.id} sends nothing`)
  return last
}

/** Judged by itself: its controls and dependencies count as green, else a mutant that breaks them would hide whether the case can see it. */
async function runAlone(
  planned: PlannedEnvironment,
  lab: EmbeddedLab,
  { transport, included }: PlannedCell,
  asked: Case,
): Promise<Judgement> {
  const cell = { case: asked, transport, included }
  return (await runAndJudge(cell, { planned, environment: lab, fencing: 'never' }, greenRelated(asked))).judgement
}

export function outcomeOf({ case: { id }, transport }: PlannedCell, judgement: Judgement): MutationCell {
  const { status, reason, met } = judgement
  const outcome = met === false ? 'red' : isGreen(judgement) ? 'green' : 'undecided'
  return { case: id, transport, status, reason, outcome }
}

export function merged(results: readonly ShardResult[]): ShardResult {
  const mutants: Record<string, MutationCell[]> = {}
  for (const result of results) {
    for (const [name, cells] of Object.entries(result.mutants)) mutants[name] = [...(mutants[name] ?? []), ...cells]
  }
  const sum = (key: 'run' | 'same') => results.reduce((total, { cells }) => total + cells[key], 0)
  return { correct: results.flatMap((one) => one.correct), mutants, cells: { run: sum('run'), same: sum('same') } }
}
