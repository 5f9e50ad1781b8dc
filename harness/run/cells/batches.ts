/** Runs cells side by side, ahead of their turn: one fence then stands behind many, and nobody waits for a single answer. */
import type { Observation } from '../../judge/observation.ts'
import type { PlannedCell, PlannedEnvironment } from '../../plan/expand.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import type { Fencing } from './fence.ts'
import { goesWithOthers, observeTogether } from './observe.ts'

/** Of a window, in cells: a cell that is not clean costs nothing but itself again, so it may be large. */
const size = 16

export class Windows {
  readonly #planned: PlannedEnvironment
  readonly #environment: RunningEnvironment
  readonly #fencing: Exclude<Fencing, 'never'>
  readonly #runs: (cell: PlannedCell) => boolean
  readonly #seen = new Map<PlannedCell, Promise<Observation | undefined>>()

  /** @param runs whether a cell would run at all, as far as can be said before its turn */
  constructor(
    planned: PlannedEnvironment,
    environment: RunningEnvironment,
    fencing: Exclude<Fencing, 'never'>,
    runs: (cell: PlannedCell) => boolean,
  ) {
    this.#planned = planned
    this.#environment = environment
    this.#fencing = fencing
    this.#runs = runs
  }

  /** What was seen of a cell among others. `undefined`: it is to be run by itself. */
  seen(cell: PlannedCell): Promise<Observation | undefined> {
    if (!this.#seen.has(cell)) this.#open(cell)
    return this.#seen.get(cell) ?? Promise.resolve(undefined)
  }

  /** From this cell on, up to one that must be alone: they stay in their order. */
  #open(first: PlannedCell): void {
    const { cells } = this.#planned
    const window: PlannedCell[] = []
    for (const cell of cells.slice(cells.indexOf(first))) {
      if (!this.#runs(cell)) continue
      if (window.length === size || !goesWithOthers(cell.case, this.#environment)) break
      window.push(cell)
    }
    if (window.length === 0) return
    const observed = observeTogether(window, this.#planned, this.#environment, this.#fencing)
    for (const [index, cell] of window.entries())
      this.#seen.set(
        cell,
        observed.then((all) => all?.[index]),
      )
  }
}
