/** `conformance contract`: what is written down about each version of a gateway, asked of the real program. */
import { knownGateways } from '../gateways/known-gateways.ts'
import { gatewayPrograms, type Program, programOf } from '../gateways/programs.ts'
import type { Variant } from '../plan/proxy.ts'
import { selectGateways } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { didYouMean } from '../plan/yaml/near-misses.ts'
import { idsOf, questionsOf } from '../run/contract/questions.ts'
import type { ContractRow } from '../run/protocol/contract.ts'
import type { RunEvent } from '../run/protocol/events.ts'
import { stacked, wrapped } from './columns.ts'
import type { RunOptions } from './options.ts'
import { type TerminalProgress, terminalProgress } from './progress.ts'
import { loadProject } from './project.ts'

export type ContractOptions = RunOptions & { readonly only: readonly string[]; readonly all: boolean }

/** What was heard of one program. */
export type ContractReport = {
  readonly program: string
  readonly rows: readonly ContractRow[]
  /** What could not be asked, with the reason. */
  readonly broken: readonly (readonly [part: string, reason: string])[]
}

/** @returns the exit code: 1 for an answer that differs, 3 for a part that could not be asked. @throws UserError before anything is started */
export async function contractCommand(options: ContractOptions): Promise<number> {
  const since = performance.now()
  const chosen = options.all ? gatewayPrograms : chosenPrograms(options.gateway)
  const { catalogue } = await loadProject()
  const audited = Object.fromEntries(
    catalogue.proxies
      .filter(({ embedded }) => !embedded)
      .flatMap(({ name, variants }) => variants.map((variant) => [name, variant] as const))
      .filter(([, { name }]) => name === 'documented'),
  )
  const programs = askedPrograms(chosen, audited, options.only)
  using progress = terminalProgress()
  progress.note(wrapped(`${counted(programs.length)}: ${programs.map(nameOf).join(', ')}`))
  // What containers take is loaded after the first line is out.
  const { interruptible } = await import('./interruption.ts')
  using interruption = interruptible(progress)
  const hearing = new Hearing(programs, progress)
  await ask(programs, audited, options, hearing, progress, interruption.signal)
  const reports = hearing.reports()
  const exitCode = interruption.signal.aborted ? 130 : exitCodeOf(reports)
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  console.log(
    options.json
      ? JSON.stringify({ schema: 1, ok: exitCode === 0, exitCode, programs: reports }, undefined, 2)
      : [...reports.map(inWords), `${counted(reports.length)}, ${seconds} s`].join('\n'),
  )
  return exitCode
}

