/** What a cell can come to. None of them is a default: every one is said by a rule of the judge. */
import type { About } from './about.ts'

export const statuses = [
  'pass',
  'fail',
  'warn',
  'info',
  'unsupported',
  'blocked',
  'known-failure',
  'unexpected-pass',
  'harness-error',
] as const
export type Status = (typeof statuses)[number]

/**
 * What stands in the way of a blocked cell. `cases` are the controls or dependencies that are not green.
 * `marks`: the proxy dropped what tells one request of the case from another.
 */
export type Blocker = {
  readonly by: 'control' | 'dependency' | 'fence' | 'sign-in' | 'marks'
  readonly cases: readonly string[]
}

/** What only a gateway of the suite's own does: it shows what arrived. */
export const recording = 'recording'

export type Judgement = {
  readonly status: Status
  /** Whether the expectation held. Absent where nothing could be judged. */
  readonly met?: boolean
  /** One sentence: who, which header, which value, which status. */
  readonly reason: string
  /** Not met for no other reason than that no answer came within the deadline. */
  readonly unanswered?: boolean
  readonly blocked?: Blocker
  /** What is not met, as structure. */
  readonly about?: readonly About[]
  /** What the environment lacks for an `unsupported` cell: features, or `recording`. */
  readonly lacks?: readonly string[]
  /** The entry behind `known-failure` and `unexpected-pass`. */
  readonly known?: { readonly reason: string; readonly link: string; readonly since: string }
}

/**
 * Green: the requirement held, so others may depend on it: `pass`, `unexpected-pass` (it did hold) and `info` that was met.
 * A `warn` or a `known-failure` is not green: where a control is known to fail, nothing can be concluded.
 */
export function isGreen(judgement: Pick<Judgement, 'status' | 'met'>): boolean {
  if (judgement.status === 'info') return judgement.met === true
  return judgement.status === 'pass' || judgement.status === 'unexpected-pass'
}

/** Seen not to hold, a must or a should, and not listed as known. */
export function isUnmet(status: Status): boolean {
  return status === 'fail' || status === 'warn'
}

/** Seen not to hold, whether or not somebody knows of it. */
export function isOpen(status: Status): boolean {
  return isUnmet(status) || status === 'known-failure'
}

/** Red: makes a run's exit code 1 by itself. */
export function isRed(status: Status): boolean {
  return status === 'fail' || status === 'unexpected-pass'
}
