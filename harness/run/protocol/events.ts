/** What crosses the border between the command line's process and the run's own process (which may live in other namespaces). */

import type { Cell, EnvironmentResult } from '../results/results.ts'
import type { ContractRow } from './contract.ts'
import type { FuzzResult } from './fuzz.ts'

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
  /** A cell that ended without a judgement: a defect of the harness, or its environment did not start. */
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
