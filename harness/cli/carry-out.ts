/** Carries out a plan: prepare, run, report. Whatever has been obtained is written, however it ends. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { removeRun } from '../lab/containers/sweep.ts'
import { engineClient } from '../lab/deadlines.ts'
import { MachineError } from '../lab/machine-error.ts'
import type { Plan, PlannedEnvironment } from '../plan/expand.ts'
import { UserError } from '../plan/user-error.ts'
import { ownHardened } from '../report/guides/own-guides.ts'
import { engineInWords } from '../report/overview.ts'
import { mustBeReport, removeOldReport, writeReport } from '../report/write.ts'
import { Collection } from '../run/collect.ts'
import type { RunEvent } from '../run/protocol/events.ts'
import type { Results } from '../run/results/results.ts'
import { createRunFolder } from '../run/run-folder.ts'
import { spawnRun } from '../run/spawn-run.ts'
import { withConfiguration } from './configuration.ts'
import { earlyFindings } from './early-findings.ts'
import { interruptible } from './interruption.ts'
import { jobsThatFit, requireOutFolder } from './machine.ts'
import type { RunOptions } from './options.ts'
import { chooseEngine, type EngineChoice, prepare } from './prepare.ts'
import { type TerminalProgress, terminalProgress } from './progress.ts'
import { root } from './project.ts'
import { withRemedies } from './remedies.ts'
import { environmentLine } from './summary.ts'

type Order = {
  /** What a reader of the results must know of the deployments. */
  readonly notes?: readonly string[]
  /** The whole catalogue is planned: then a known failure that names no cell is stale. */
  readonly complete: boolean
  /** Only statuses are wanted: no report is written, and a proxy that stops answering ends its environment. */
  readonly statusesOnly?: boolean
  /** What runs where there is no engine for the plan. */
  readonly withoutEngine: () => readonly PlannedEnvironment[]
  /** Called with each environment that has ended. @param so the results until then */
  readonly environmentDone?: (id: string, so: () => Results) => Promise<void>
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
  if (options.out === '') throw new UserError('--out is empty: name the folder for the report.')
  // Before hours of work, not after them.
  await mustBeReport(out)
  await requireOutFolder(out, plan.environments.length)
  using progress = terminalProgress()
  using interruption = interruptible(progress)
  progress.note(planLine(plan))
  const choice = await chooseEngine(plan, options, progress)
  const nothingRuns = choice.engine.kind === 'none' && plan.environments.every(({ embedded }) => !embedded)
  const environments = [...plan.environments, ...(nothingRuns ? order.withoutEngine() : [])]
  const jobs = jobsThatFit(environments, options.jobs, choice.engine.kind)
  const collection = new Collection(environments, order.complete)
  await using own = await createRunFolder(options)
  const { runId, folder } = own
  // Whatever happens from here on, an earlier report is not taken for this run's.
  await removeOldReport(out)
  const facts = {
    id: runId,
    startedAt,
    seed: options.seed,
    harness: { version: await harnessVersion(), commit: commit() },
    command: ['conformance', ...process.argv.slice(2)].join(' '),
    ...(options.shard && { shard: options.shard }),
  }
  const notes = [...choice.notes, ...(order.notes ?? [])]
  const note = (line: string) => {
    notes.push(line)
    progress.note(line)
  }
  if (jobs < options.jobs)
    note(`Too little memory for ${options.jobs} environments at a time: running ${jobs} (as with --jobs ${jobs}).`)
  let engine: Results['run']['engine'] = { kind: choice.engine.kind, version: '' }
  const results = () => {
    const ending = { durationMs: Math.round(performance.now() - since), interrupted: interruption.signal.aborted }
    return collection.results({ ...facts, engine, notes }, ending)
  }
  const early = earlyFindings(collection)
  let told = 0
  const report = async (): Promise<Results> => {
    const so = results()
    const done = order.statusesOnly ? so : await withRemedies(await withConfiguration(so, environments), environments)
    const { failures } = collection
    told = failures.length + notes.length
    const exitCode = failures.length > 0 && done.run.exitCode < 3 ? 3 : done.run.exitCode
    const written = { ...done, run: { ...done.run, exitCode, notes: [...(done.run.notes ?? []), ...failures] } }
    if (order.statusesOnly) return written
    const hardened = await ownHardened(root)
    await writeReport(written, collection.evidence(), out, { hardened }).catch((cause: Error) => {
      // A disk that was filled meanwhile.
      throw new MachineError(
        `The report cannot be written to ${out}: ${cause.message}. Name another folder with --out.`,
        {
          cause,
        },
      )
    })
    return written
  }
  let written: Results | undefined
  try {
    const prepared = await prepare(environments, choice, options, progress)
    for (const missing of prepared.missing) collection.take({ type: 'environment', environment: missing })
    const request = {
      runId,
      environments: prepared.environments,
      engine: choice.engine,
      folder,
      jobs,
      keep: options.keep,
      statusesOnly: order.statusesOnly ?? false,
    }
    const judged = Promise.withResolvers<void>()
    // One after the other, and all before the end: a listener writes files.
    let listening = Promise.resolve()
    const onEvent = (event: RunEvent) => {
      if (event.type === 'done') judged.resolve()
      if (event.type === 'engine') engine = engineOf(event, choice)
      collection.take(event)
      show(event, collection, progress)
      // Findings on a configuration that the run itself broke are nobody's.
      if (event.type === 'cell' && !order.statusesOnly)
        for (const line of early(event.cell, performance.now())) progress.note(line)
      if (event.type === 'engine') progress.note(engineLine(engine, event.ms))
      if (event.type === 'note') note(event.line)
      // What went wrong after its cells: not everything of the environment was removed.
      if (event.type === 'environment-done' && event.reason !== undefined) note(`${event.id}: ${event.reason}`)
      if (event.type === 'environment-done')
        listening = listening.then(() => order.environmentDone?.(event.id, results))
    }
    if (prepared.environments.length > 0 && !interruption.signal.aborted) {
      if (choice.engine.kind === 'docker') interruption.startedIn(choice.engine.socket)
      const run = spawnRun(request, choice.prefix, onEvent, interruption.signal)
      try {
        const end = await Promise.race([run, judged.promise])
        // While the run's process removes its containers.
        if (end === undefined) written = await report()
      } finally {
        const end = await run
        await listening
        if (end.kind === 'died')
          collection.take({
            type: 'failure',
            message: `The run's process ended early: ${end.detail}${ofMemory(end.detail)}`,
          })
        if (choice.engine.kind === 'docker' && !options.keep)
          for (const line of await removeRest(choice.engine.socket, runId)) note(line)
      }
    }
  } catch (error) {
    if (!interruption.signal.aborted)
      collection.take({ type: 'failure', message: error instanceof Error ? error.message : String(error) })
  } finally {
    progress.status('')
  }

  if (written === undefined || collection.failures.length + notes.length > told) written = await report()
  for (const failure of collection.failures) progress.note(failure)
  return written
}

