/** How a status looks and what it means: glyph, word and sentence are the same in every output. Colour is never the only sign. */
import type { Status } from '../judge/status.ts'

type Mark = { readonly status: Status; readonly glyph: string; readonly word: string; readonly meaning: string }

/** In the order in which a reader should see them: worst first. */
export const marks: readonly Mark[] = [
  { status: 'fail', glyph: '✗', word: 'fail', meaning: 'A requirement is not met; the evidence shows how.' },
  {
    status: 'unexpected-pass',
    glyph: '⚑',
    word: 'unexpected pass',
    meaning: 'Passes, although a known-failure entry says that it fails: remove the entry.',
  },
  {
    status: 'harness-error',
    glyph: '!',
    word: 'harness error',
    meaning: 'The suite itself failed; this says nothing about the proxy.',
  },
  {
    status: 'known-failure',
    glyph: '✗k',
    word: 'known failure',
    meaning: 'Fails, as already recorded with reason, link and date.',
  },
  { status: 'warn', glyph: '△', word: 'warn', meaning: 'A recommendation (level should) is not met.' },
  {
    status: 'blocked',
    glyph: '⊘',
    word: 'inconclusive',
    meaning:
      'Nothing can be concluded: its control, a dependency, the control request sent afterwards or the sign-in failed.',
  },
  {
    status: 'unsupported',
    glyph: '–',
    word: 'unsupported',
    meaning: 'Not tested: the proxy or the gateway does not offer what the case needs. Not a pass.',
  },
  { status: 'info', glyph: 'i', word: 'info', meaning: 'Reported only; does not count.' },
  {
    status: 'pass',
    glyph: '✓',
    word: 'pass',
    meaning: 'The requirement held, and a control request over the same path succeeded.',
  },
]

const byStatus = new Map(marks.map((mark) => [mark.status, mark]))

export function markOf(status: Status): Mark {
  const mark = byStatus.get(status)
  if (mark === undefined) throw new Error(`The status ${status} has no mark: add it to marks.ts.`)
  return mark
}

/** Rank for sorting, 0 is worst. */
export function severity(status: Status): number {
  return marks.findIndex((mark) => mark.status === status)
}

/** Has to be looked at: shown in full where there is room. */
export function deservesDetail(status: Status): boolean {
  return status === 'fail' || status === 'unexpected-pass' || status === 'harness-error' || status === 'warn'
}
