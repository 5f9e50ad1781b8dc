/** One environment as vitest sees it: it stands up once, then every cell is a test. Vitest runs several of these at a time. */
import { afterAll, beforeAll, describe, inject, it } from 'vitest'
import { judge, judgeBefore, type Related } from '../judge/judge.ts'
import type { Judgement } from '../judge/status.ts'
import type { PlannedCell } from '../plan/expand.ts'
import { transportOf } from '../plan/expand.ts'
import { observe } from './cell.ts'
import { evidenceOf } from './evidence.ts'
import type { RunEvent } from './events.ts'
import type { Cell } from './results.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { standUp } from './stand-up.ts'

declare module 'vitest' {
  interface ProvidedContext {
    standUp: Parameters<typeof standUp>[0]
  }
  interface TaskMeta {
    event?: RunEvent
  }
}

const setUp = inject('standUp')
const { environment: planned } = setUp
const features = [...planned.variant.features, ...planned.gatewayFeatures]
const judgements = new Map<string, Judgement>()
const key = (id: string, transport: string) => `${id}.${transport}`

/** Twins and dependencies as they came out, over the transport at which they count for this cell. */
function related(ids: readonly string[], cell: PlannedCell): Related[] {
  return ids.flatMap((id) => {
    const rests = planned.cells.find((other) => other.case.id === id)
    if (rests === undefined) return []
    const judgement = judgements.get(key(id, transportOf(rests.case, cell.transport)))
    return judgement === undefined ? [] : [{ ...judgement, case: id }]
  })
}

describe(planned.id, () => {
  let environment: RunningEnvironment | undefined
  beforeAll(async () => {
    environment = await standUp(setUp)
  }, 180_000)
  afterAll(async () => {
    await environment?.[Symbol.asyncDispose]()
  }, 60_000)

  for (const cell of planned.cells) {
    it(key(cell.case.id, cell.transport), { timeout: 60_000 }, async ({ task }) => {
      if (environment === undefined) throw new Error('the environment is not standing')
      const since = performance.now()
      const { case: asked, transport } = cell
      const context = {
        identity: planned.variant.identity,
        features,
        twins: related(asked.twins, cell),
        depends: related(asked.depends, cell),
        knownFailures: planned.knownFailures,
        place: {
          variant: planned.variant.name,
          proxyVersion: planned.proxyVersion,
          gateway: planned.gateway,
        },
      }
      const recordable = environment.recordings !== undefined
      const before = judgeBefore(asked, transport, recordable, context)
      const observation = before === undefined ? await observe(asked, transport, planned, environment) : undefined
      const judgement = before ?? judge(asked, transport, observation, context)
      judgements.set(key(asked.id, transport), judgement)
      const result: Cell = {
        environment: planned.id,
        case: asked.id,
        transport,
        level: asked.level,
        status: judgement.status,
        reason: judgement.reason,
        ms: Math.round((performance.now() - since) * 100) / 100,
      }
      const evidence = await evidenceOf(cell, planned, observation, judgement, environment)
      task.meta.event = { type: 'cell', cell: result, evidence }
      if (judgement.status === 'fail' || judgement.status === 'unexpected-pass' || judgement.status === 'harness-error')
        throw new Error(judgement.reason)
    })
  }
})
