import { describe, expect, it } from 'vitest'
import { type GradedCell, type GradeInput, gradeOf, gradeRules, letters } from './grade.ts'

const control: GradedCell = { case: 'identity.arrival.accepted', level: 'must', status: 'pass' }
const passes = (family: string, count: number, changes: Partial<GradedCell> = {}): GradedCell[] =>
  Array.from({ length: count }, (_, index) => ({
    case: `${family}.topic.case-${index}`,
    level: 'must',
    status: 'pass',
    ...changes,
  }))
const good: GradeInput = { complete: true, cells: [control, ...passes('spoofing', 20)], findings: [] }
type Finding = GradeInput['findings'][number]
const finding = (consequence: Finding['consequence'], more: Partial<Finding> = {}): Finding => ({
  consequence,
  level: 'must',
  ...more,
})
const blocked = (family: string, count: number) =>
  passes(family, count, { status: 'blocked', blocked: { by: 'control', cases: ['a.b.control'] } })

/** One input for each rule, at which that rule decides. */
const decided: Readonly<Record<string, GradeInput>> = {
  anyone: { ...good, findings: [finding('anyone-is-anyone', { level: 'should' }), finding('user-is-anyone')] },
  user: { ...good, findings: [finding('user-is-anyone'), finding('locked-out')] },
  'second-safeguard': { ...good, findings: [finding('anyone-is-anyone', { stoppedBy: 'allowUsers' })] },
  neighbour: { ...good, findings: [finding('neighbour-is-anyone')] },
  'not-recorded': {
    ...good,
    cells: [...good.cells, ...passes('alias', 1, { status: 'unsupported', lacks: ['recording'] })],
  },
  'not-complete': { ...good, complete: false },
  'no-control': { ...good, cells: passes('spoofing', 20) },
  'family-unseen': { ...good, cells: [...good.cells, ...passes('path', 8), ...blocked('path', 1)] },
  'locked-out': { ...good, findings: [finding('locked-out')] },
  'wrong-client': { ...good, findings: [finding('wrong-client')] },
  requirement: { ...good, findings: [finding('leak')] },
  recommendation: { ...good, findings: [finding('user-is-anyone', { level: 'should' })] },
  'all-met': good,
}

describe('the grade of an environment', () => {
  it.each(gradeRules.map(({ id, letter }) => [id, letter] as const))('rule %s gives %s', (id, letter) => {
    const input = decided[id]
    if (input === undefined) throw new Error(`no example for the rule ${id}`)
    expect(gradeOf(input)).toMatchObject({ letter, caps: expect.arrayContaining([id]) })
    expect(gradeOf(input).caps[0]).toBe(id)
  })

  it('has a rule for every letter', () => {
    expect(new Set(gradeRules.map(({ letter }) => letter))).toEqual(new Set(letters))
  })

  it('is a cap: a hundred requirements that are met do not outweigh one that is not', () => {
    const many = { ...good, cells: [control, ...passes('spoofing', 1000)], findings: [finding('anyone-is-anyone')] }
    expect(gradeOf(many).letter).toBe('F')
  })

  it('keeps F, E and D where little was seen: they were shown', () => {
    const little = { ...good, complete: false, cells: [control, ...blocked('path', 50)] }
    expect(gradeOf({ ...little, findings: [finding('anyone-is-anyone')] }).letter).toBe('F')
    expect(gradeOf({ ...little, findings: [finding('user-is-anyone')] }).letter).toBe('E')
    expect(gradeOf({ ...little, findings: [finding('neighbour-is-anyone')] }).letter).toBe('D')
    expect(gradeOf({ ...little, findings: [finding('locked-out')] }).letter).toBe('?')
    expect(gradeOf(little).letter).toBe('?')
  })

  it('takes nine of ten required cells of a family for enough, and never counts recommendations', () => {
    const nine = { ...good, cells: [control, ...passes('path', 9), ...blocked('path', 1)] }
    expect(gradeOf(nine).letter).toBe('A')
    const shoulds = blocked('alias', 20).map((cell) => ({ ...cell, level: 'should' as const }))
    expect(gradeOf({ ...good, cells: [...good.cells, ...shoulds] }).letter).toBe('A')
  })

  it('does not give A to a gateway that keeps no record, however much of it passes', () => {
    const url = {
      ...good,
      cells: [...good.cells, ...passes('identity', 1, { status: 'unsupported', lacks: ['recording'] })],
    }
    expect(gradeOf(url).letter).toBe('?')
  })

  it('counts what applies, what was seen of it, and says of the rest why it was not', () => {
    const graded = gradeOf({
      ...good,
      cells: [
        ...good.cells,
        ...passes('path', 2, { status: 'unsupported', lacks: ['h2'] }),
        ...passes('alias', 3, { status: 'unsupported', lacks: ['recording'] }),
        ...blocked('session', 4),
        ...passes('bypass', 1, { status: 'harness-error' }),
        ...passes('loopback', 1, { level: 'info', status: 'info' }),
      ],
    })
    expect(graded).toMatchObject({ seen: 21, applicable: 29 })
    expect(graded.notTested).toEqual([
      { what: '4 cells of session', why: 'inconclusive: a.b.control did not pass' },
      { what: '3 cells of alias', why: 'this gateway does not record requests' },
      { what: '2 cells of path', why: 'unsupported: needs h2' },
      { what: '1 cell of bypass', why: 'the suite itself failed' },
    ])
  })
})
