/** Runs and judges cells one after the other, and remembers each for those that rest on it. */
import { type JudgeContext, judge, judgeBefore, type Related } from '../judge/judge.ts'
import type { Observation } from '../judge/observation.ts'
import type { Judgement } from '../judge/status.ts'
import type { Case } from '../plan/case.ts'
import { type PlannedCell, type PlannedEnvironment, transportOf } from '../plan/expand.ts'
import { gatewayId } from '../plan/select.ts'
import { observe } from './cell.ts'
import type { Fencing } from './fence.ts'
import { cellKey } from './results.ts'
import type { RunningEnvironment } from './running-environment.ts'

export type JudgedCell = {
  readonly judgement: Judgement
  /** Absent where the cell was judged without being run. */
  readonly observation?: Observation
}

export type CellRunner = (cell: PlannedCell, environment: RunningEnvironment, fencing?: Fencing) => Promise<JudgedCell>

/** A runner for the cells of one environment, in their planned order: twins and dependencies come before what rests on them. */
export function cellRunner(planned: PlannedEnvironment): CellRunner {
  const judgements = new Map<string, Judgement>()
  /** Twins and dependencies as they came out, over the transport at which they count for this cell. */
  const related = (ids: readonly string[], { transport }: PlannedCell): Related[] =>
    ids.flatMap((id) => {
      const rests = planned.cells.find((other) => other.case.id === id)?.case
      if (rests === undefined) return []
      const judgement = judgements.get(cellKey({ case: id, transport: transportOf(rests, transport) }))
      return judgement === undefined ? [] : [{ ...judgement, case: id }]
    })
  return async (cell, environment, fencing) => {
    const { case: asked, transport } = cell
    const rests = { twins: related(asked.twins, cell), depends: related(asked.depends, cell) }
    const judged = await runAndJudge(cell, planned, environment, rests, fencing)
    judgements.set(cellKey({ case: asked.id, transport }), judged.judgement)
    return judged
  }
}

/** One cell, with `rests` as what became of its twins and dependencies. */
export async function runAndJudge(
  { case: asked, transport }: PlannedCell,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  rests: Pick<JudgeContext, 'twins' | 'depends'>,
  fencing: Fencing = 'always',
): Promise<JudgedCell> {
  const context = contextOf(planned, rests)
  const before = judgeBefore(asked, transport, environment.recordings !== undefined, context)
  if (before !== undefined) return { judgement: before }
  const observation = await observe(asked, transport, planned, environment, fencing)
  return { judgement: judge(asked, transport, observation, context), observation }
}

/** What the judge says of an observation, with `rests` as what became of the cell's twins and dependencies. */
export function judgeCell(
  { case: asked, transport }: PlannedCell,
  planned: PlannedEnvironment,
  observation: Observation,
  rests: Pick<JudgeContext, 'twins' | 'depends'>,
): Judgement {
  return judge(asked, transport, observation, contextOf(planned, rests))
}

/** For a case judged by itself: its twins and dependencies count as green. */
export function aloneContext({ twins, depends }: Case, planned: PlannedEnvironment): JudgeContext {
  const green = (id: string): Related => ({ case: id, status: 'pass', met: true })
  return contextOf(planned, { twins: twins.map(green), depends: depends.map(green) })
}

function contextOf(planned: PlannedEnvironment, rests: Pick<JudgeContext, 'twins' | 'depends'>): JudgeContext {
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
