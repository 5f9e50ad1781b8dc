/** Stands an environment up, wherever it lives. */
import type { EngineAccess } from './engine.ts'
import type { PreparedEnvironment } from './events.ts'
import { groundStands } from './ground.ts'
import type { ProviderAccess } from './lab-provider.ts'
import type { RealGateway } from './real-gateway.ts'
import type { RunningEnvironment } from './running-environment.ts'

export type StandUp = {
  readonly environment: PreparedEnvironment
  /** Absent in the embedded lab. */
  readonly engine?: EngineAccess | undefined
  /** Absent in the embedded lab, where each environment has one of its own. */
  readonly provider?: ProviderAccess | undefined
  readonly runId: string
  /** Where the environment's sockets and secrets live. */
  readonly folder: string
  readonly keep: boolean
}

/**
 * @param lent the gateway program that serves this environment among others
 * @throws with the failing service's own words when it does not stand
 */
export async function standUp(order: StandUp, lent?: RealGateway): Promise<RunningEnvironment> {
  // Each brings a program of its own along, provider or container engine: a thread loads the one that it needs.
  if (order.environment.embedded) {
    const { standUpEmbedded } = await import('./stand-up-embedded.ts')
    return await standUpEmbedded(order.environment)
  }
  const { engine, provider } = order
  if (engine === undefined || provider === undefined) throw new Error(`${order.environment.id} needs an engine`)
  const [{ standUpContainers }] = await Promise.all([import('./stand-up-containers.ts'), groundStands()])
  return await standUpContainers({ ...order, engine, provider }, lent)
}
