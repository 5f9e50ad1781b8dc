/** What is known of a run so far: grows event by event and can be written as a report at any moment. */

import { exitCode } from '../judge/exit-code.ts'
import { type JudgedEnvironment, staleKnownFailures } from '../judge/known-failures.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { gatewayId } from '../plan/select.ts'
import type { RunEvent } from './protocol/events.ts'
import { concluded } from './results/conclusions.ts'
import { environmentRow } from './results/environment-row.ts'
import {
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentEvidence,
  type EnvironmentResult,
  type Evidence,
  evidenceAddress,
  type Results,
  type RunFacts,
  totalsOf,
} from './results/results.ts'

type Ending = Pick<RunFacts, 'durationMs' | 'interrupted'>

export class Collection {
  readonly #planned: ReadonlyMap<string, PlannedEnvironment>
  readonly #complete: boolean
  readonly #environments = new Map<string, EnvironmentResult>()
  readonly #cells = new Map<string, Cell>()
  /** JSON by environment and cell. */
  readonly #evidence = new Map<string, Map<string, string>>()
  /** By environment: when it was ready, and how long after that the last of its cells came. */
  readonly #times = new Map<string, { readonly readyAt: number; readonly cellsMs?: number }>()
  readonly failures: string[] = []

  /** @param complete the whole catalogue was planned: then an entry that names no cell is stale */
  constructor(planned: readonly PlannedEnvironment[], complete: boolean) {
    this.#planned = new Map(planned.map((environment) => [environment.id, environment]))
    this.#complete = complete
  }

  get cells(): readonly Cell[] {
    return [...this.#cells.values()]
  }

  /** How many there are so far. */
  get count(): number {
    return this.#cells.size
  }

  environment(id: string): EnvironmentResult | undefined {
    const environment = this.#environments.get(id)
    const cellsMs = this.#times.get(id)?.cellsMs
    return environment && cellsMs !== undefined ? { ...environment, cellsMs } : environment
  }

  cellsOf(id: string): readonly Cell[] {
    return this.cells.filter((cell) => cell.environment === id)
  }

  take(event: RunEvent): void {
    switch (event.type) {
      case 'environment':
        this.#environments.set(event.environment.id, event.environment)
        // A second one adds what was learnt of it while its cells ran.
        if (!this.#times.has(event.environment.id))
          this.#times.set(event.environment.id, { readyAt: performance.now() })
        return
      case 'cell':
        this.#take(event.cell)
        this.#time(event.cell)
        if (event.evidence !== undefined) this.#keep(event.cell, event.evidence)
        return
      case 'broken-cell':
        this.#takeBroken(event.environment, event.name, event.reason)
        return
      case 'failure':
        this.failures.push(event.message)
        return
      case 'note':
      case 'engine':
      case 'starting':
      case 'fuzzed':
      case 'environment-done':
      case 'done':
        return
    }
  }

  results(run: Omit<RunFacts, 'exitCode' | keyof Ending>, ending: Ending): Results {
    // Planned, but without any event: the run's process died, or was stopped, before it started.
    const known = [...this.#planned.values()].map(
      (planned) => this.environment(planned.id) ?? neverStarted(planned, ending.interrupted),
    )
    const cells = this.cells
    const judged = known.map((environment) => this.#judged(environment, ending.interrupted))
    const environments = known.map((environment, index) => ({
      ...environment,
      complete: judged[index]?.complete === true,
    }))
    const stale = staleKnownFailures(judged)
    const cases = new Map(
      [...this.#planned.values()].flatMap((planned) => planned.cells.map((cell) => [cell.case.id, cell.case])),
    )
    const ran = new Set(cells.map((cell) => cell.case))
    return {
      schema: 1,
      run: {
        ...run,
        ...ending,
        exitCode: exitCode({ interrupted: ending.interrupted, environments, cells, stale: stale.length }),
      },
      environments,
      cells,
      ...concluded(environments, cells),
      totals: totalsOf(cells),
      cases: [...cases.values()]
        .filter((asked) => ran.has(asked.id))
        .map(({ id, family, title, why, refs, level, controls, caughtBy, source }) => ({
          id,
          family,
          title,
          why,
          refs,
          level,
          controls,
          caughtBy,
          source,
        })),
      stale: stale.map(({ proxy, entry, why }) => ({
        proxy,
        file: entry.source.file,
        line: entry.source.line,
        cases: [...entry.cases],
        why,
      })),
    }
  }

  evidence(): Evidence {
    const opened = [...this.#evidence].map(([environment, cells]): [string, EnvironmentEvidence] => [
      environment,
      Object.fromEntries([...cells].map(([key, text]): [string, CellEvidence] => [key, JSON.parse(text)])),
    ])
    return Object.fromEntries(opened)
  }

  #take(cell: Cell): void {
    this.#cells.set(`${cell.environment} ${cellKey(cell)}`, cell)
  }

  #time({ environment }: Cell): void {
    const readyAt = this.#times.get(environment)?.readyAt
    if (readyAt !== undefined)
      this.#times.set(environment, { readyAt, cellsMs: Math.round(performance.now() - readyAt) })
  }

  #keep(cell: Cell, evidence: string): void {
    const kept = this.#evidence.get(cell.environment) ?? new Map<string, string>()
    kept.set(cellKey(cell), evidence)
    this.#evidence.set(cell.environment, kept)
  }

  /** A defect of the harness in one cell. Where the environment itself did not start, its own row says so, not every cell. */
  #takeBroken(environment: string, name: string, reason: string): void {
    if (this.#environments.get(environment)?.status !== 'ready') return
    const cell = this.#planned
      .get(environment)
      ?.cells.find(({ case: asked, transport }) => `${asked.id}.${transport}` === name)
    if (cell === undefined) return
    const { case: asked, transport } = cell
    const broken = { environment, case: asked.id, transport, level: asked.level }
    this.#take({ ...broken, status: 'harness-error', reason, ms: 0, evidence: evidenceAddress(broken) })
  }

  #judged(environment: EnvironmentResult, interrupted: boolean): JudgedEnvironment {
    const planned = this.#planned.get(environment.id)
    if (planned === undefined) throw new Error(`${environment.id} ran without being planned`)
    const cells = this.cellsOf(environment.id)
    return {
      place: {
        proxy: planned.proxy,
        proxyVersion: planned.proxyVersion,
        variant: planned.variant.name,
        gateway: gatewayId(planned.gateway),
      },
      knownFailures: planned.knownFailures,
      // Of a run that ended early, an entry without a cell is not stale: its cell may not have run.
      complete:
        this.#complete && !interrupted && environment.status === 'ready' && cells.length === planned.cells.length,
      cells,
    }
  }
}

function neverStarted(planned: PlannedEnvironment, interrupted: boolean): EnvironmentResult {
  const reason = interrupted ? 'The run was interrupted before it started.' : 'The run ended before it started.'
  return environmentRow(planned, { status: interrupted ? 'unavailable' : 'failed', reason })
}
