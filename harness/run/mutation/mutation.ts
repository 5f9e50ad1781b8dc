/** The mutation run: the whole catalogue on the correct pair and on every broken one, and what that says of the catalogue. */
import { on } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { knownGateways } from '../../gateways/known-gateways.ts'
import { gatewayMutants } from '../../gateways/reference/mutants.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { Catalogue } from '../../plan/load-catalogue.ts'
import { mutants } from '../../reference-proxy/mutants.ts'
import { mutationPlaces } from './places.ts'
import { merged, type ShardResult } from './shard.ts'
import { type MutationVerdict, mutationVerdict } from './verdict.ts'

/** What a thread gets; plain data. */
export type MutationOrder = {
  readonly environments: readonly PlannedEnvironment[]
  readonly lanes: number
  /** By name: these go through the pipeline of an ordinary run, every cell of it. Absent: all of them, cell by cell where they may turn red. */
  readonly mutants?: readonly string[]
}

/** What a thread says. */
export type MutationMessage =
  | { readonly type: 'ran'; readonly mutant: string; readonly place: string }
  | { readonly type: 'done'; readonly result: ShardResult }

export type MutationRun = MutationVerdict & {
  /** Milliseconds, from the loaded catalogue on. */
  readonly ms: number
  readonly cells: ShardResult['cells']
}

/** Labs per thread: while some wait for bytes that must not come, others work. */
const lanes = 3

/**
 * Every case × every mutant, in as many threads as there are cores (at most four).
 * @param progress told in words what has been run, in the pipeline. @throws when a lab does not start or there is no reference proxy in the catalogue
 */
export async function runMutation(
  { cases, proxies }: Pick<Catalogue, 'cases' | 'proxies'>,
  way: 'cell by cell' | 'pipeline' = 'cell by cell',
  progress: (line: string) => void = () => {},
): Promise<MutationRun> {
  const since = performance.now()
  const proxy = proxies.find(({ embedded }) => embedded)
  const gateway = knownGateways.find(({ name }) => name === 'reference')
  if (proxy === undefined || gateway === undefined)
    throw new Error('the mutation run needs the reference proxy and gateway')
  const threads = Math.min(availableParallelism(), 4)
  const names = [...mutants.map(({ name }) => name), ...gatewayMutants.map(({ name }) => name)]
  // Cell by cell each thread has a part of the cases; in the pipeline a cell's company is part of what is proved.
  const orders =
    way === 'pipeline'
      ? shares(names, threads).map((share): MutationOrder => {
          const { environments } = mutationPlaces(cases, proxy, gateway)
          return { environments, lanes, mutants: share }
        })
      : shares(cases, threads).map((share): MutationOrder => {
          const { environments } = mutationPlaces(cases, proxy, gateway, share)
          return { environments, lanes }
        })
  let count = 0
  const all = orders.reduce((sum, { environments, mutants: share = [] }) => sum + environments.length * share.length, 0)
  const ran = ({ mutant, place }: Extract<MutationMessage, { type: 'ran' }>) => {
    count += 1
    progress(`${count} of ${all}: ${mutant} in ${place}`)
  }
  const result = merged(await Promise.all(orders.map((order) => runThread(order, ran))))
  const { notAsked } = mutationPlaces(cases, proxy, gateway)
  const known = [
    ...mutants.map(({ name, mistake, level }) => ({ name, mistake, level })),
    ...gatewayMutants.map(({ name, mistake }) => ({ name, mistake, level: 'must' as const })),
  ]
  const verdict = mutationVerdict({ cases, mutants: known, notAsked, result, way })
  return { ...verdict, cells: result.cells, ms: Math.round(performance.now() - since) }
}

/** Dealt out one by one, so that what is costly spreads. */
function shares<One>(all: readonly One[], count: number): One[][] {
  return Array.from({ length: count }, (_, index) => all.filter((_one, position) => position % count === index))
}

async function runThread(
  order: MutationOrder,
  ran: (message: Extract<MutationMessage, { type: 'ran' }>) => void,
): Promise<ShardResult> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: order,
    // Both ends of every connection live in it: with room (MB) most of what a cell leaves is never copied.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  })
  try {
    // An uncaught error of the thread rejects this.
    for await (const [said] of on(worker, 'message', { close: ['exit'] })) {
      const message: MutationMessage = said
      if (message.type === 'done') return message.result
      ran(message)
    }
    throw new Error('a thread of the mutation run ended without a result')
  } finally {
    await worker.terminate()
  }
}
