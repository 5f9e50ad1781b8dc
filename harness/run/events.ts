/** What crosses the border between the command line's process and the run's own process (which may live in other namespaces). */

import type { PreparedService } from '../lab/images/prepare.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import type { ContractOrder, ContractRow } from './contract.ts'
import type { FuzzOrder, FuzzResult } from './fuzz.ts'
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
  /** Requests drawn by chance in the place of the planned cells. */
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

/** Cells and environments travel as they come, so that nothing is lost when the run's process is. */
export type RunEvent =
  | { readonly type: 'note'; readonly line: string }
  | {
      readonly type: 'engine'
      readonly kind: 'docker' | 'private' | 'none'
      readonly version: string
      readonly ms: number
    }
  | { readonly type: 'starting'; readonly id: string }
  | { readonly type: 'environment'; readonly environment: EnvironmentResult }
  /** `evidence`: `CellEvidence` as JSON. It crosses two borders as it is, and is opened only for the report. */
  | { readonly type: 'cell'; readonly cell: Cell; readonly evidence?: string }
  /** A cell that ended without a judgement: a defect of the harness, or its environment never stood. */
  | { readonly type: 'broken-cell'; readonly environment: string; readonly name: string; readonly reason: string }
  /** `reason`: nothing can be said, because of this. */
  | {
      readonly type: 'fuzzed'
      readonly environment: string
      readonly result?: FuzzResult
      readonly reason?: string
    }
  /** One part of what a program was asked. `reason`: nothing can be said of this part. */
  | {
      readonly type: 'contract'
      readonly program: string
      readonly part: string
      readonly rows: readonly ContractRow[]
      readonly reason?: string
    }
  | { readonly type: 'environment-done'; readonly id: string; readonly reason?: string }
  /** The whole run cannot go on. */
  | { readonly type: 'failure'; readonly message: string }
  | { readonly type: 'done' }

export type RunCommand = { readonly type: 'cancel' }
