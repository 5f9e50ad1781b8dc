/** What the run's process is asked to do; JSON. */
import type { PreparedService } from '../../lab/images/prepare.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { ContractOrder } from './contract.ts'
import type { FuzzOrder } from './fuzz.ts'

/** Everything the run's process needs; JSON. */
export type RunRequest = {
  readonly runId: string
  readonly environments: readonly PreparedEnvironment[]
  readonly engine: RunEngine
  /** Folder for the run's sockets, secrets and evidence; on the engine's file system. */
  readonly folder: string
  readonly jobs: number
  readonly keep: boolean
  /** Nobody reads evidence, and an environment whose proxy no longer answers is over. */
  readonly statusesOnly?: boolean
  /** Random requests in the place of the planned cells. */
  readonly fuzz?: FuzzOrder
  /** The contract vectors against the programs themselves, in the place of environments. */
  readonly contract?: ContractOrder
}

export type RunEngine =
  | { readonly kind: 'docker'; readonly socket: string; readonly version: string }
  | { readonly kind: 'private'; readonly packages: string }
  | { readonly kind: 'none' }

/** A planned environment together with what its services run from. */
export type PreparedEnvironment = PlannedEnvironment & {
  /** Per service name; the harness's own containers (`idp`, `gateway`, relays) are `harness`. */
  readonly services: Readonly<Record<string, PreparedService>>
}
