import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadScenarios } from '../../plan/load-scenarios.ts'
import { checklists } from './lines.ts'
import { casesOfLine } from './outcome.ts'

const root = join(import.meta.dirname, '../../..')
const ids = (await loadScenarios(root)).map(({ id }) => id)
const lines = checklists.flatMap((list) => list.lines)

describe('the checklists', () => {
  it('have every line of their sections', () => {
    expect(checklists.map((list) => list.lines.length)).toEqual([5, 3, 7, 7, 11])
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
  })

  it.each(lines.flatMap((line) => ('cases' in line ? line.cases.map((pattern) => ({ line, pattern })) : [])))(
    '$line.id: $pattern names cases that there are',
    ({ line, pattern }) => {
      expect(casesOfLine({ ...line, cases: [pattern] }, ids).length).toBeGreaterThan(0)
    },
  )

  it('say of every other line why no case tests it', () => {
    for (const line of lines) if ('untestable' in line) expect(line.untestable).toMatch(/^[A-Z].{20,}\.$/)
  })
})
