/** Badges as shields.io endpoint JSON: one for the run and one per proxy. */
import type { EnvironmentResult } from '../run/results/results.ts'
import { worstLetter } from './grades.ts'
import { counted } from './numbers.ts'
import { type Conformance, environmentOutcome, outcomeOf } from './outcome.ts'
import type { Overview } from './overview.ts'
import { oneLine } from './visible.ts'

type Badge = {
  readonly schemaVersion: 1
  readonly label: string
  readonly message: string
  readonly color: string
}

const colours: Readonly<Record<Conformance, string>> = {
  passed: 'brightgreen',
  known: 'yellow',
  failed: 'red',
  inconclusive: 'orange',
  error: 'orange',
  'not-run': 'lightgrey',
}

/** Worst of all environments; known failures of `documented` variants do not hide that the rest passed. */
export function badge(overview: Overview): Badge {
  const { run } = overview.results
  const base = { schemaVersion: 1 as const, label: 'trusted-proxy conformance' }
  if (run.interrupted) return { ...base, message: 'interrupted', color: 'lightgrey' }
  const notReady = overview.environments.filter(({ status }) => status === 'failed').length
  const outcome = outcomeOf(overview.results.cells)
  if (outcome.conformance !== 'failed' && notReady > 0) {
    return { ...base, message: `${counted(notReady, 'environment')} did not start`, color: 'orange' }
  }
  const letter = worstLetter(overview.results.grades.map((grade) => grade.letter))
  const grade = letter === undefined ? '' : `${letter} · `
  return { ...base, message: short(`${grade}${outcome.words}`), color: colours[outcome.conformance] }
}

export function environmentBadge(overview: Overview, environment: EnvironmentResult): Badge {
  const { conformance, words } = environmentOutcome(overview, environment)
  const letter = overview.gradeOf(environment.id)?.letter
  return {
    schemaVersion: 1,
    label: oneLine(`${environment.proxy} ${environment.variant}`),
    message: short(`${letter === undefined ? '' : `${letter} · `}${words}`),
    color: colours[conformance],
  }
}

/** By proxy name; the message names each variant's outcome, the colour is that of the worst `hardened` one (or of the only ones there are). */
export function badgesByProxy(overview: Overview): ReadonlyMap<string, Badge> {
  const byProxy = Map.groupBy(overview.environments, ({ proxy }) => proxy)
  return new Map(
    [...byProxy].map(([proxy, environments]) => {
      const variants = [...Map.groupBy(environments, ({ variant }) => variant)].map(([variant, members]) => {
        const failed = members.find(({ status }) => status !== 'ready')
        const cells = members.flatMap(({ id }) => overview.cellsOf(id))
        const outcome =
          cells.length === 0 && failed !== undefined ? environmentOutcome(overview, failed) : outcomeOf(cells)
        const letter = worstLetter(members.flatMap(({ id }) => overview.gradeOf(id)?.letter ?? []))
        return { variant, outcome, letter, incomplete: failed !== undefined }
      })
      const decisive = variants.find(({ variant }) => variant === 'hardened') ?? variants[0]
      const conformance =
        decisive === undefined
          ? 'not-run'
          : decisive.incomplete && decisive.outcome.conformance === 'passed'
            ? 'inconclusive'
            : decisive.outcome.conformance
      const message = variants
        .map(
          ({ variant, outcome, letter }) =>
            `${oneLine(variant)} ${letter === undefined ? '' : `${letter} · `}${short(outcome.words)}`,
        )
        .join(' · ')
      return [proxy, { schemaVersion: 1, label: oneLine(proxy), message, color: colours[conformance] }]
    }),
  )
}

/** A badge has room for a few words. */
function short(words: string): string {
  return words.length > 60 ? `${oneLine(words).slice(0, 59).toWellFormed()}…` : oneLine(words)
}