function show(event: RunEvent, collection: Collection, progress: TerminalProgress): void {
  if (event.type === 'starting') progress.status(`${event.id} starts`)
  if (event.type === 'cell') progress.status(`${collection.count} cells · ${event.cell.environment}`)
  if (event.type === 'environment-done') progress.note(environmentLine(event.id, collection))
}

/** The kernel ends a process with SIGKILL where the memory is exhausted; nobody else here does. */
function ofMemory(detail: string): string {
  if (!/SIGKILL|exit code 137/.test(detail)) return ''
  return `\n  The system may have ended it because memory was exhausted (${Math.round(process.availableMemory() / 1e6)} MB are available now): try --jobs 1.`
}

type Engine = Results['run']['engine']

function engineOf({ kind, version }: Extract<RunEvent, { type: 'engine' }>, choice: EngineChoice): Engine {
  const name = kind === 'private' ? `Docker ${version}, private to this run` : choice.name
  return { kind, version, ...(name !== undefined && { name }) }
}

function engineLine(engine: Engine, ms: number): string {
  return engine.kind === 'none'
    ? 'No container engine: embedded lab'
    : `Engine: ${engineInWords(engine)} (${(ms / 1000).toFixed(1)} s)`
}

/** What the run's process was still starting when it ended: the engine finishes that without it. @returns what could not be removed */
async function removeRest(socket: string, runId: string): Promise<string[]> {
  try {
    const left = await removeRun(engineClient(socket), runId)
    return left.flatMap(({ kind, name, problem }) =>
      problem === undefined ? [] : [`Left over: ${kind} ${name} could not be removed: ${problem}`],
    )
  } catch (error) {
    return [`Left over: what this run made in the engine: ${error instanceof Error ? error.message : error}`]
  }
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
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
