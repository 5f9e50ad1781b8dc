import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isGreen, type Status } from '../../judge/status.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import type { Behaviour } from '../../reference-proxy/behaviour.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { CellRunner } from './run-cell.ts'

let planned: PlannedEnvironment
let lab: EmbeddedLab
beforeAll(async () => {
  const whole = await planReferencePair(['**'])
  // Those that wait and those with steps of their own are never among others.
  planned = { ...whole, cells: whole.cells.filter(({ case: { family, step } }) => family !== 'smuggling' && !step) }
  lab = await startEmbedded(planned)
})
afterAll(() => lab[Symbol.asyncDispose]())

/** How each cell came out. */
async function outcomes(
  behaviour: Behaviour,
  company: 'alone' | 'batches',
  cells = planned.cells,
): Promise<ReadonlyMap<string, Status>> {
  await lab.replaceProxy(behaviour)
  const runner = new CellRunner({ planned: { ...planned, cells }, environment: lab, fencing: 'always' }, company)
  const found = new Map<string, Status>()
  for (const cell of cells) {
    const { judgement } = await runner.run(cell)
    found.set(`${cell.case.id} ${cell.transport}`, judgement.status)
  }
  return found
}

describe('cells among others', { timeout: 60_000 }, () => {
  it('come out on the correct proxy as each by itself, with one fence behind many', async () => {
    const before = lab.recordings?.last ?? 0
    const alone = await outcomes(correct, 'alone')
    const between = lab.recordings?.last ?? 0
    expect(await outcomes(correct, 'batches')).toEqual(alone)
    const after = lab.recordings?.last ?? 0
    expect(after - between).toBeLessThan(between - before)
    expect([...alone.values()].filter((status) => isGreen({ status }))).not.toEqual([])
  })

  it.each(['deny-but-forward', 'http-only', 'append'])('come out on %s as each by itself', async (name) => {
    const { behaviour } = mutantNamed(name)
    const alone = await outcomes(behaviour, 'alone')
    expect([...alone.values()]).toContain('fail')
    expect(await outcomes(behaviour, 'batches')).toEqual(alone)
  })

  it('are not green where nothing is alive, which each then says by itself', async () => {
    const few = planned.cells.filter(({ case: { id } }) => /^(identity\.arrival|spoofing\.anonymous)\./.test(id))
    const found = await outcomes(mutantNamed('dead').behaviour, 'batches', few)
    expect(found.size).toBeGreaterThan(10)
    expect([...found.values()].filter((status) => isGreen({ status }))).toEqual([])
  })
})
