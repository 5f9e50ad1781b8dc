/** What has to be there before anything starts: an engine, and the programs of every environment. */
import type { Plan, PlannedEnvironment } from '../plan/expand.ts'
import { environmentRow } from '../run/collect.ts'
import type { PreparedEnvironment, RunEngine } from '../run/events.ts'
import type { EnvironmentResult } from '../run/results.ts'
import type { RunOptions } from './options.ts'
import type { TerminalProgress } from './progress.ts'

/** What containers will stand on. */
export type Footing = {
  readonly engine: RunEngine
  /** Command line that enters the run's own namespaces; empty for a plain process. */
  readonly prefix: readonly string[]
  /** What the reader of the report must know. */
  readonly notes: readonly string[]
}

export async function findFooting(plan: Plan, options: RunOptions, progress: TerminalProgress): Promise<Footing> {
  if (plan.environments.every((environment) => environment.embedded)) return { engine: { kind: 'none' }, prefix: [], notes: [] }
  void options
  void progress
  return { engine: { kind: 'none' }, prefix: [], notes: ['No container engine.'] }
}

export type Prepared = {
  readonly environments: readonly PreparedEnvironment[]
  /** Rows of environments that cannot run here. */
  readonly missing: readonly EnvironmentResult[]
}

export async function prepare(
  environments: readonly PlannedEnvironment[],
  footing: Footing,
  options: RunOptions & { readonly asked: readonly string[] },
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<Prepared> {
  void progress
  void signal
  const embedded = environments.filter((environment) => environment.embedded)
  const others = environments.filter((environment) => !environment.embedded)
  const asked = options.asked.length > 0 || footing.engine.kind !== 'none'
  return {
    environments: embedded.map((environment) => ({ ...environment, services: {} })),
    missing: others.map((environment) => environmentRow(environment, { status: 'unavailable', reason: 'No container engine.', asked })),
  }
}
