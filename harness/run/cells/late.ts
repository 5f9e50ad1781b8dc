/** What arrives after its cell has been judged: it still belongs to that cell, and a green that it contradicts was none. */
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { ownerOf } from '../../gateways/recording/owner.ts'
import { forgedIn } from '../../judge/foreign-findings.ts'
import type { Attempt, Finding, Observation } from '../../judge/observation.ts'
import { quote, verdictInWords } from '../../judge/words.ts'
import type { Case } from '../../plan/case.ts'
import { cellMark } from '../../plan/marks.ts'
import { type Answered, attemptsOf } from './attempts.ts'

/** A cell's observations: beside others, by itself, or both. */
export type Seen = { readonly beside?: Observation; readonly alone?: Observation }

/** Arrivals by what they say of themselves, so that each cell is asked about its own alone. */
type ArrivalIndex = {
  readonly ofCell: ReadonlyMap<string, readonly Arrival[]>
  /** By each forged value that an arrival carries. */
  readonly withForged: ReadonlyMap<string, readonly Arrival[]>
}

export function indexOf(arrivals: readonly Arrival[]): ArrivalIndex {
  const withForged = new Map<string, Arrival[]>()
  for (const arrival of arrivals)
    for (const { value } of forgedIn(arrival)) withForged.set(value, [...(withForged.get(value) ?? []), arrival])
  return { ofCell: Map.groupBy(arrivals, cellOf), withForged }
}

function cellOf(arrival: Arrival): string {
  const owner = ownerOf(arrival)
  return owner.kind === 'nobody' ? '' : owner.cell
}

/** The observations with everything that has arrived by now, or `undefined` where that is nothing new. */
export function withLateArrivals(asked: Case, seen: Seen, arrivals: ArrivalIndex): Seen | undefined {
  const beside = seen.beside && later(asked, seen.beside, arrivals, 'among others')
  const alone = seen.alone && later(asked, seen.alone, arrivals, 'alone')
  if (beside === undefined && alone === undefined) return undefined
  return { ...seen, ...(beside && { beside }), ...(alone && { alone }) }
}

function later(
  asked: Case,
  observation: Observation,
  { ofCell, withForged }: ArrivalIndex,
  company: 'alone' | 'among others',
): Observation | undefined {
  const marked = observation.attempts.filter((attempt): attempt is Attempt & Answered => attempt.mark !== undefined)
  const [first] = marked
  if (first === undefined) return undefined
  const mark = cellMark(first.mark)
  const own = ofCell.get(mark) ?? []
  const known = new Set(marked.flatMap((attempt) => attempt.arrivals))
  const said = new Set(observation.findings?.map(({ says }) => says))
  const strays = (withForged.get(first.evil ?? '') ?? [])
    .filter((arrival) => cellOf(arrival) !== mark && !known.has(arrival))
    .map((arrival) => strayFinding(arrival, first.evil ?? ''))
    .filter(({ says }) => !said.has(says))
  if (strays.length === 0 && own.every((arrival) => known.has(arrival))) return undefined
  const attempts = attemptsOf(asked, marked, own, company).map((attempt, index) => {
    // What bears no mark was looked at when it came: nobody can be asked about it now.
    const nobodys = marked[index]?.arrivals.filter((arrival) => ownerOf(arrival).kind === 'nobody') ?? []
    return { ...attempt, arrivals: [...attempt.arrivals, ...nobodys] }
  })
  return { ...observation, attempts, findings: [...(observation.findings ?? []), ...strays] }
}

/** The cell's forged value in what is not the cell's. */
function strayFinding(arrival: Arrival, evil: string): Finding {
  const place = forgedIn(arrival).find(({ value }) => value === evil)?.place ?? 'a part'
  const request = `${arrival.method} ${quote(arrival.target)}, ${verdictInWords(arrival.verdict)}`
  return {
    met: false,
    about: { kind: 'mixed-up' },
    says: `its forged value ${quote(evil)} arrived in ${place} of a request that is not its own (${request})`,
  }
}
