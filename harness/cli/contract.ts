/** `conformance contract`: what is written down about each version of a gateway, asked of the real program. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { knownGateways } from '../gateways/known-gateways.ts'
import { gatewayPrograms, type Program, programOf } from '../gateways/programs.ts'
import { selectGateways } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import type { ContractRow } from '../run/contract.ts'
import type { RunEvent } from '../run/events.ts'
import { stacked, wrapped } from './columns.ts'
import type { RunOptions } from './options.ts'
import { terminalProgress } from './progress.ts'
import { loadProject } from './project.ts'

export type ContractOptions = RunOptions & { readonly only: readonly string[]; readonly all: boolean }

/** What was heard of one program. */
export type ContractReport = {
  readonly program: string
  readonly rows: readonly ContractRow[]
  /** Parts that could not be asked, with the reason. */
  readonly broken: readonly (readonly [part: string, reason: string])[]
}

/** @returns the exit code: 1 for an answer that differs, 3 for a part that could not be asked. @throws UserError before anything is started */
export async function contractCommand(options: ContractOptions): Promise<number> {
  const since = performance.now()
  const programs = options.all ? gatewayPrograms : chosenPrograms(options.gateway)
  const { catalogue } = await loadProject()
  using progress = terminalProgress()
  progress.note(`${programs.length} programs: ${programs.map(nameOf).join(', ')}`)
  const { interruptible } = await import('./carry-out.ts')
  using interruption = interruptible(progress)
  const { noteOwner, runFolderPrefix } = await import('../lab/containers/sweep.ts')
  const { findFooting, preparePrograms } = await import('./prepare.ts')
  const { spawnRun } = await import('../run/spawn-run.ts')
  const footing = await findFooting({ environments: [{ embedded: false }] }, options, progress)
  for (const note of footing.notes) progress.note(note)
  const { ready, missing } = await preparePrograms(programs, footing, options, progress)
  const folder = await mkdtemp(join(tmpdir(), runFolderPrefix))
  await noteOwner(folder)
  const heard = new Map(
    programs.map((program) => [nameOf(program), { rows: [] as ContractRow[], broken: [] as [string, string][] }]),
  )
  const fail = (program: string, part: string, reason: string) => void heard.get(program)?.broken.push([part, reason])
  const failAll = (reason: string) => {
    for (const program of ready) fail(nameOf(program), 'the rest', reason)
  }
  for (const [program, reason] of missing) fail(program, 'all of it', reason)
  const onEvent = (event: RunEvent) => {
    switch (event.type) {
      case 'engine':
        return progress.note(`Engine ${event.kind} ${event.version} (${(event.ms / 1000).toFixed(1)} s)`)
      case 'starting':
        return progress.status(event.id)
      case 'failure':
        return failAll(event.message)
      case 'broken-cell':
        return fail(event.environment.split(' ')[0] ?? '', event.name, event.reason)
      case 'contract': {
        const { program, part, rows, reason } = event
        heard.get(program)?.rows.push(...rows)
        if (reason !== undefined) fail(program, part, reason)
        const differ = rows.filter(differs).length
        return progress.note(
          `${program} ${part}: ${reason === undefined ? `${rows.length - differ} of ${rows.length} agree` : 'not asked'}`,
        )
      }
    }
  }
  try {
    if (ready.length > 0 && !interruption.signal.aborted) {
      const audited = Object.fromEntries(
        catalogue.proxies
          .filter(({ embedded }) => !embedded)
          .flatMap(({ name, variants }) =>
            variants.filter((variant) => variant.name === 'documented').map((variant) => [name, variant]),
          ),
      )
      const request = {
        runId: randomBytes(4).toString('hex'),
        environments: [],
        engine: footing.engine,
        folder,
        // One program after the other: each wants a core and a gigabyte to itself.
        jobs: 1,
        seed: options.seed,
        keep: false,
        command: 'conformance contract',
        contract: { programs: ready, only: options.only, audited },
      }
      const end = await spawnRun(request, footing.prefix, onEvent, interruption.signal)
      if (end.kind === 'died') failAll(end.detail)
    }
  } finally {
    progress.status('')
    await rm(folder, { recursive: true, force: true })
  }
  const reports = [...heard].map(([program, { rows, broken }]): ContractReport => ({ program, rows, broken }))
  const exitCode = interruption.signal.aborted ? 130 : exitCodeOf(reports)
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  console.log(
    options.json
      ? JSON.stringify({ schema: 1, ok: exitCode === 0, exitCode, programs: reports }, undefined, 2)
      : [...reports.map(inWords), `${reports.length} programs, ${seconds} s`].join('\n'),
  )
  return exitCode
}

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
