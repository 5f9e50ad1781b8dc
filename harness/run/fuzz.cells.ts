/** A property run in one environment as vitest sees it: standing up is its first test, drawing requests its second. */
import { afterAll, describe, inject, it } from 'vitest'
import { settle } from './cell.ts'
import { environmentRow } from './collect.ts'
import type { RunEvent } from './events.ts'
import type { FuzzOrder } from './fuzz.ts'
import { fuzz } from './fuzz.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { standUp } from './stand-up.ts'

declare module 'vitest' {
  interface ProvidedContext {
    fuzz: FuzzOrder | undefined
  }
}

const standUpDeadline = 240_000
/** Beyond the order's own limit: the request at hand, and its fence. */
const grace = 60_000

const order = inject('standUp')
const wanted = inject('fuzz')
const { environment: planned } = order

describe(planned.id, () => {
  let environment: RunningEnvironment | undefined
  afterAll(async () => {
    if (!order.keep) await environment?.[Symbol.asyncDispose]()
  }, grace)

  it('stands up', { timeout: standUpDeadline }, async ({ task }) => {
    try {
      environment = await standUp(order)
      await settle(planned, environment)
      task.meta.event = { type: 'environment', environment: environment.result }
    } catch (error) {
      task.meta.event = {
        type: 'environment',
        environment: environmentRow(planned, { status: 'failed', reason: messageOf(error) }),
      }
      throw error
    }
  })

  it('holds the property', { timeout: (wanted?.limitMs ?? 0) + grace }, async ({ task, skip, signal }) => {
    if (environment === undefined || wanted === undefined) return skip('the environment did not stand up')
    const about = { type: 'fuzzed', environment: planned.id } as const
    task.meta.event = await fuzz(planned, environment, wanted, { signal }).then(
      (result): RunEvent => ({ ...about, result }),
      (error: unknown): RunEvent => ({ ...about, reason: messageOf(error) }),
    )
  })
})

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
