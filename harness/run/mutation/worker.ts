/** A thread of the mutation run: its part of the catalogue, in and out as plain data. */
import { parentPort, workerData } from 'node:worker_threads'
import { gatewayMutants } from '../../gateways/reference/mutants.ts'
import { mutants } from '../../reference-proxy/mutants.ts'
import type { MutationMessage, MutationOrder } from './mutation.ts'
import { runPipeline } from './pipeline.ts'
import { nameOf, runShard } from './shard.ts'

const order: MutationOrder = workerData
const all = [...mutants.map((proxy) => ({ proxy })), ...gatewayMutants.map((gateway) => ({ gateway }))]
const mine = order.mutants === undefined ? all : all.filter((mutant) => order.mutants?.includes(nameOf(mutant)))
const say = (message: MutationMessage) => parentPort?.postMessage(message)
const result =
  order.mutants === undefined
    ? await runShard(order.environments, mine, { lanes: order.lanes, again: 'where-it-may-turn-red' })
    : await runPipeline(order.environments, mine, (place, mutant) => say({ type: 'ran', mutant, place }))
say({ type: 'done', result })
