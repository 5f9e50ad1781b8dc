import { describe, expect, it } from 'vitest'
import type { Letter } from '../judge/grade.ts'
import type { EnvironmentResult, Finding, Results } from '../run/results/results.ts'
import { answerInWords, choicesOf, nameOf, notTakenInWords, programsOf, worstInWords } from './choices.ts'
import { overviewOf } from './overview.ts'
import { aRun } from './report.fixture.ts'

type Told = Partial<EnvironmentResult> & { readonly letter: Letter; readonly seen?: number; readonly says?: string }

const { results } = aRun({ cases: 1, environments: 1 })
const [model] = results.environments
if (model === undefined) throw new Error('The fixture has no environment.')
const { documentation: _, ...plain } = model

/** A run of environments of which only this is known. */
function overviewWith(...told: readonly Told[]) {
  const environments = told.map(({ letter, seen, says, ...own }, index): EnvironmentResult => {
    const proxy = own.proxy ?? 'p'
    return {
      ...plain,
      services: [program('nginx', '1.0')],
      ...own,
      id: `${proxy}@1/${own.variant}/${index}`,
      proxy,
      proxyVersion: '1',
    }
  })
  const idOf = (index: number) => environments[index]?.id ?? ''
  const grades: Results['grades'] = told.map(({ letter, seen = 10 }, index) => ({
    environment: idOf(index),
    letter,
    seen,
    applicable: 20,
    caps: [],
    notTested: [],
  }))
  const findings = told.flatMap(({ says }, index): Finding[] =>
    says === undefined
      ? []
      : [
          {
            environment: idOf(index),
            id: 'x',
            consequence: 'user-is-anyone',
            level: 'must',
            says,
            cells: [],
            remedies: [],
          },
        ],
  )
  return overviewOf({ ...results, environments, grades, findings, cells: [] }, {})
}

const program = (name: string, version: string, role = 'proxy') =>
  ({ name: `${role}: ${name}`, version, source: 'build', image: 'i' }) as const
const standIn = [program('nginx', '1.0'), program('Authelia (stand-in)', 'stand-in', 'auth')]
const documentation = 'https://docs.example.test/'
const taken = (...told: readonly Told[]) => choicesOf(overviewWith(...told)).map(({ best }) => nameOf(best))

describe('what to take of a product', () => {
  it('is the best grade, though less was seen', () => {
    const told = { proxyTitle: 'P' }
    expect(taken({ ...told, variant: 'one', letter: 'B', seen: 20 }, { ...told, variant: 'two', letter: 'A' })).toEqual(
      ['P, two'],
    )
  })

  it('is, of one grade, a real program before a stand-in, then what the most was seen of, then the first', () => {
    const [less, more] = [
      { proxy: 'p', letter: 'A', seen: 10 },
      { proxy: 'p', letter: 'A', seen: 12 },
    ] as const
    expect(taken({ ...more, variant: 'stand-in', services: standIn }, { ...less, variant: 'real' })).toEqual([
      'p, real',
    ])
    expect(taken({ ...less, variant: 'less' }, { ...more, variant: 'more' })).toEqual(['p, more'])
    expect(taken({ ...less, variant: 'first' }, { ...less, variant: 'second' })).toEqual(['p, first'])
  })

  it('is never one of which not enough was seen, where another has a grade', () => {
    expect(taken({ variant: 'unseen', letter: '?', seen: 20 }, { variant: 'graded', letter: 'F' })).toEqual([
      'p, graded',
    ])
  })

  it('is said to be no choice where it does not meet every requirement', () => {
    const words = (...told: readonly Told[]) => choicesOf(overviewWith(...told)).map(notTakenInWords)
    expect(words({ variant: 'one', letter: 'C' }, { variant: 'two', letter: '?' })).toEqual([
      'None was seen to meet every requirement, and of 1 not enough was seen for a grade. The best with a grade:',
    ])
    expect(words({ variant: 'one', letter: '?' })).toEqual(['Of none enough was seen for a grade. Most was seen of'])
  })

  it('is said for each program that clients talk to, whatever stands beside it', () => {
    const caddy = [program('Caddy with caddy-security 1.1', '2.0')]
    const choices = choicesOf(
      overviewWith(
        { proxy: 'nginx-a', variant: 'v', letter: 'C' },
        { proxy: 'caddy-a', variant: 'v', letter: 'A', services: caddy },
        { proxy: 'caddy-b', variant: 'v', letter: 'B', services: [program('Caddy', '2.0')] },
        { proxy: 'nginx-b', variant: 'v', letter: 'B', services: standIn },
      ),
    )
    expect(choices.map(({ product, best }) => `${product}: ${nameOf(best)}`)).toEqual([
      'Caddy: caddy-a, v',
      'nginx: nginx-b, v',
    ])
    expect(choices.map(({ best }) => programsOf(best))).toEqual([
      'Caddy with caddy-security 1.1 2.0',
      'nginx 1.0. Only a stand-in ran for Authelia',
    ])
  })

  it('stands beside the documented configuration of the same proxy, with the worst that it lets happen', () => {
    const [choice] = choicesOf(
      overviewWith(
        { proxy: 'other', variant: 'documented', documentation, letter: 'B' },
        { variant: 'documented', documentation, letter: 'E', says: 'A signed-in user becomes any user.' },
        { variant: 'hardened', letter: 'A' },
      ),
    )
    if (choice?.documented === undefined) throw new Error('There is no documented one.')
    expect(nameOf(choice.best)).toBe('p, hardened')
    expect(nameOf(choice.documented)).toBe('p, documented')
    expect(worstInWords(choice.documented)).toBe('A signed-in user becomes any user.')
  })
})

describe('the answer of the run', () => {
  const answer = (...letters: readonly Letter[]) =>
    answerInWords(overviewWith(...letters.map((letter, index) => ({ variant: `v${index}`, letter }))))

  it('says how many have an A, and plainly where none has', () => {
    expect(answer('A', 'A', 'B', 'E')).toBe(
      '2 of 4 configurations passed every case that applies (A), 1 misses recommendations only (B).',
    )
    expect(answer('B', 'B', 'D')).toBe(
      'No configuration in this run passed every case that applies (A). 2 of 3 configurations miss recommendations only (B).',
    )
    expect(answer('C', '?')).toBe(
      'No configuration in this run was seen to meet every requirement that applies to it (A or B). Of 1 not enough was seen for a grade (?).',
    )
  })
})
