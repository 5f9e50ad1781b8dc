/** What crosses the border between the command line's process and the run's own process (which may live in other namespaces). */
import type { Level, Transport } from '../plan/case.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import type { PreparedService } from '../lab/images/prepare.ts'
import type { Cell, EnvironmentResult } from './results.ts'

/** Everything the run's process needs; JSON. */
export type RunRequest = {
  readonly runId: string
  readonly environments: readonly PreparedEnvironment[]
  readonly engine: RunEngine
  /** Folder for the run's sockets, secrets and evidence; on the engine's file system. */
  readonly folder: string
  readonly jobs: number
  readonly seed: number
  readonly keep: boolean
  readonly command: string
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

export type RunEvent =
  | { readonly type: 'note'; readonly line: string }
  | { readonly type: 'engine'; readonly kind: 'docker' | 'private' | 'none'; readonly version: string; readonly ms: number }
  | { readonly type: 'environment'; readonly environment: EnvironmentResult }
  | { readonly type: 'cell'; readonly cell: Cell; readonly evidence: unknown }
  | { readonly type: 'environment-done'; readonly id: string; readonly ms: number }
  | { readonly type: 'failure'; readonly message: string }
  | { readonly type: 'done' }

export type RunCommand = { readonly type: 'cancel' }

export type CellName = { readonly case: string; readonly transport: Transport; readonly level: Level }
