/** Sent and arrived side by side: which lines came through, which were changed, dropped or added by the proxy. */
import type { ArrivedEvidence, AttemptEvidence } from '../../run/results/results.ts'

type Difference = 'same' | 'changed' | 'dropped' | 'added'
export type ComparedLine = { readonly text: string; readonly difference: Difference }

/** How each difference is shown: a sign before the line, so that colour is not needed. */
export const signs: Readonly<Record<Difference, { readonly sign: string; readonly word: string }>> = {
  same: { sign: ' ', word: 'unchanged' },
  changed: { sign: '~', word: 'other value' },
  dropped: { sign: '-', word: 'did not arrive' },
  added: { sign: '+', word: 'added on the way' },
}

type Parts = { readonly start: string; readonly lines: readonly (readonly [string, string])[]; readonly rest: string }

/** Head of a request as sent: lenient, since many of these requests are malformed on purpose. */
export function parseSent(text: string): Parts {
  const end = /\r?\n\r?\n/.exec(text)
  const head = end === null ? text : text.slice(0, end.index)
  const rest = end === null ? '' : text.slice(end.index + end[0].length)
  const [start = '', ...lines] = head.split(/\r?\n/)
  return {
    start,
    lines: lines
      .filter((line) => line !== '')
      .map((line) => {
        const colon = line.indexOf(':', 1)
        return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
      }),
    rest,
  }
}

type Comparison = {
  readonly sent: readonly ComparedLine[]
  readonly arrived: readonly (readonly ComparedLine[])[]
  readonly rest: string
}

/** For the page's script. */
export const differencesSource = [parseSent, compare, fate, arrivedLines].map(String).join('\n')

/** Compares one attempt with each of its arrivals; a sent line counts as arrived when any of them has it. */
export function compare(attempt: AttemptEvidence): Comparison {
  const sent = parseSent(attempt.sent.text)
  const unknown = attempt.recorded === false
  return {
    sent: [
      { text: sent.start, difference: 'same' },
      ...sent.lines.map(([name, value]): ComparedLine => {
        const differences = attempt.arrived.map((one) => fate(name, value, one))
        const difference =
          unknown || differences.includes('same') ? 'same' : differences.includes('changed') ? 'changed' : 'dropped'
        return { text: `${name}: ${value}`, difference }
      }),
    ],
    arrived: attempt.arrived.map((one) => arrivedLines(sent, one)),
    rest: sent.rest,
  }
}

function fate(name: string, value: string, arrival: ArrivedEvidence): Difference {
  const found = arrival.headers.filter(([header]) => header.toLowerCase() === name.toLowerCase())
  if (found.length === 0) return 'dropped'
  return found.some((line) => line[1].trim() === value) ? 'same' : 'changed'
}

function arrivedLines(sent: Parts, arrival: ArrivedEvidence): ComparedLine[] {
  const start = `${arrival.method} ${arrival.target}`
  return [
    { text: start, difference: sent.start.startsWith(`${start} `) || sent.start === start ? 'same' : 'changed' },
    ...arrival.headers.map(([name, value]): ComparedLine => {
      const found = sent.lines.filter(([header]) => header.toLowerCase() === name.toLowerCase())
      const difference =
        found.length === 0 ? 'added' : found.some((line) => line[1] === value.trim()) ? 'same' : 'changed'
      return { text: `${name}: ${value}`, difference }
    }),
    ...arrival.trailers.map(
      ([name, value]): ComparedLine => ({ text: `(trailer) ${name}: ${value}`, difference: 'same' }),
    ),
  ]
}
