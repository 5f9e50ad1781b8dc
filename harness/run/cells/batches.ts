/**
 * Runs cells side by side, ahead of their turn: one fence then stands behind many, and nobody waits for a single answer. Each batch is as mixed as
 * the cells allow (users and nobody, methods, transports, forged values and none), because that is where one request can be taken for another.
 */
import type { Observation } from '../../judge/observation.ts'
import type { PlannedCell } from '../../plan/expand.ts'
import type { Run } from './context.ts'
import { goesWithOthers, observeTogether } from './observe.ts'

/** Cells in a batch. */
const size = 16

export class Batches {
  readonly #run: () => Run
  readonly #runs: (cell: PlannedCell) => boolean
  readonly #seen = new Map<PlannedCell, Promise<Observation>>()

  /**
   * @param run asked for each batch: how long it is waited may change on the way
   * @param runs whether a cell would run at all, as far as can be said before its turn
   */
  constructor(run: () => Run, runs: (cell: PlannedCell) => boolean) {
    this.#run = run
    this.#runs = runs
  }

  /** What was seen of a cell among others. `undefined`: it is to be run by itself. */
  seen(cell: PlannedCell): Promise<Observation> | undefined {
    if (!this.#seen.has(cell)) this.#open(cell)
    return this.#seen.get(cell)
  }

  #open(first: PlannedCell): void {
    const run = this.#run()
    if (!goesWithOthers(first.case, run.environment)) return
    const left = run.planned.cells.filter(
      (cell) =>
        cell !== first && !this.#seen.has(cell) && goesWithOthers(cell.case, run.environment) && this.#runs(cell),
    )
    const batch = mixed(first, left)
    const observed = observeTogether(batch, run)
    for (const [index, cell] of batch.entries())
      this.#seen.set(
        cell,
        observed.then((all) => {
          const own = all[index]
          if (own === undefined) throw new Error(`nothing was observed of ${cell.case.id} among others`)
          return own
        }),
      )
  }
}

/** The users in turn, of each user the kinds in turn, each kind in the planned order. */
function mixed(first: PlannedCell, left: readonly PlannedCell[]): PlannedCell[] {
  const users = [...Map.groupBy(left, (cell) => cell.case.as).values()]
  return [first, ...inTurn(users.map((cells) => inTurn([...Map.groupBy(cells, kindOf).values()])))].slice(0, size)
}

/** The first of each list, then the second of each: no more than a batch takes. */
const inTurn = (lists: readonly (readonly PlannedCell[])[]): PlannedCell[] =>
  Array.from({ length: size }, (_, turn) => lists.flatMap((cells) => cells[turn] ?? [])).flat()

function kindOf({ case: { as, from, send }, transport }: PlannedCell): string {
  const methods = send.map(({ method }) => method ?? '').join()
  const forged = JSON.stringify(send).includes('{evil}') ? 'forged' : 'clean'
  return `${as} ${from} ${transport} ${methods} ${forged}`
}
