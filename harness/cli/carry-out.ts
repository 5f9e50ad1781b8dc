/** A plan carried out: prepare, run, report. Whatever has been obtained is written, however it ends. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { noteOwner, runFolderPrefix } from '../lab/containers/sweep.ts'
import { stopSteps } from '../lab/images/step.ts'
import type { Plan, PlannedEnvironment } from '../plan/expand.ts'
import { mustBeReport, writeReport } from '../report/write.ts'
import { Collection } from '../run/collect.ts'
import type { RunEvent } from '../run/protocol/events.ts'
import type { Results } from '../run/results/results.ts'
import { spawnRun } from '../run/spawn-run.ts'
import { withConfiguration } from './configuration.ts'
import type { RunOptions } from './options.ts'
import { findFooting, prepare } from './prepare.ts'
import { type TerminalProgress, terminalProgress } from './progress.ts'
import { root } from './project.ts'
import { environmentLine } from './summary.ts'

export type Order = {
  /** Proxies that the user named. */
  readonly asked: readonly string[]
  /** The whole catalogue is planned: then a known failure that names no cell is stale. */
  readonly complete: boolean
  /** What runs beside the plan where there is no engine. */
  readonly instead: () => readonly PlannedEnvironment[]
}

/**
 * Runs all environments of `plan` and writes the report to `options.out`.
 * @returns the results as they are written; a failure of the run itself is exit code 3 and a note
 * @throws UserError before anything is started
 */
export async function carryOut(plan: Plan, options: RunOptions, order: Order): Promise<Results> {
  const since = performance.now()
  const startedAt = new Date().toISOString()
  const out = resolve(options.out)
  // Before hours of work, not after them.
  await mustBeReport(out)
  using progress = terminalProgress()
  using interruption = interruptible(progress)
  progress.note(planLine(plan))
  const footing = await findFooting(plan, options, progress)
  const nothingRuns = footing.engine.kind === 'none' && plan.environments.every(({ embedded }) => !embedded)
  const instead = nothingRuns ? order.instead() : []
  const environments = [...plan.environments, ...instead]
  const collection = new Collection(environments, order.complete)
  const folder = await mkdtemp(join(tmpdir(), runFolderPrefix))
  await noteOwner(folder)
  const runId = randomBytes(4).toString('hex')
  const facts = {
    id: runId,
    startedAt,
    seed: options.seed,
    harness: { version: await harnessVersion(), commit: commit() },
    command: ['conformance', ...process.argv.slice(2)].join(' '),
    notes: footing.notes,
  }
  let engine: Results['run']['engine'] = { kind: footing.engine.kind, version: '' }
  const results = () => {
    const ending = { durationMs: Math.round(performance.now() - since), interrupted: interruption.signal.aborted }
    return collection.results({ ...facts, engine }, ending)
  }
  let told = 0
  const report = async (): Promise<Results> => {
    const done = await withConfiguration(results(), environments)
    const { failures } = collection
    told = failures.length
    const exitCode = told > 0 && done.run.exitCode < 3 ? 3 : done.run.exitCode
    const written = { ...done, run: { ...done.run, exitCode, notes: [...(done.run.notes ?? []), ...failures] } }
    await writeReport(written, collection.evidence(), out)
    return written
  }
  let written: Results | undefined
  try {
    const prepared = await prepare(environments, footing, { ...options, asked: order.asked }, progress)
    for (const missing of prepared.missing) collection.take({ type: 'environment', environment: missing })
    const request = {
      runId,
      environments: prepared.environments,
      engine: footing.engine,
      folder,
      jobs: options.jobs,
      seed: options.seed,
      keep: options.keep,
      command: facts.command,
    }
    const judged = Promise.withResolvers<void>()
    const onEvent = (event: RunEvent) => {
      if (event.type === 'done') judged.resolve()
      if (event.type === 'engine') engine = { kind: event.kind, version: event.version }
      collection.take(event)
      show(event, collection, progress)
    }
    if (prepared.environments.length > 0 && !interruption.signal.aborted) {
      const run = spawnRun(request, footing.prefix, onEvent, interruption.signal)
      try {
        const end = await Promise.race([run, judged.promise])
        // While the run takes down what it stood on.
        if (end === undefined) written = await report()
      } finally {
        const end = await run
        if (end.kind === 'died')
          collection.take({ type: 'failure', message: `The run's process ended early: ${end.detail}` })
      }
    }
  } catch (error) {
    if (!interruption.signal.aborted)
      collection.take({ type: 'failure', message: error instanceof Error ? error.message : String(error) })
  } finally {
    progress.status('')
    if (!options.keep) await rm(folder, { recursive: true, force: true })
  }

  if (written === undefined || collection.failures.length > told) written = await report()
  for (const failure of collection.failures) progress.note(failure)
  return written
}

/** Ctrl-C or SIGTERM: finish the case at hand, take everything down, write what there is. A second one does not wait. */
export function interruptible(progress: TerminalProgress): Disposable & { readonly signal: AbortSignal } {
  const abort = new AbortController()
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(130)
    progress.note('Interrupted: taking everything down and writing what there is (again to leave at once).')
    abort.abort()
    stopSteps()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: abort.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

function show(event: RunEvent, collection: Collection, progress: TerminalProgress): void {
  if (event.type === 'note') progress.note(event.line)
  if (event.type === 'engine') progress.note(engineLine(event))
  if (event.type === 'starting') progress.status(`${event.id} starts`)
  if (event.type === 'cell') progress.status(`${collection.count} cells · ${event.cell.environment}`)
  if (event.type === 'environment-done') progress.note(environmentLine(event.id, collection))
}

function engineLine({ kind, version, ms }: Extract<RunEvent, { type: 'engine' }>): string {
  return kind === 'none'
    ? 'No container engine: embedded lab'
    : `Engine ${kind} ${version} (${(ms / 1000).toFixed(1)} s)`
}

function planLine({ environments }: Plan): string {
  const cells = environments.reduce((sum, environment) => sum + environment.cells.length, 0)
  return `${environments.length} environment${environments.length === 1 ? '' : 's'}, ${cells} cells`
}

async function harnessVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return manifest.version
}

/** Empty outside a checkout. */
function commit(): string {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
