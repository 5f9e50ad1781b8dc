import { describe, expect, it } from 'vitest'
import { exitCode } from '../judge/exit-code.ts'
import type { Status } from '../judge/status.ts'
import type { Results } from '../run/results/results.ts'
import { outcomeOf, runInWords } from './outcome.ts'
import { aRun } from './report.fixture.ts'

/** Four cells of level must, in this order of statuses; the rest pass. */
function run(...statuses: readonly Status[]): Results {
  const { results } = aRun({ cases: 2, environments: 1, status: (index) => statuses[index] ?? 'pass' })
  return results
}
const interrupted = (results: Results) => ({ ...results, run: { ...results.run, interrupted: true, exitCode: 130 } })

describe('the run in one sentence', () => {
  it.each([
    [
      run(),
      'Passed all 4 required cells in this run: 4 passed, 0 failed (4 cells in 1 environment). Exit code 0: no requirement failed.',
    ],
    [
      run('unsupported'),
      'Passed all 3 required cells in this run: 3 passed, 0 failed, 1 not tested (unsupported) (4 cells in 1 environment). Exit code 0: no requirement failed.',
    ],
    [
      run('known-failure'),
      'Passed, with 1 known failure: 3 passed, 0 failed (4 cells in 1 environment). Exit code 0: no requirement failed, apart from the known failures.',
    ],
    [
      run('fail', 'known-failure', 'blocked'),
      'Failed: 1 failed, 1 passed, 1 known failure, 1 inconclusive cell (4 cells in 1 environment). Exit code 1: at least one requirement failed.',
    ],
    [
      run('blocked'),
      'Failed: 3 passed, 0 failed, 1 inconclusive cell (4 cells in 1 environment). Exit code 1: required cases are inconclusive.',
    ],
    [
      run('unexpected-pass'),
      'Failed: 3 passed, 0 failed, 1 unexpected pass (4 cells in 1 environment). Exit code 1: a known-failure entry is out of date; remove it.',
    ],
    [
      run('harness-error', 'fail'),
      'Incomplete: 1 failed, 2 passed, 1 harness error (4 cells in 1 environment). Exit code 3: the suite itself failed in part of the run.',
    ],
    [
      interrupted(run('fail')),
      'Interrupted, results until then: 1 failed, 3 passed (4 cells in 1 environment). Exit code 130: the run was interrupted.',
    ],
  ])('%#', (results, sentence) => {
    expect(runInWords(results)).toBe(sentence)
  })

  it('names environments that did not start', () => {
    const results = run()
    const environments = results.environments.map((one) => ({ ...one, status: 'failed' as const }))
    const code = exitCode({ interrupted: false, environments, cells: [], stale: 0 })
    expect(runInWords({ ...results, environments, cells: [], run: { ...results.run, exitCode: code } })).toBe(
      'Incomplete: 0 passed, 0 failed (0 cells in 0 of 1 environment). Exit code 3: 1 environment did not start.',
    )
  })

  it('never says that a configuration is safe', () => {
    for (const status of ['pass', 'fail', 'blocked', 'known-failure'] as const) {
      expect(runInWords(run(status))).not.toMatch(/\bsafe\b/i)
      expect(outcomeOf(run(status).cells).words).not.toMatch(/\bsafe\b/i)
    }
  })
})
