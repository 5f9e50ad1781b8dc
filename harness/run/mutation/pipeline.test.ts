import { expect, it } from 'vitest'
import { correct } from '../../reference-proxy/behaviour.ts'
import { type Mutant, mutantNamed } from '../../reference-proxy/mutants.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { runPipeline } from './pipeline.ts'

const named = (mutant: Mutant) => ({ proxy: mutant })

it('runs mutants as an ordinary run does, with nobody there before', { timeout: 60_000 }, async () => {
  const planned = await planReferencePair(['identity.arrival', 'identity.users', 'spoofing.identity-header.one-line'])
  const harmless: Mutant = { ...mutantNamed('append'), name: 'harmless', behaviour: correct }
  const mutants = [mutantNamed('append'), mutantNamed('cross-user'), harmless].map(named)
  const { correct: before, mutants: found } = await runPipeline([planned], mutants)
  const red = (name: string) =>
    new Set((found[name] ?? []).filter(({ outcome }) => outcome === 'red').map((cell) => cell.case))
  expect(before.every(({ outcome }) => outcome === 'green')).toBe(true)
  expect(found.harmless).toEqual(before.map(({ reason: _, ...cell }) => expect.objectContaining(cell)))
  expect(red('append')).toContain('spoofing.identity-header.one-line')
  // What it remembers of alice it remembers because alice asked in this run.
  expect(red('cross-user')).toContain('identity.users.other-user')
})

it('asks a proxy that does not run at its usual ports: nothing passes, and the run goes on', {
  timeout: 60_000,
}, async () => {
  const planned = await planReferencePair(['bypass.auth-service', 'identity.arrival'])
  const { mutants: found } = await runPipeline([planned], [mutantNamed('dead'), mutantNamed('append')].map(named))
  const green = (name: string) => (found[name] ?? []).filter(({ outcome }) => outcome === 'green').length
  expect(green('dead')).toBe(0)
  expect(green('append')).toBeGreaterThan(0)
})
