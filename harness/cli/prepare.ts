/** What has to be there before anything starts: an engine, and the programs of every environment. */
import { type Program, programOf } from '../gateways/programs.ts'
import { type Leftover, sweep } from '../lab/containers/sweep.ts'
import { engineClient } from '../lab/deadlines.ts'
import { findEngine } from '../lab/engine.ts'
import { type PreparedService, Preparer } from '../lab/images/prepare.ts'
import { enterNamespaces } from '../lab/private/enter.ts'
import { enginePackages } from '../lab/private/packages.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import type { PreparedProgram } from '../run/protocol/contract.ts'
import type { PreparedEnvironment, RunEngine } from '../run/protocol/request.ts'
import { environmentRow } from '../run/results/environment-row.ts'
import type { EnvironmentResult } from '../run/results/results.ts'
import { settleSocketFolder } from './machine.ts'
import type { RunOptions } from './options.ts'
import type { TerminalProgress } from './progress.ts'

/** Where the containers of a run will live. */
export type EngineChoice = {
  readonly engine: RunEngine
  /** What a given engine is called; a private one tells when it has started. */
  readonly name?: string
  /** Command line that enters the run's own namespaces; empty for a plain process. */
  readonly prefix: readonly string[]
  /** What the reader of the report must know. */
  readonly notes: readonly string[]
  /** Why there is no engine, where it was wanted. */
  readonly obstacle?: string
}

/** Finds an engine or makes one ready, and removes what is left over from earlier runs. */
export async function chooseEngine(
  plan: { readonly environments: readonly Pick<PlannedEnvironment, 'embedded'>[] },
  options: RunOptions,
  progress: TerminalProgress,
): Promise<EngineChoice> {
  const nowhere: EngineChoice = { engine: { kind: 'none' }, prefix: [], notes: [] }
  if (options.engine === 'none' || plan.environments.every((environment) => environment.embedded)) return nowhere
  const found = await progress.step('looking for a container engine', async (detail) => {
    const engine = await findEngine(options.engine === 'none' ? 'auto' : options.engine)
    detail(
      engine.kind === 'docker'
        ? `${engine.name} at ${engine.socket}`
        : engine.kind === 'private'
          ? 'none found'
          : 'none found, and none can be started',
    )
    return engine
  })
  if (found.kind !== 'none') settleSocketFolder((sentence) => progress.note(sentence))
  const left = await sweep(found.kind === 'docker' ? engineClient(found.socket) : undefined, 'remove')
  for (const line of left.flatMap(problemOf)) progress.note(line)
  switch (found.kind) {
    case 'docker':
      return {
        engine: { kind: 'docker', socket: found.socket, version: found.version },
        name: found.name,
        prefix: [],
        notes: [],
      }
    case 'private':
      progress.note('No container engine found; starting a private one for this run')
      try {
        const packages = await enginePackages(progress, options.offline)
        return { engine: { kind: 'private', packages }, prefix: enterNamespaces, notes: [] }
      } catch (error) {
        const obstacle = `The private engine could not be made ready: ${error instanceof Error ? error.message : error}`
        return { ...nowhere, notes: [obstacle], obstacle }
      }
    case 'none':
      return {
        ...nowhere,
        notes: [
          `NO CONTAINER ENGINE: only the embedded lab ran, no real proxy was tested (${found.reasons.join('; ')}). "conformance doctor" says what to do; "--engine none" asks for the embedded lab alone.`,
        ],
      }
  }
}

/** What a sweep could not remove is told, and ends nothing. */
export function problemOf({ kind, name, problem }: Leftover): string[] {
  return problem === undefined
    ? []
    : [`Left over from an earlier run: ${kind} ${name} could not be removed: ${problem}`]
}

export type Prepared = {
  readonly environments: readonly PreparedEnvironment[]
  /** Rows of environments that cannot run here. */
  readonly missing: readonly EnvironmentResult[]
}

/** Fetches and builds everything that the environments need, each thing once; what cannot be had costs its own environments only. */
export async function prepare(
  environments: readonly PlannedEnvironment[],
  choice: EngineChoice,
  options: RunOptions,
  progress: TerminalProgress,
): Promise<Prepared> {
  const { engine } = choice
  // A private engine has no network: what it runs is built.
  const docker = engine.kind === 'docker' ? engineClient(engine.socket) : undefined
  const services = environments.flatMap(({ variant }) => variant.services)
  const preparer = new Preparer(services, {
    images: options.images,
    offline: options.offline,
    progress,
    ...(docker && { docker }),
    ...(engine.kind !== 'none' && { builds: engine }),
  })
  const missing: EnvironmentResult[] = []
  const ready: PreparedEnvironment[] = []
  await Promise.all(
    environments.map(async (environment) => {
      if (environment.embedded) return void ready.push({ ...environment, services: {} })
      const unavailable = (reason: string) =>
        void missing.push(environmentRow(environment, { status: 'unavailable', reason }))
      if (engine.kind === 'none') return unavailable(choice.obstacle ?? 'There is no container engine here.')
      const wanted = [
        ['harness', preparer.harness()] as const,
        ...('version' in environment.gateway
          ? [['gateway', preparer.npm(programOf(environment.gateway.name, environment.gateway.version))] as const]
          : []),
        ...environment.variant.services.map((service) => [service.name, preparer.service(service)] as const),
      ]
      const prepared: Record<string, PreparedService> = {}
      for (const [name, preparing] of wanted) {
        const preparation = await preparing
        if (preparation.status === 'unavailable') return unavailable(preparation.reason)
        prepared[name] = preparation.service
      }
      ready.push({ ...environment, services: prepared })
    }),
  )
  const place = (id: string) => environments.findIndex((environment) => environment.id === id)
  return { environments: ready.toSorted((one, other) => place(one.id) - place(other.id)), missing }
}

/** The programs themselves, without a proxy. What cannot be had is told in words, by name. */
export async function preparePrograms(
  programs: readonly Program[],
  choice: EngineChoice,
  options: RunOptions,
  progress: TerminalProgress,
): Promise<{ readonly ready: readonly PreparedProgram[]; readonly missing: ReadonlyMap<string, string> }> {
  const { engine } = choice
  const missing = new Map<string, string>()
  const ready: PreparedProgram[] = []
  const docker = engine.kind === 'docker' ? engineClient(engine.socket) : undefined
  const preparer = new Preparer([], {
    images: options.images,
    offline: options.offline,
    progress,
    ...(docker && { docker }),
    ...(engine.kind !== 'none' && { builds: engine }),
  })
  for (const program of programs) {
    const { name, version } = program
    if (engine.kind === 'none') {
      missing.set(`${name}@${version}`, choice.obstacle ?? 'there is no container engine here')
      continue
    }
    const [harness, gateway] = [await preparer.harness(), await preparer.npm(program)]
    if (harness.status === 'unavailable') missing.set(`${name}@${version}`, harness.reason)
    else if (gateway.status === 'unavailable') missing.set(`${name}@${version}`, gateway.reason)
    else ready.push({ name, version, services: { harness: harness.service, gateway: gateway.service } })
  }
  return { ready, missing }
}
