/** What shows that two requests were mixed up: a value that another cell forged, or an answer to another request. Never met by anything. */
import type { Arrival } from '../gateways/recording/arrival.ts'
import { sameName } from '../gateways/rules/header-lines.ts'
import { forgedCore, forgedValuesIn } from '../plan/forged.ts'
import { markHeader, markIn } from '../plan/marks.ts'
import type { Attempt, Finding } from './observation.ts'
import { list, quote } from './words.ts'

/** Values that other cells of the run forged, among the arrivals of this one. */
export function foreignValues({ arrivals, evil }: Attempt): Finding[] {
  if (evil === undefined) return []
  return arrivals.flatMap((arrival) =>
    forgedIn(arrival)
      .filter(({ value }) => forgedCore(value) !== forgedCore(evil))
      .map(
        ({ value, place }): Finding => ({
          met: false,
          about: { kind: 'mixed-up' },
          says: `${quote(value)} of another request arrived in ${place}`,
        }),
      ),
  )
}

type Forged = { readonly value: string; readonly place: string }

/** Read once of each: an arrival never changes, a newer version is another one. */
const forgedOf = new WeakMap<Arrival, readonly Forged[]>()

/** The forged values that an arrival carries, each with its first place. */
export function forgedIn(arrival: Arrival): readonly Forged[] {
  const known = forgedOf.get(arrival)
  if (known !== undefined) return known
  const found = readForged(arrival)
  forgedOf.set(arrival, found)
  return found
}

function readForged(arrival: Arrival): readonly Forged[] {
  const places = [
    ...arrival.headers.map(([name, value]) => ({ text: value, place: name })),
    ...arrival.trailers.map(([name, value]) => ({ text: value, place: `trailer ${name}` })),
    { text: arrival.target, place: 'the request target' },
  ]
  const found = new Map<string, string>()
  for (const { text, place } of places)
    for (const value of forgedValuesIn(text)) if (!found.has(value)) found.set(value, place)
  return [...found].map(([value, place]) => ({ value, place }))
}

/** The reference gateway sends a request's mark back as it arrived. Where no mark comes back, nothing is concluded. */
export function otherAnswer({ exchange: { response }, mark }: Attempt): Finding[] {
  if (response === undefined || mark === undefined) return []
  const echoed = response.headers.filter(([name]) => sameName(name, markHeader)).map(([, value]) => value.trim())
  const others = echoed.filter((value) => value !== mark && markIn(value) === value && value.includes('.'))
  if (others.length === 0) return []
  return [
    {
      met: false,
      about: { kind: 'mixed-up' },
      says: `the response belongs to another request (${list(others)}, where ${mark} was sent)`,
    },
  ]
}
