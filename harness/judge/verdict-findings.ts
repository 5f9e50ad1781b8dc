/** The second observation: what the gateway decided; from its own record, or from its words to the client where it keeps none. */
import type { Verdict } from '../gateways/recording/arrival.ts'
import type { VerdictExpectation } from '../plan/case.ts'
import type { Attempt, Finding } from './observation.ts'
import { answerInWords, list } from './words.ts'

/** Holds `verdict` against one attempt. At least one finding comes back. */
export function verdictFindings(expected: VerdictExpectation, attempt: Attempt, recordable: boolean): Finding[] {
  const heard = recordable ? attempt.arrivals.map(({ verdict }) => fromRecord(verdict)) : fromClient(attempt)
  if (expected === 'unreached') return [unreached(attempt, heard)]
  if ('only' in expected) return only(expected.only, attempt, heard)
  if (heard.length === 0) {
    const wanted = 'accepted' in expected ? `accepted as ${expected.accepted}` : 'refused by the gateway'
    return [
      {
        met: false,
        says: `the gateway was not reached, where the request should be ${wanted}: ${answerInWords(attempt.exchange)}`,
      },
    ]
  }
  if ('accepted' in expected) return heard.map((one) => accepted(expected.accepted, one))
  return heard.map((one) => refused(expected.refused, one))
}

/** `user` and `reason` are absent where the gateway does not say them (docs/gateways.md#g3-9-refusals-over-http). */
type Heard =
  | { readonly kind: 'accepted'; readonly user?: string }
  | { readonly kind: 'refused'; readonly reason?: string }

function fromRecord(verdict: Verdict): Heard {
  return verdict.kind === 'accepted'
    ? { kind: 'accepted', user: verdict.user }
    : { kind: 'refused', reason: verdict.reason }
}

function fromClient({ exchange: { verdict } }: Attempt): Heard[] {
  return verdict.kind === 'not-the-gateway' ? [] : [verdict]
}

function inWords(one: Heard): string {
  if (one.kind === 'accepted')
    return one.user === undefined ? 'accepted (it does not say as whom)' : `accepted as ${one.user}`
  return one.reason === undefined ? 'refused (it does not say why)' : `refused: ${one.reason}`
}

function unreached(attempt: Attempt, heard: readonly Heard[]): Finding {
  const words = heard.map(inWords)
  const { kind } = attempt.exchange.verdict
  if (words.length > 0) return { met: false, says: `the gateway was asked: ${list(words)}` }
  if (kind !== 'not-the-gateway') return { met: false, says: `the gateway itself answered the client (${kind})` }
  return { met: true, silent: true, says: 'the gateway was not asked' }
}

function only(user: string, attempt: Attempt, heard: readonly Heard[]): Finding[] {
  const whom = user === 'nobody' ? 'as anybody' : `as anybody but ${user}`
  // On a recording gateway the record decides; an acceptance that only the client heard still counts.
  const { verdict } = attempt.exchange
  const all: readonly Heard[] = heard.length === 0 && verdict.kind !== 'not-the-gateway' ? [verdict] : heard
  if (all.length === 0) return [{ met: true, silent: true, says: `the gateway accepted nobody` }]
  return all.map((one): Finding => {
    if (one.kind === 'refused') return { met: true, says: `the gateway ${inWords(one)}` }
    // `allowUsers` lists alice alone: who is accepted without a name is not somebody else.
    const fine = user !== 'nobody' && (one.user === undefined || one.user === user)
    return fine
      ? { met: true, says: `the gateway ${inWords(one)}` }
      : { met: false, says: `the gateway ${inWords(one)}, where it must not accept it ${whom}` }
  })
}

function accepted(user: string, one: Heard): Finding {
  if (one.kind === 'accepted' && (one.user === undefined || one.user === user)) return { met: true, says: inWords(one) }
  return { met: false, says: `the gateway ${inWords(one)}, where it should be accepted as ${user}` }
}

function refused(reasons: true | readonly string[], one: Heard): Finding {
  const known = one.kind === 'refused' && (reasons === true || one.reason === undefined || reasons.includes(one.reason))
  if (known) return { met: true, says: inWords(one) }
  const wanted = reasons === true ? 'refused' : `refused with ${list(reasons, 'or')}`
  return { met: false, says: `the gateway ${inWords(one)}, where it should be ${wanted}` }
}
