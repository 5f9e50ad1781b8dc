/** A proxy may pass on only the headers that it knows: the requests of the suite are then told apart without the header of their mark. */
import { expect, it } from 'vitest'
import { loadProject } from '../../cli/project.ts'
import { knownGateways } from '../../gateways/known-gateways.ts'
import { markHeader } from '../../plan/marks.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { correctSteps, type HeaderStep } from '../../reference-proxy/header-steps.ts'
import { without } from '../../reference-proxy/header-lines.ts'
import { runPipeline } from './pipeline.ts'
import { mutationPlaces } from './places.ts'

const dropMark: HeaderStep = (lines) => without(markHeader.toLowerCase(), lines)

const behaviour = { ...correct, steps: [...correctSteps, dropMark] }

it('gives the statuses of a proxy that passes on every header', { timeout: 300_000 }, async () => {
  const { catalogue } = await loadProject()
  const proxy = catalogue.proxies.find(({ embedded }) => embedded)
  const [gateway] = knownGateways
  if (!proxy || !gateway) throw new Error('no reference pair')
  const { environments } = mutationPlaces(catalogue.cases, proxy, gateway)
  const name = 'known-headers'
  const { correct: before, mutants } = await runPipeline(environments, [
    { proxy: { name, mistake: 'none', level: 'must', behaviour } },
  ])
  const after = mutants[name] ?? []
  const told = after.flatMap((cell, index) => {
    const same = before[index]
    return same?.status === cell.status ? [] : [`${cell.case} ${cell.transport}: ${same?.status} -> ${cell.status}: ${cell.reason}`]
  })
  expect(after.length).toBeGreaterThan(600)
  expect(told.join('\n')).toBe('')
})
