/** Mutants through the pipeline of an ordinary run: batches, fences, controls and the last look at what came late; nobody was there before. */
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { fenceConnection } from '../cells/fence.ts'
import { CellRunner } from '../cells/run-cell.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { type AnyMutant, forMutants, type MutationCell, merged, nameOf, outcomeOf, type ShardResult } from './shard.ts'

/**
 * Every cell of every environment on the correct pair, and then on each mutant, as an ordinary run does it.
 * @param ran told after each mutant in each environment. @throws when a lab does not start
 */
export async function runPipeline(
  environments: readonly PlannedEnvironment[],
  mutants: readonly AnyMutant[],
  ran: (place: string, mutant: string) => void = () => {},
): Promise<ShardResult> {
  const results: ShardResult[] = []
  for (const planned of environments) {
    if (planned.cells.length === 0) continue
    await using started = await startEmbedded(planned)
    const lab = forMutants(started)
    const cells = await runAll(planned, lab)
    const found: Record<string, MutationCell[]> = {}
    for (const mutant of mutants) {
      await lab.replaceProxy('proxy' in mutant ? mutant.proxy.behaviour : correct)
      await lab.replaceGateway('gateway' in mutant ? mutant.gateway.policy : (policy) => policy)
      found[nameOf(mutant)] = await runAll(planned, lab)
      ran(planned.id, nameOf(mutant))
    }
    results.push({ correct: cells, mutants: found, cells: { run: mutants.length * planned.cells.length, same: 0 } })
  }
  return merged(results)
}

/** Every cell as an ordinary run does it, controls and dependencies of selected cells left out of the answer. */
export async function runAll(planned: PlannedEnvironment, lab: EmbeddedLab): Promise<MutationCell[]> {
  await using fences = fenceConnection({ planned, environment: lab })
  const runner = new CellRunner({ planned, environment: lab, fencing: fences }, 'batches')
  const found = new Map<string, MutationCell>()
  const keep = (cell: PlannedEnvironment['cells'][number], judgement: Parameters<typeof outcomeOf>[1]) => {
    if (cell.included === 'selected') found.set(`${cell.case.id} ${cell.transport}`, outcomeOf(cell, judgement))
  }
  for (const cell of planned.cells) keep(cell, (await runner.run(cell)).judgement)
  for (const { cell, judged } of await runner.finish()) keep(cell, judged.judgement)
  return [...found.values()]
}
