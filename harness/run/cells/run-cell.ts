/** Runs and judges cells one after the other, and remembers each for those that rest on it. */
import { type JudgeContext, judge, judgeBefore, type Related } from '../../judge/judge.ts'
import type { Observation } from '../../judge/observation.ts'
import type { Judgement } from '../../judge/status.ts'
import type { Case } from '../../plan/case.ts'
import { type PlannedCell, type PlannedEnvironment, transportOf } from '../../plan/expand.ts'
import { gatewayId } from '../../plan/select.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { cellKey } from '../results/results.ts'
import type { Fencing } from './fence.ts'
import { observe } from './observe.ts'

export type JudgedCell = {
  readonly judgement: Judgement
  /** Absent where the cell was judged without being run. */
  readonly observation?: Observation
  /** How long it took, in milliseconds; among others its longest request. */
  readonly ms: number
}

export type CellRunner = {
  /** @param seen of the cell among others: counts where it is clean, and is asked for only where the cell runs at all */
  readonly run: (
    cell: PlannedCell,
    environment: RunningEnvironment,
    fencing?: Fencing,
    seen?: () => Promise<Observation | undefined>,
  ) => Promise<JudgedCell>
  /** Whether a cell would run, as far as can be said before its turn. */
  readonly runs: (cell: PlannedCell, environment: RunningEnvironment) => boolean
}

/** A runner for the cells of one environment, in their planned order: controls and dependencies come before what rests on them. */
export function cellRunner(planned: PlannedEnvironment): CellRunner {
  const judgements = new Map<string, Judgement>()
  /** Controls and dependencies as they came out, over the transport at which they count for this cell. */
  const related = (ids: readonly string[], { transport }: PlannedCell): Related[] =>
    ids.flatMap((id) => {
      const rests = planned.cells.find((other) => other.case.id === id)?.case
      if (rests === undefined) return []
      const judgement = judgements.get(cellKey({ case: id, transport: transportOf(rests, transport) }))
      return judgement === undefined ? [] : [{ ...judgement, case: id }]
    })
  const restsOf = (cell: PlannedCell) => ({
    controls: related(cell.case.controls, cell),
    depends: related(cell.case.depends, cell),
  })
  return {
    async run(cell, environment, fencing, seen) {
      const rests = restsOf(cell)
      const judged =
        (seen && (await judgeSeen(cell, planned, environment, rests, seen))) ??
        (await runAndJudge(cell, planned, environment, rests, fencing))
      judgements.set(cellKey({ case: cell.case.id, transport: cell.transport }), judged.judgement)
      return judged
    },
    runs: (cell, environment) => before(cell, planned, environment, restsOf(cell)) === undefined,
  }
}

type Rests = Pick<JudgeContext, 'controls' | 'depends'>

function before(
  { case: asked, transport }: PlannedCell,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  rests: Rests,
): Judgement | undefined {
  return judgeBefore(asked, transport, environment.recordings !== undefined, contextOf(planned, rests))
}

/** What was seen among others says that a requirement holds. That it does not, or that nothing can be said, only the cell by itself may say. */
async function judgeSeen(
  cell: PlannedCell,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  rests: Rests,
  seen: () => Promise<Observation | undefined>,
): Promise<JudgedCell | undefined> {
  if (before(cell, planned, environment, rests) !== undefined) return undefined
  const observation = await seen()
  if (observation === undefined) return undefined
  const judgement = judgeCell(cell, planned, observation, rests)
  const clean = judgement.met !== false && judgement.status !== 'harness-error' && judgement.blocked?.by !== 'fence'
  const ms = Math.max(...observation.attempts.map(({ exchange }) => exchange.ms))
  return clean ? { judgement, observation, ms } : undefined
}

/** One cell, with `rests` as what became of its controls and dependencies. */
export async function runAndJudge(
  cell: PlannedCell,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  rests: Rests,
  fencing: Fencing = 'always',
): Promise<JudgedCell> {
  const judgement = before(cell, planned, environment, rests)
  if (judgement !== undefined) return { judgement, ms: 0 }
  const since = performance.now()
  const observation = await observe(cell.case, cell.transport, planned, environment, fencing)
  const ms = performance.now() - since
  return { judgement: judgeCell(cell, planned, observation, rests), observation, ms }
}

/** What the judge says of an observation, with `rests` as what became of the cell's controls and dependencies. */
export function judgeCell(
  { case: asked, transport }: PlannedCell,
  planned: PlannedEnvironment,
  observation: Observation,
  rests: Rests,
): Judgement {
  return judge(asked, transport, observation, contextOf(planned, rests))
}

/** For a case judged by itself: its controls and dependencies count as green. */
export function aloneContext({ controls, depends }: Case, planned: PlannedEnvironment): JudgeContext {
  const green = (id: string): Related => ({ case: id, status: 'pass', met: true })
  return contextOf(planned, { controls: controls.map(green), depends: depends.map(green) })
}

function contextOf(planned: PlannedEnvironment, rests: Rests): JudgeContext {
  return {
    identity: planned.variant.identity,
    features: [...planned.variant.features, ...planned.gatewayFeatures],
    ...rests,
    knownFailures: planned.knownFailures,
    place: {
      proxy: planned.proxy,
      proxyVersion: planned.proxyVersion,
      variant: planned.variant.name,
      gateway: gatewayId(planned.gateway),
    },
  }
}
