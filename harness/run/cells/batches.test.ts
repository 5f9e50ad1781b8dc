import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isGreen, type Status } from '../../judge/status.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { markHeader } from '../../plan/marks.ts'
import type { Behaviour } from '../../reference-proxy/behaviour.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { Windows } from './batches.ts'
import { cellRunner } from './run-cell.ts'

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
  way: 'alone' | 'among others',
  cells = planned.cells,
): Promise<ReadonlyMap<string, Status>> {
  await lab.replaceProxy(behaviour)
  const runner = cellRunner(planned)
  const windows = new Windows(planned, lab, 'always', (cell) => runner.runs(cell, lab))
  const found = new Map<string, Status>()
  for (const cell of cells) {
    const seen = way === 'alone' ? undefined : () => windows.seen(cell)
    const { judgement } = await runner.run(cell, lab, 'always', seen)
    found.set(`${cell.case.id} ${cell.transport}`, judgement.status)
  }
  return found
}

describe('cells among others', () => {
  it('come out on the correct proxy as each by itself, with one fence behind many', async () => {
    const before = lab.recordings?.last ?? 0
    const alone = await outcomes(correct, 'alone')
    const between = lab.recordings?.last ?? 0
    expect(await outcomes(correct, 'among others')).toEqual(alone)
    const after = lab.recordings?.last ?? 0
    expect(after - between).toBeLessThan(between - before)
    expect([...alone.values()].filter((status) => isGreen({ status }))).not.toEqual([])
  })

  it.each(['deny-but-forward', 'http-only', 'cross-user'])('come out on %s as each by itself', async (name) => {
    const { behaviour } = mutantNamed(name)
    const alone = await outcomes(behaviour, 'alone')
    expect([...alone.values()]).toContain('fail')
    expect(await outcomes(behaviour, 'among others')).toEqual(alone)
  })

  it('are not green where nothing is alive, which each then says by itself', async () => {
    const few = planned.cells.filter(({ case: { id } }) => /^(identity\.arrival|spoofing\.anonymous)\./.test(id))
    const found = await outcomes(mutantNamed('dead').behaviour, 'among others', few)
    expect(found.size).toBeGreaterThan(10)
    expect([...found.values()].filter((status) => isGreen({ status }))).toEqual([])
  })

  it('are not told apart where something arrives without its mark', async () => {
    const [first] = planned.cells
    if (first === undefined) throw new Error('no cells')
    const seenBehind = async (behaviour: Behaviour) => {
      await lab.replaceProxy(behaviour)
      return await new Windows(planned, lab, 'always', () => true).seen(first)
    }
    expect(await seenBehind(correct)).toMatchObject({ attempts: [{ arrivals: [expect.anything()] }] })
    const unmarked: Behaviour = {
      ...correct,
      target: (target) => target.replace(/mark=mark-\w+/, ''),
      steps: [...correct.steps, (lines) => lines.filter(([name]) => name.toLowerCase() !== markHeader.toLowerCase())],
    }
    expect(await seenBehind(unmarked)).toBeUndefined()
  })
})
