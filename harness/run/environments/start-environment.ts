/** Starts an environment, in process or in containers. */
import { warmedUp } from './lab-warm-up.ts'
import type { StartOrder } from './order.ts'
import type { RealGateway } from './real-gateway.ts'
import type { RunningEnvironment } from './running-environment.ts'

/**
 * @param shared the gateway program that serves this environment among others
 * @throws with the log of the service that did not get ready
 */
export async function startEnvironment(order: StartOrder, shared?: RealGateway): Promise<RunningEnvironment> {
  // Provider and container client are large: a thread loads the one that it needs.
  if (order.environment.embedded) {
    const { startEmbedded } = await import('./embedded.ts')
    return await startEmbedded(order.environment)
  }
  const { engine, provider } = order
  if (engine === undefined || provider === undefined) throw new Error(`${order.environment.id} needs an engine`)
  const [{ startContainers }] = await Promise.all([import('./containers.ts'), warmedUp()])
  return await startContainers({ ...order, engine, provider }, shared)
}
