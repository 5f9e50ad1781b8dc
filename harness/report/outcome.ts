/** What cells come to, in words: of one environment, and of the whole run. Every output takes its sentences from here. */
import { type Cell, type EnvironmentResult, type Results, totalsOf } from '../run/results/results.ts'
import { notJudged } from './failed-log-ins.ts'
import { counted } from './numbers.ts'
import type { Overview } from './overview.ts'

/** `passed` needs at least one pass; what was not judged is never a pass. */
export type Conformance = 'passed' | 'failed' | 'known' | 'inconclusive' | 'error' | 'not-run'

type Outcome = { readonly conformance: Conformance; readonly words: string }

/** What cells of one place come to, worst first. */
export function outcomeOf(cells: readonly Cell[]): Outcome {
  const totals = totalsOf(cells)
  const errors = totals['harness-error'] ?? 0
  const unexpected = totals['unexpected-pass'] ?? 0
  const known = totals['known-failure'] ?? 0
  const inconclusive = cells.filter((cell) => cell.status === 'blocked' && cell.level === 'must').length
  const required = passedAndRequired(cells)
  const untested = (totals.unsupported ?? 0) > 0 ? `; ${totals.unsupported} not tested (unsupported)` : ''
  if ((totals.fail ?? 0) > 0)
    return { conformance: 'failed', words: `${counted(totals.fail ?? 0, 'cell')} failed${untested}` }
  if (errors > 0) return { conformance: 'error', words: `the suite itself failed in ${counted(errors, 'cell')}` }
  if (unexpected > 0)
    return { conformance: 'error', words: `${counted(unexpected, 'known failure')} passed: remove the entry` }
  if (known > 0)
    return { conformance: 'known', words: `${counted(known, 'known failure')}, nothing else failed${untested}` }
  if (inconclusive > 0)
    return { conformance: 'inconclusive', words: `${counted(inconclusive, 'required cell')} inconclusive${untested}` }
  if ((totals.pass ?? 0) === 0) return { conformance: 'not-run', words: 'nothing was tested' }
  const warned = (totals.warn ?? 0) > 0 ? `, ${counted(totals.warn ?? 0, 'warning')}` : ''
  return { conformance: 'passed', words: `passed all ${counted(required, 'required cell')}${warned}${untested}` }
}

const passedAndRequired = (cells: readonly Cell[]) =>
  cells.filter(({ status, level }) => status === 'pass' && level === 'must').length

export function environmentOutcome(overview: Overview, environment: EnvironmentResult): Outcome {
  if (environment.status === 'ready') {
    const outcome = outcomeOf(overview.cellsOf(environment.id))
    const why = notJudged(environment)
    // What failed without her counts all the same.
    return why === undefined || outcome.conformance === 'failed' || outcome.conformance === 'error'
      ? outcome
      : { conformance: 'inconclusive', words: why }
  }
  const why = environment.reason === undefined ? '' : `: ${environment.reason}`
  return {
    conformance: 'not-run',
    words: environment.status === 'failed' ? `did not start${why}` : `unavailable${why}`,
  }
}

/** For readers who take the run's outcome for a judgement of the proxies. */
export const aboutExitCode =
  'This is the outcome of the run, for CI, and does not rate the proxies: their grades count a known failure as a failure.'

/** The run in one sentence, and what its exit code means in another. */
export function runInWords(results: Results): string {
  return `${happened(results)} ${exitCodeInWords(results)}`
}

function happened({ run, environments, cells, stale }: Results): string {
  const totals = totalsOf(cells)
  const [known, inconclusive] = [totals['known-failure'] ?? 0, totals.blocked ?? 0]
  const excepted = [
    ...(known > 0 ? [counted(known, 'known failure')] : []),
    ...(inconclusive > 0 ? [`${counted(inconclusive, 'inconclusive cell')}`] : []),
  ]
  const numbers = [
    ...(run.exitCode === 0 ? [] : excepted),
    ...((totals.unsupported ?? 0) > 0 ? [`${totals.unsupported} not tested (unsupported)`] : []),
    ...((totals.warn ?? 0) > 0 ? [counted(totals.warn ?? 0, 'warning')] : []),
    ...((totals['unexpected-pass'] ?? 0) > 0
      ? [`${counted(totals['unexpected-pass'] ?? 0, 'unexpected pass', 'unexpected passes')}`]
      : []),
    ...((totals['harness-error'] ?? 0) > 0 ? [counted(totals['harness-error'] ?? 0, 'harness error')] : []),
    ...((totals.info ?? 0) > 0 ? [`${totals.info} info`] : []),
    ...(stale.length > 0
      ? [
          counted(
            stale.length,
            'known-failure entry that no longer applies',
            'known-failure entries that no longer apply',
          ),
        ]
      : []),
  ]
  const ready = environments.filter(({ status }) => status === 'ready').length
  const all = environments.length
  const where = ready === all ? counted(all, 'environment') : `${ready} of ${counted(all, 'environment')}`
  const [passed, failed] = [`${totals.pass ?? 0} passed`, `${totals.fail ?? 0} failed`]
  const cellNumbers = [...((totals.fail ?? 0) > 0 ? [failed, passed] : [passed, failed]), ...numbers].join(', ')
  return `${verdict(run.exitCode, excepted, passedAndRequired(cells))}: ${cellNumbers} (${counted(cells.length, 'cell')} in ${where}).`
}

function verdict(exitCode: number, excepted: readonly string[], required: number): string {
  switch (exitCode) {
    case 0:
      return excepted.length > 0
        ? `Passed, with ${excepted.join(' and ')}`
        : `Passed all ${counted(required, 'required cell')} in this run`
    case 1:
      return 'Failed'
    case 130:
      return 'Interrupted, results until then'
    default:
      return 'Incomplete'
  }
}

function exitCodeInWords({ run: { exitCode }, environments, cells, stale }: Results): string {
  const totals = totalsOf(cells)
  const meaning = () => {
    switch (exitCode) {
      case 0:
        return (totals['known-failure'] ?? 0) > 0
          ? 'no requirement failed, apart from the known failures'
          : 'no requirement failed'
      case 1:
        if ((totals.fail ?? 0) > 0) return 'at least one requirement failed'
        if ((totals['unexpected-pass'] ?? 0) > 0 || stale.length > 0)
          return 'a known-failure entry is out of date; remove it'
        return 'required cases are inconclusive'
      case 130:
        return 'the run was interrupted'
      default: {
        const missing = environments.filter(({ status }) => status !== 'ready').length
        if (missing > 0) return `${counted(missing, 'environment')} did not start`
        if ((totals['harness-error'] ?? 0) > 0) return 'the suite itself failed in part of the run'
        return cells.length === 0 ? 'nothing was tested' : 'part of the run could not be carried out'
      }
    }
  }
  return `Exit code ${exitCode}: ${meaning()}.`
}