/** In the run's own process, which has the engine. */
async function ask(
  programs: readonly Program[],
  audited: Readonly<Record<string, Variant>>,
  options: ContractOptions,
  hearing: Hearing,
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<void> {
  const { createRunFolder } = await import('../run/run-folder.ts')
  const { chooseEngine, preparePrograms } = await import('./prepare.ts')
  const { spawnRun } = await import('../run/spawn-run.ts')
  const choice = await chooseEngine({ environments: [{ embedded: false }] }, options, progress)
  const { ready, missing } = await preparePrograms(programs, choice, options, progress)
  for (const [program, reason] of missing) hearing.broke(program, 'all of it', reason)
  if (ready.length === 0 || signal.aborted) return
  await using own = await createRunFolder({ keep: false })
  const request = {
    runId: own.runId,
    folder: own.folder,
    environments: [],
    engine: choice.engine,
    // One program after the other: each wants a core and a gigabyte to itself.
    jobs: 1,
    keep: false,
    contract: { programs: ready, only: options.only, audited },
  }
  const end = await spawnRun(request, choice.prefix, (event) => hearing.take(event), signal)
  progress.status('')
  if (end.kind === 'died') for (const program of ready) hearing.broke(nameOf(program), 'the rest', end.detail)
}

/** Puts together what comes from the run's process. */
class Hearing {
  readonly #heard: ReadonlyMap<string, { readonly rows: ContractRow[]; readonly broken: [string, string][] }>
  readonly #progress: TerminalProgress

  constructor(programs: readonly Program[], progress: TerminalProgress) {
    this.#heard = new Map(programs.map((program) => [nameOf(program), { rows: [], broken: [] }]))
    this.#progress = progress
  }

  broke(program: string, part: string, reason: string): void {
    this.#heard.get(program)?.broken.push([part, reason])
  }

  take(event: RunEvent): void {
    const { note } = this.#progress
    if (event.type === 'engine') note(`Engine ${event.kind} ${event.version} (${(event.ms / 1000).toFixed(1)} s)`)
    if (event.type === 'starting') note(event.id)
    if (event.type === 'failure')
      for (const program of this.#heard.keys()) this.broke(program, 'the rest', event.message)
    // A suite is named after its program, and what that does.
    if (event.type === 'broken-cell') this.broke(event.environment.split(' ')[0] ?? '', event.name, event.reason)
    if (event.type === 'environment-done' && event.reason !== undefined)
      this.broke(event.id.split(' ')[0] ?? '', 'the rest', event.reason)
    if (event.type !== 'contract') return
    const { program, part, rows, reason } = event
    this.#heard.get(program)?.rows.push(...rows)
    if (reason !== undefined) this.broke(program, part, reason)
    const agree = rows.filter((row) => !differs(row)).length
    note(wrapped(`${part}: ${reason === undefined ? `${agree} of ${rows.length} agree` : 'not asked'}`, 2))
  }

  reports(): ContractReport[] {
    return [...this.#heard].map(([program, heard]) => ({ program, ...heard }))
  }
}

const counted = (count: number) => `${count} program${count === 1 ? '' : 's'}`
const nameOf = ({ name, version }: Pick<Program, 'name' | 'version'>) => `${name}@${version}`

/** @throws UserError for a gateway that is no program */
function chosenPrograms(asked: readonly string[]): Program[] {
  const chosen = selectGateways(knownGateways, { gateway: asked.length === 0 ? ['openclaw'] : asked })
  return chosen.map((gateway) => {
    if ('version' in gateway) return programOf(gateway.name, gateway.version)
    throw new UserError(
      `${gateway.name} is no real program: its answers are tested with the same vectors in the project's own tests.`,
    )
  })
}

/** The programs that have something to be asked. @throws UserError for a glob that means no vector of any program */
function askedPrograms(
  programs: readonly Program[],
  audited: Readonly<Record<string, Variant>>,
  only: readonly string[],
): readonly Program[] {
  const ids = (program: Program, globs: readonly string[]) => idsOf(questionsOf(program, audited, globs))
  for (const glob of only)
    if (programs.every((program) => ids(program, [glob]).length === 0)) {
      const near = didYouMean(
        glob,
        programs.flatMap((program) => ids(program, [])),
      )
      throw new UserError(`There is no vector "${glob}" for ${programs.map(nameOf).join(', ')}${near}`)
    }
  return programs.filter((program) => ids(program, only).length > 0)
}

const differs = ({ expected, heard }: ContractRow) => expected !== heard

/** 3 comes first: what was not asked may differ too. Nothing asked at all is no agreement. */
export function exitCodeOf(reports: readonly ContractReport[]): number {
  if (reports.some(({ rows, broken }) => broken.length > 0 || rows.length === 0)) return 3
  return reports.some(({ rows }) => rows.some(differs)) ? 1 : 0
}

/** The numbers, then what differs. */
export function inWords({ program, rows, broken }: ContractReport): string {
  const different = rows.filter(differs)
  const sign = broken.length > 0 || rows.length === 0 ? '!' : different.length > 0 ? '✘' : '✔'
  return [
    `${sign} ${program}: ${rows.length} vectors, ${rows.length - different.length} agree`,
    ...different.map(({ id, expected, heard, detail }) =>
      stacked([[id, `expected ${expected}, heard ${heard}${detail === undefined ? '' : ` (${detail})`}`]], 2),
    ),
    ...broken.map(([part, reason]) => wrapped(`${part} could not be asked: ${reason}`, 2)),
  ].join('\n')
}
