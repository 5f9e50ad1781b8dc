/** Stands an environment up, wherever it lives. */

import { groundStands } from './lab-warm-up.ts'
import type { StandUp } from './order.ts'
import type { RealGateway } from './real-gateway.ts'
import type { RunningEnvironment } from './running-environment.ts'

/**
 * @param lent the gateway program that serves this environment among others
 * @throws with the failing service's own words when it does not stand
 */
export async function standUp(order: StandUp, lent?: RealGateway): Promise<RunningEnvironment> {
  // Each brings a program of its own along, provider or container engine: a thread loads the one that it needs.
  if (order.environment.embedded) {
    const { standUpEmbedded } = await import('./embedded.ts')
    return await standUpEmbedded(order.environment)
  }
  const { engine, provider } = order
  if (engine === undefined || provider === undefined) throw new Error(`${order.environment.id} needs an engine`)
  const [{ standUpContainers }] = await Promise.all([import('./containers.ts'), groundStands()])
  return await standUpContainers({ ...order, engine, provider }, lent)
}
