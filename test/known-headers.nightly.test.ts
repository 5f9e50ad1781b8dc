/** A proxy may pass on only the headers that it knows: what becomes of the cases when the requests of the suite lose what tells them apart. */
import { expect, it } from 'vitest'
import { loadProject } from '../harness/cli/project.ts'
import { knownGateways } from '../harness/gateways/known-gateways.ts'
import type { Case } from '../harness/plan/case.ts'
import { markHeader } from '../harness/plan/marks.ts'
import { correctSteps, type HeaderStep } from '../harness/reference-proxy/header-steps.ts'
import { type Mutant, mutant } from '../harness/reference-proxy/mutants/mutant.ts'
import { runPipeline } from '../harness/run/mutation/pipeline.ts'
import { mutationPlaces } from '../harness/run/mutation/places.ts'
import type { MutationCell } from '../harness/run/mutation/shard.ts'

const without =
  (...names: readonly string[]): HeaderStep =>
  (lines) =>
    lines.filter(([name]) => !names.includes(name.toLowerCase()))

const mark = markHeader.toLowerCase()
const noMark = mutant('no-mark', 'drops the header of the mark', { steps: [...correctSteps, without(mark)] })
/** What the case itself sends as `User-Agent` stays. */
const ownAgent: HeaderStep = (lines) =>
  lines.filter(([name, value]) => name.toLowerCase() !== 'user-agent' || !value.includes('mark-'))
const noAgent = mutant('no-agent', 'drops the mark everywhere but in the URL', {
  steps: [...correctSteps, without(mark), ownAgent],
})
/** Users mixed up, behind the same loss: what must never come out as met. */
const everybodyAlice = mutant('everybody-alice', 'drops the mark, and writes alice for everybody', {
  steps: [
    ...correctSteps,
    without(mark),
    ownAgent,
    (lines) => lines.map(([name, value]) => [name, value.replace('bob@', 'alice@')]),
  ],
})

const { catalogue } = await loadProject()
const embedded = catalogue.proxies.find((one) => one.embedded) ?? expect.fail('no reference proxy')
const reference = knownGateways[0] ?? expect.fail('no reference gateway')
const together = catalogue.cases.filter(({ id }) => id.startsWith('identity.together.'))

/** The cells that come out otherwise than on the correct pair. */
async function changes(one: Mutant, share: readonly Case[]): Promise<readonly MutationCell[]> {
  if (!embedded || !reference) throw new Error('no reference pair')
  const { environments } = mutationPlaces(catalogue.cases, embedded, reference, share)
  const { correct, mutants } = await runPipeline(environments, [{ proxy: one }])
  const found = mutants[one.name] ?? []
  expect(found.length).toBeGreaterThanOrEqual(share.length)
  expect(found).toHaveLength(correct.length)
  return found.filter(({ status }, index) => status !== correct[index]?.status)
}

it('changes no status by passing on known headers only', { timeout: 600_000 }, async () => {
  expect(await changes(noMark, catalogue.cases)).toEqual([])
})

it('makes inconclusive, and nothing else, what cannot be told apart without User-Agent', {
  timeout: 600_000,
}, async () => {
  const found = await changes(noAgent, catalogue.cases)
  expect(found.map((cell) => cell.case)).toContain('identity.together.same-url')
  for (const { status, reason } of found) {
    expect(reason).toMatch(/^Inconclusive: .*the proxy forwards neither .* cannot be told apart/)
    expect(status).toBe('blocked')
  }
})

it('is red where one user arrives as the other all the same', { timeout: 300_000 }, async () => {
  const found = await changes(everybodyAlice, together)
  expect(found.filter(({ status }) => status === 'fail').map((cell) => cell.case)).toContain(
    'identity.together.same-url',
  )
})
