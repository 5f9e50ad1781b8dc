import { describe, expect, it } from 'vitest'
import type { EnvironmentEvidence } from '../run/results/results.ts'
import { joinedEvidence, lazyEvidence, recentEvidence } from './lazy-evidence.ts'

function counting() {
  const reads: string[] = []
  const read = (environment: string): EnvironmentEvidence => {
    reads.push(environment)
    return {}
  }
  return { reads, read }
}

describe('evidence that is read where it is needed', () => {
  it('is not read before, and once for all cells of an environment', () => {
    const { reads, read } = counting()
    const lazy = lazyEvidence(['a', 'b'], read)
    const evidenceIn = recentEvidence(lazy)
    expect(Object.keys(lazy)).toEqual(['a', 'b'])
    expect(reads).toEqual([])
    for (const _cell of [1, 2, 3]) expect(evidenceIn('a')).toEqual({})
    expect(reads).toEqual(['a'])
    expect(evidenceIn('c')).toBeUndefined()
  })

  it('keeps the two environments that were asked for last', () => {
    const { reads, read } = counting()
    const evidenceIn = recentEvidence(lazyEvidence(['a', 'b', 'c'], read))
    for (const one of ['a', 'b', 'a', 'c', 'a', 'b']) evidenceIn(one)
    expect(reads).toEqual(['a', 'b', 'c', 'b'])
  })

  it('keeps two over all shards of a run together, not two of each', () => {
    const { reads, read } = counting()
    const evidenceIn = recentEvidence(joinedEvidence(['a', 'b', 'c'].map((one) => lazyEvidence([one], read))))
    for (const one of ['a', 'b', 'c', 'a', 'b', 'c']) evidenceIn(one)
    expect(reads).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })

  it('is joined without being read, and the later run counts', () => {
    const [first, second] = [counting(), counting()]
    const evidence = joinedEvidence([lazyEvidence(['a', 'b'], first.read), lazyEvidence(['b', 'c'], second.read)])
    expect([...first.reads, ...second.reads]).toEqual([])
    expect(Object.keys(evidence)).toEqual(['a', 'b', 'c'])
    void evidence.b
    expect([first.reads, second.reads]).toEqual([[], ['b']])
  })
})
