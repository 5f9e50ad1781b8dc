/** The start of an environment is a test of its own: a failed start is one red row, and not one for each cell. */
import { afterAll, it } from 'vitest'
import { refusedRow } from '../environments/configuration-row.ts'
import { GatewayRefusal } from '../environments/gateway-refusal.ts'
import type { StartOrder } from '../environments/order.ts'
import type { RealGateway } from '../environments/real-gateway.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { startEnvironment } from '../environments/start-environment.ts'
import type { RunEvent } from '../protocol/events.ts'
import { redactEvent } from '../protocol/redact-event.ts'
import { environmentRow } from '../results/environment-row.ts'
import { redactKnown } from '../results/redact.ts'
import { patientLimits, settle } from './fence.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A chain: in one thread, and in front of one shared gateway program where there is one. */
    startOrders: readonly StartOrder[]
  }
  interface TaskMeta {
    event?: RunEvent
    /** What is told after it: cells that were told before and came out worse, and what is said of the environment. */
    further?: readonly RunEvent[]
  }
}

/** Covers container starts and log-ins; each of those has a nearer deadline of its own. */
const startDeadline = 240_000
const stopDeadline = 60_000

/** The program that serves all of a chain, stopped after the last of them; nothing where each has a reference gateway of its own. */
export async function sharedGateway(orders: readonly StartOrder[]): Promise<RealGateway | undefined> {
  const [first] = orders
  if (first === undefined || 'profile' in first.environment.gateway) return undefined
  const { RealGateway } = await import('../environments/real-gateway.ts')
  const gateway = new RealGateway(first)
  afterAll(() => gateway[Symbol.asyncDispose](), stopDeadline)
  return gateway
}

/** Nothing where it did not start. `refused`: its gateway does not start with the operator's configuration, which is a finding on that. */
type StartedEnvironment = RunningEnvironment | { readonly refused: string } | undefined

/**
 * The first test of an environment.
 * @param fault of the machine, in a sentence: then a failure says nothing else
 * @returns the environment, once it is ready
 */
export function startsFirst(
  order: StartOrder,
  shared: RealGateway | undefined,
  fault: () => string | undefined = () => undefined,
): () => StartedEnvironment {
  const { environment: planned } = order
  let environment: StartedEnvironment
  let starting: Promise<RunningEnvironment> | undefined
  afterAll(async () => {
    // Also one that was still starting when the run was interrupted.
    const started = await starting?.catch(() => undefined)
    if (!order.keep) await started?.[Symbol.asyncDispose]()
  }, stopDeadline)

  it('starts', { timeout: startDeadline, concurrent: false }, async ({ task }) => {
    try {
      starting = startEnvironment(order, shared)
      const started = await starting
      await settle(started)
      environment = planned.embedded
        ? started
        : { ...started, limits: patientLimits({ planned, environment: started }) }
      task.meta.event = redactEvent({ type: 'environment', environment: environment.result })
    } catch (error) {
      const refusal = refusalIn(error)
      if (refusal !== undefined) {
        environment = { refused: redactKnown(refusal.message) }
        task.meta.event = { type: 'environment', environment: refusedRow(planned, refusal) }
        return
      }
      // A log-in, or a certificate, that is not valid by the new clock fails in many words.
      const reason = redactKnown(fault() ?? inOneSentence(error))
      task.meta.event = { type: 'environment', environment: environmentRow(planned, { status: 'failed', reason }) }
      throw error
    }
  })
  return () => environment
}

/** Also behind what then failed in the clean-up. */
function refusalIn(error: unknown): GatewayRefusal | undefined {
  if (error instanceof SuppressedError) return refusalIn(error.suppressed)
  return error instanceof GatewayRefusal ? error : undefined
}

/** What failed first, not what then failed in the clean-up. */
export function inOneSentence(error: unknown): string {
  if (error instanceof SuppressedError) return inOneSentence(error.suppressed)
  return error instanceof Error ? error.message : String(error)
}
