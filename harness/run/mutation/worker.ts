/** A thread of the mutation run: its part of the catalogue, in and out as plain data. */
import { parentPort, workerData } from 'node:worker_threads'
import { gatewayMutants } from '../../gateways/reference/mutants.ts'
import { mutants } from '../../reference-proxy/mutants.ts'
import type { MutationOrder } from './mutation.ts'
import { runShard } from './shard.ts'

const order: MutationOrder = workerData
const all = [...mutants.map((proxy) => ({ proxy })), ...gatewayMutants.map((gateway) => ({ gateway }))]
parentPort?.postMessage(await runShard(order.environments, all, { lanes: order.lanes, again: 'where-it-may-turn-red' }))
