import { expect, it } from 'vitest'
import type { Case } from '../../plan/case.ts'
import type { MutationCell } from './shard.ts'
import { type MutationFacts, mutationVerdict } from './verdict.ts'

function asked(id: string, more: Partial<Case> = {}): Case {
  return {
    id,
    family: 'spoofing',
    title: id,
    why: '',
    refs: [],
    level: 'must',
    over: ['http'],
    as: 'alice',
    from: 'internet',
    to: 'proxy',
    send: [{}],
    expect: { arrives: 'never' },
    needs: [],
    depends: [],
    controls: [],
    caughtBy: ['append'],
    source: { file: 'scenarios/a.yaml', line: 3 },
    ...more,
  }
}

const cell = (id: string, outcome: MutationCell['outcome']): MutationCell => ({
  case: id,
  transport: 'http',
  status: outcome === 'green' ? 'pass' : outcome === 'red' ? 'fail' : 'harness-error',
  reason: 'because.',
  outcome,
})

const append = { name: 'append', mistake: 'The header is added.', level: 'must' } as const

/** One case that its one mutant turns red. */
const sound: MutationFacts = {
  cases: [asked('a.b.c')],
  mutants: [append],
  notAsked: [],
  result: { correct: [cell('a.b.c', 'green')], mutants: { append: [cell('a.b.c', 'red')] } },
}
const kinds = (facts: MutationFacts) => mutationVerdict(facts).problems.map(({ kind }) => kind)

it('finds no gap where the correct pair passes and the mutant turns it red', () => {
  expect(mutationVerdict(sound)).toMatchObject({
    problems: [],
    mutants: [{ name: 'append', caughtBy: ['a.b.c'], outcome: 'caught' }],
    cases: [{ id: 'a.b.c', caught: ['append'] }],
  })
})

it('tells when the correct pair fails a case', () => {
  expect(kinds({ ...sound, result: { ...sound.result, correct: [cell('a.b.c', 'red')] } })).toEqual(['correct-fails'])
  expect(kinds({ ...sound, result: { ...sound.result, correct: [cell('a.b.c', 'undecided')] } })).toEqual([
    'correct-fails',
  ])
})

it('tells when a mutant changes nothing, and when only cases of a lower level see it', () => {
  const silent = { ...sound.result, mutants: { append: [cell('a.b.c', 'green')] } }
  expect(kinds({ ...sound, result: silent })).toEqual(['survived', 'unproven'])
  const should = [asked('a.b.c', { level: 'should' })]
  expect(kinds({ ...sound, cases: should })).toEqual(['caught-at-lower-level'])
  expect(kinds({ ...sound, cases: should, mutants: [{ ...append, level: 'should' }] })).toEqual([])
})

it('tells when a case names no mutant, or one that does not turn it red', () => {
  const more = [asked('a.b.c'), asked('a.b.d', { caughtBy: [] }), asked('a.b.e')]
  expect(kinds({ ...sound, cases: more })).toEqual(['no-mutant', 'unproven'])
})

it('tells when a case has no place to be asked', () => {
  const one = asked('a.b.c', { needs: ['sidecar'] })
  expect(kinds({ ...sound, notAsked: [{ case: one, lacks: ['sidecar'] }] })).toEqual(['unasked'])
})

it('tells when nothing could be seen on a mutant that runs', () => {
  const cells = [cell('a.b.c', 'red'), cell('a.b.d', 'undecided')]
  expect(kinds({ ...sound, result: { ...sound.result, mutants: { append: cells } } })).toEqual(['undecided'])
})

it('takes a proxy that does not run for caught where nothing could be seen, and not where a case passed', () => {
  const dead = { name: 'dead', mistake: 'It does not run.', level: 'must' } as const
  const facts = (outcome: MutationCell['outcome']): MutationFacts => ({
    ...sound,
    cases: [asked('a.b.c', { caughtBy: ['dead'] })],
    mutants: [dead],
    result: { correct: [cell('a.b.c', 'green')], mutants: { dead: [cell('a.b.c', outcome)] } },
  })
  expect(kinds(facts('undecided'))).toEqual([])
  expect(kinds(facts('green'))).toEqual(['survived', 'unproven'])
})

it('tells when a case would pass on a proxy that lets nobody through', () => {
  const deny = { name: 'deny-all', mistake: 'Everything is refused.', level: 'must' } as const
  const cases = [
    asked('a.b.control', { caughtBy: ['deny-all'] }),
    asked('a.b.c', { controls: ['a.b.control', 'a.b.d'] }),
    asked('a.b.d'),
  ]
  const red = { 'deny-all': [cell('a.b.control', 'red')], append: [cell('a.b.c', 'red'), cell('a.b.d', 'red')] }
  const facts = (mutants: MutationFacts['result']['mutants']): MutationFacts => ({
    cases,
    mutants: [append, deny],
    notAsked: [],
    result: { correct: [], mutants },
  })
  // a.b.d still holds there, and a.b.c depends on it.
  expect(kinds(facts(red))).toEqual(['nothing-works'])
  expect(kinds(facts({ ...red, 'deny-all': [cell('a.b.control', 'red'), cell('a.b.d', 'red')] }))).toEqual([])
})
