/** One environment as vitest sees it: standing up is its first test, then every cell is one. Vitest runs several of these at a time. */
import { afterAll, describe, inject, it } from 'vitest'
import { judge, judgeBefore, type JudgeContext, type Related } from '../judge/judge.ts'
import { type Judgement, isRed } from '../judge/status.ts'
import { type PlannedCell, transportOf } from '../plan/expand.ts'
import { gatewayId } from '../plan/select.ts'
import { observe } from './cell.ts'
import type { RunEvent } from './events.ts'
import { evidenceOf } from './evidence.ts'
import { environmentRow } from './collect.ts'
import { cellKey, evidenceAddress } from './results.ts'
import { replayCommand } from './replay-command.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { type StandUp, standUp } from './stand-up.ts'

declare module 'vitest' {
  interface ProvidedContext {
    standUp: StandUp
  }
  interface TaskMeta {
    event?: RunEvent
  }
}

/** Standing up covers container starts and log-ins; each of those has a nearer deadline of its own. */
const standUpDeadline = 240_000
const cellDeadline = 60_000
/** Lines of each log that go with a cell that does not hold. */
const noLogs = { proxy: [], gateway: [] }

const order = inject('standUp')
const { environment: planned } = order
const features = [...planned.variant.features, ...planned.gatewayFeatures]
const judgements = new Map<string, Judgement>()

/** Twins and dependencies as they came out, over the transport at which they count for this cell. */
function related(ids: readonly string[], { transport }: PlannedCell): Related[] {
  return ids.flatMap((id) => {
    const rests = planned.cells.find((other) => other.case.id === id)?.case
    if (rests === undefined) return []
    const judgement = judgements.get(cellKey({ case: id, transport: transportOf(rests, transport) }))
    return judgement === undefined ? [] : [{ ...judgement, case: id }]
  })
}

function contextOf(cell: PlannedCell): JudgeContext {
  return {
    identity: planned.variant.identity,
    features,
    twins: related(cell.case.twins, cell),
    depends: related(cell.case.depends, cell),
    knownFailures: planned.knownFailures,
    place: {
      proxy: planned.proxy,
      proxyVersion: planned.proxyVersion,
      variant: planned.variant.name,
      gateway: gatewayId(planned.gateway),
    },
  }
}

async function runCell(cell: PlannedCell, environment: RunningEnvironment): Promise<RunEvent & { type: 'cell' }> {
  const since = performance.now()
  const { case: asked, transport } = cell
  const context = contextOf(cell)
  const before = judgeBefore(asked, transport, environment.recordings !== undefined, context)
  const observation = before === undefined ? await observe(asked, transport, planned, environment) : undefined
  const judgement = before ?? judge(asked, transport, observation, context)
  const ms = Math.round((performance.now() - since) * 100) / 100
  const place = { environment: planned.id, case: asked.id, transport }
  judgements.set(cellKey(place), judgement)
  const { status, reason, met, blocked, known } = judgement
  const holds = status === 'pass' || status === 'info'
  return {
    type: 'cell',
    cell: {
      ...place,
      level: asked.level,
      status,
      reason,
      ms,
      evidence: evidenceAddress(place),
      ...(met !== undefined && { met }),
      ...(blocked !== undefined && { blocked }),
      ...(known !== undefined && { known }),
    },
    ...(observation !== undefined && {
      evidence: evidenceOf(asked, transport, observation, {
        environment: planned.id,
        log: holds ? noLogs : await environment.logs(),
        replay: replayCommand(planned, cell),
        secrets: environment.secrets,
        identity: planned.variant.identity,
      }),
    }),
  }
}

describe(planned.id, () => {
  let environment: RunningEnvironment | undefined
  afterAll(async () => {
    if (!order.keep) await environment?.[Symbol.asyncDispose]()
  }, cellDeadline)

  it('stands up', { timeout: standUpDeadline }, async ({ task }) => {
    try {
      environment = await standUp(order)
      task.meta.event = { type: 'environment', environment: environment.result }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      task.meta.event = { type: 'environment', environment: environmentRow(planned, { status: 'failed', reason }) }
      throw error
    }
  })

  for (const cell of planned.cells) {
    it(cellKey({ case: cell.case.id, transport: cell.transport }), { timeout: cellDeadline }, async ({ task, skip }) => {
      if (environment === undefined) return skip('the environment did not stand up')
      const event = await runCell(cell, environment)
      task.meta.event = event
      const { status, reason } = event.cell
      if (isRed(status) || status === 'harness-error') throw new Error(reason)
    })
  }
})
