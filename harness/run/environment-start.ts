/** Standing up as a test of its own: a failed start is one red row, and not one for each cell. */
import { afterAll, it } from 'vitest'
import { settle } from './cells/fence.ts'
import type { StandUp } from './environments/order.ts'
import type { RealGateway } from './environments/real-gateway.ts'
import type { RunningEnvironment } from './environments/running-environment.ts'
import { standUp } from './environments/start-environment.ts'
import type { RunEvent } from './protocol/events.ts'
import { environmentRow } from './results/environment-row.ts'
import { redactKnown } from './results/redact.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A chain: in one thread, and all before the same gateway program where there is one. */
    standUps: readonly StandUp[]
  }
  interface TaskMeta {
    event?: RunEvent
  }
}

/** Covers container starts and log-ins; each of those has a nearer deadline of its own. */
const standUpDeadline = 240_000
const takeDownDeadline = 60_000

/** The program that serves all of a chain, taken down after the last of them; nothing where each has a reference gateway of its own. */
export async function lentGateway(orders: readonly StandUp[]): Promise<RealGateway | undefined> {
  const [first] = orders
  if (first === undefined || 'profile' in first.environment.gateway) return undefined
  const { RealGateway } = await import('./environments/real-gateway.ts')
  const gateway = new RealGateway(first)
  afterAll(() => gateway[Symbol.asyncDispose](), takeDownDeadline)
  return gateway
}

/** The first test of an environment. @returns the environment, once it stands */
export function standing(order: StandUp, lent: RealGateway | undefined): () => RunningEnvironment | undefined {
  const { environment: planned } = order
  let environment: RunningEnvironment | undefined
  afterAll(async () => {
    if (!order.keep) await environment?.[Symbol.asyncDispose]()
  }, takeDownDeadline)

  it('stands up', { timeout: standUpDeadline, concurrent: false }, async ({ task }) => {
    try {
      environment = await standUp(order, lent)
      await settle(environment)
      task.meta.event = { type: 'environment', environment: environment.result }
    } catch (error) {
      const reason = redactKnown(inOneSentence(error))
      task.meta.event = { type: 'environment', environment: environmentRow(planned, { status: 'failed', reason }) }
      throw error
    }
  })
  return () => environment
}

/** What failed first, not what the clean-up then stumbled over. */
export function inOneSentence(error: unknown): string {
  if (error instanceof SuppressedError) return inOneSentence(error.suppressed)
  return error instanceof Error ? error.message : String(error)
}
