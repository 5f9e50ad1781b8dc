/** What crosses the process border of `conformance contract`; JSON. */
import type { Program } from '../../gateways/programs.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import type { Variant } from '../../plan/proxy.ts'

export type PreparedProgram = Pick<Program, 'name' | 'version'> & {
  readonly services: { readonly harness: PreparedService; readonly gateway: PreparedService }
}

/** JSON. */
export type ContractOrder = {
  readonly programs: readonly PreparedProgram[]
  /** Globs of ids, or leading parts of them; all where there are none. */
  readonly only: readonly string[]
  /** Whose configurations are audited, by name. */
  readonly audited: Readonly<Record<string, Variant>>
}

/** One vector: it agrees where both are the same words. */
export type ContractRow = {
  readonly id: string
  readonly expected: string
  readonly heard: string
  /** What else it said, for whoever looks for the reason of a disagreement. */
  readonly detail?: string
}
