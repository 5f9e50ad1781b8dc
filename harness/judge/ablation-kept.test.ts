import { describe, expect, it } from 'vitest'
import { added, type Known, kept, unanswered } from './ablation-kept.ts'

const cases = { 'a.one': '1', 'a.two': '2', 'b.three': '3' }
const red: Known = {
  outcome: 'red',
  red: ['a.one.http', 'b.three.websocket'],
  lost: 0,
  reason: 'one arrived',
  answers: cases,
}
const nothing: Known = { outcome: 'nothing', red: [], lost: 0, answers: cases }

describe('what is kept of a measured unit', () => {
  it('is everything while the cases are the same', () => {
    expect(kept(red, cases)).toEqual(red)
    expect(unanswered(red, cases)).toEqual([])
  })

  it('is everything beside a case that was added: that one alone is asked', () => {
    const more = { ...cases, 'c.four': '4' }
    const known = kept(red, more)
    expect(known).toEqual(red)
    expect(unanswered(known, more)).toEqual(['c.four'])
    const shown = { outcome: 'red' as const, red: ['c.four.http'], lost: 0, reason: 'four arrived' }
    expect(added(known, shown, { 'c.four': '4' })).toEqual({ ...red, red: [...red.red, 'c.four.http'], answers: more })
    expect(added(kept(nothing, more), shown, { 'c.four': '4' })).toEqual({ ...shown, answers: more })
  })

  it('is nothing of a case that changed or is gone', () => {
    const changed = { ...cases, 'b.three': 'another' }
    const known = kept(red, changed)
    expect(known).toMatchObject({ outcome: 'red', red: ['a.one.http'], reason: 'one arrived' })
    expect(unanswered(known, changed)).toEqual(['b.three'])
    const { 'b.three': _, ...fewer } = cases
    expect(kept(red, fewer)).toEqual({ ...red, red: ['a.one.http'], answers: fewer })
  })

  it('is no reason of another cell: with the first red case the other red ones are asked again', () => {
    const changed = { ...cases, 'a.one': 'another' }
    const known = kept(red, changed)
    expect(known).toEqual({ outcome: 'nothing', red: [], lost: 0, answers: { 'a.two': '2' } })
    expect(unanswered(known, changed)).toEqual(['a.one', 'b.three'])
  })

  it('is nothing where cells were lost that nobody named, or where a program ended, once a case changed', () => {
    const changed = { ...cases, 'a.two': 'another' }
    expect(kept({ ...red, lost: 2 }, changed)).toBeUndefined()
    const ended: Known = { outcome: 'ends', red: [], lost: 0, reason: 'exit code 139', answers: cases }
    expect(kept(ended, changed)).toBeUndefined()
    expect(kept(ended, { ...cases, 'c.four': '4' })).toEqual({ ...ended, answers: { ...cases, 'c.four': '4' } })
  })

  it('is that it does not start, whatever the cases are', () => {
    const failed: Known = { outcome: 'does-not-start', red: [], lost: 0, reason: 'no events', answers: cases }
    const other = { 'a.one': 'another', 'c.four': '4' }
    expect(unanswered(kept(failed, other), other)).toEqual([])
  })

  it('counts what could not be judged before and now', () => {
    const blind: Known = { ...nothing, outcome: 'not-judged', lost: 2, reason: 'blocked' }
    const shown = { outcome: 'not-judged' as const, red: [], lost: 1, reason: 'also blocked' }
    expect(added(blind, shown, { 'c.four': '4' })).toMatchObject({ outcome: 'not-judged', lost: 3, reason: 'blocked' })
  })

  it('gives way to a configuration that does not run this time', () => {
    const failed = { outcome: 'ends' as const, red: [], lost: 0, reason: 'exit code 139' }
    expect(added(red, failed, { 'c.four': '4' })).toEqual({ ...failed, answers: { ...cases, 'c.four': '4' } })
  })
})
