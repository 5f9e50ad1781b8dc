/** Real gateways keep no record: a cell that is judged there all the same must be one that can fail there. */
import { expect, it } from 'vitest'
import { loadProject } from '../harness/cli/project.ts'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import { gatewayMutants } from '../harness/gateways/reference/mutants.ts'
import { tellsWithoutRecord } from '../harness/judge/silence.ts'
import type { Case } from '../harness/plan/case.ts'
import type { PlannedEnvironment } from '../harness/plan/expand.ts'
import { correct } from '../harness/reference-proxy/behaviour.ts'
import { mutants } from '../harness/reference-proxy/mutants.ts'
import { inProcessLimits } from '../harness/run/cells/context.ts'
import { greenRelated, runAndJudge } from '../harness/run/cells/run-cell.ts'
import { type EmbeddedLab, startEmbedded } from '../harness/run/environments/embedded.ts'
import type { RunningEnvironment } from '../harness/run/environments/running-environment.ts'
import { mutationPlaces } from '../harness/run/mutation/places.ts'

const { catalogue } = await loadProject()
const proxy = catalogue.proxies.find(({ embedded }) => embedded)
const [gateway] = knownGateways
if (!proxy || !gateway) throw new Error('no reference pair')
const share = catalogue.cases.filter(
  ({ expect: asked, needs }) => tellsWithoutRecord(asked) && !needs.includes('recording'),
)
const visit = catalogue.cases.find(({ id }) => id === 'identity.arrival.accepted')
if (!visit) throw new Error('nobody visits')
const { environments } = mutationPlaces(catalogue.cases, proxy, gateway, share)

it('judges most of the catalogue without a record, and nothing that only a record can show', () => {
  expect(share.length).toBeGreaterThan(100)
  expect(tellsWithoutRecord({ verdict: { only: 'alice' } })).toBe(false)
  expect(tellsWithoutRecord({ arrives: { absent: ['x'] }, verdict: { accepted: 'alice' } })).toBe(false)
})

it.each(environments)(
  '$id: the right pair meets each case, and one of its mutants does not',
  {
    timeout: 180_000,
  },
  async (planned) => {
    await using lab = await startEmbedded(planned)
    const wrong: string[] = []
    for (const asked of share.filter((one) => planned.cells.some((cell) => cell.case === one))) {
      await set(lab, undefined)
      const met = await outcomes(asked, planned, lab)
      if (!met.every((one) => one !== false) || !met.includes(true))
        wrong.push(`${asked.id} is not met: ${met.join(' ')}`)
      let caught = false
      for (const name of asked.caughtBy) {
        await set(lab, name)
        // What a proxy wrongly remembers of somebody shows in the next visitor's requests.
        await outcomes({ ...visit, as: asked.as === 'alice' ? 'bob' : 'alice' }, planned, lab)
        caught ||= (await outcomes(asked, planned, lab)).includes(false)
        if (caught) break
      }
      if (!caught) wrong.push(`${asked.id} is caught by none of ${asked.caughtBy.join(', ')}`)
    }
    expect(wrong).toEqual([])
  },
)

async function set(lab: EmbeddedLab, mutant: string | undefined): Promise<void> {
  const broken = mutants.find(({ name }) => name === mutant)
  const other = gatewayMutants.find(({ name }) => name === mutant)
  await lab.replaceProxy(broken?.behaviour ?? correct)
  await lab.replaceGateway(other?.policy ?? ((policy) => policy))
}

/** Of each transport: whether the case is met; nothing where that could not be told. */
async function outcomes(asked: Case, planned: PlannedEnvironment, lab: EmbeddedLab): Promise<(boolean | undefined)[]> {
  const { recordings: _, ...unrecorded } = { ...lab, limits: inProcessLimits }
  const environment: RunningEnvironment = unrecorded
  const met: (boolean | undefined)[] = []
  for (const transport of asked.over) {
    const cell = { case: asked, transport, included: 'selected' as const }
    const { judgement } = await runAndJudge(cell, { planned, environment, fencing: 'always' }, greenRelated(asked))
    met.push(judgement.met)
  }
  return met
}
