import { beforeAll, describe, expect, it } from 'vitest'
import { loadProject } from '../harness/cli/project.ts'
import { type MutationRun, runMutation } from '../harness/run/mutation/mutation.ts'

describe('the catalogue on the correct pair and on every broken one', () => {
  let run: MutationRun
  beforeAll(async () => {
    const { catalogue } = await loadProject()
    run = await runMutation(catalogue)
  }, 300_000)

  it('has no gap: every mutant caught at its level, every named mutant proven, nothing red on the correct pair', () => {
    expect(run.problems.map(({ says }) => says)).toEqual([])
  })

  it('asked every case on every mutant', () => {
    expect(run.cases.length).toBeGreaterThan(320)
    expect(run.mutants.length).toBeGreaterThan(120)
    expect(run.mutants.filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([])
  })
})
