/** The second observation: what the gateway decided; from its own record, or from its words to the client where it keeps none. */
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { VerdictExpectation } from '../plan/case.ts'
import type { OwnAbout } from './about.ts'
import { lacksIdentity } from './arrival-findings.ts'
import type { Attempt, Finding } from './observation.ts'
import { answerInWords, type Heard, list, verdictInWords } from './words.ts'

/**
 * Holds `verdict` against one attempt. At least one finding comes back.
 * @param identity the trusted header
 */
export function verdictFindings(
  expected: VerdictExpectation,
  attempt: Attempt,
  recordable: boolean,
  identity: string,
): Finding[] {
  const heard = recordable ? attempt.arrivals.map((arrival) => fromRecord(arrival, identity)) : fromClient(attempt)
  if (expected === 'unreached') return [unreached(attempt, heard)]
  if ('only' in expected) return only(expected.only, attempt, heard)
  if (heard.length === 0) {
    const wanted = 'accepted' in expected ? `accepted as ${expected.accepted}` : 'refused by the gateway'
    return [
      {
        met: false,
        about: { kind: 'turned-away', wanted: 'accepted' in expected ? 'accepted' : 'refused' },
        says: `the request did not reach the gateway, where it should be ${wanted}: ${answerInWords(attempt.exchange)}`,
      },
    ]
  }
  if ('accepted' in expected) return heard.map((one) => accepted(expected.accepted, one))
  return heard.map((one) => refused(expected.refused, one))
}

/** `lacksIdentity`: refused, and the request came without any identity by which somebody could have been accepted. */
type HeardOf = Heard & { readonly lacksIdentity: boolean }

function fromRecord(arrival: Arrival, identity: string): HeardOf {
  const { verdict } = arrival
  return verdict.kind === 'accepted'
    ? { kind: 'accepted', user: verdict.user, lacksIdentity: false }
    : { kind: 'refused', reason: verdict.reason, lacksIdentity: lacksIdentity(arrival, identity) }
}

function fromClient({ exchange: { verdict } }: Attempt): HeardOf[] {
  if (verdict.kind === 'not-the-gateway') return []
  const lacks = verdict.kind === 'refused' && verdict.reason === 'trusted_proxy_user_missing'
  return [{ ...verdict, lacksIdentity: lacks }]
}

function unreached(attempt: Attempt, heard: readonly HeardOf[]): Finding {
  const words = heard.map((one) => verdictInWords(one))
  const { kind } = attempt.exchange.verdict
  const about = { kind: 'reached' } as const
  if (words.length > 0) return { met: false, says: `the request reached the gateway: ${list(words)}`, about }
  if (kind !== 'not-the-gateway') return { met: false, says: `the response came from the gateway (${kind})`, about }
  return { met: true, silent: true, says: 'the request did not reach the gateway' }
}

function only(user: string, attempt: Attempt, heard: readonly HeardOf[]): Finding[] {
  const whom = user === 'nobody' ? 'as anybody' : `as anybody but ${user}`
  // On a recording gateway the record decides; an acceptance that only the client heard still counts.
  const { verdict } = attempt.exchange
  const all = heard.length === 0 && verdict.kind !== 'not-the-gateway' ? fromClient(attempt) : heard
  if (all.length === 0) return [{ met: true, silent: true, says: `the gateway accepted nobody` }]
  return all.map((one): Finding => {
    if (one.kind === 'refused') return { met: true, says: `the gateway ${verdictInWords(one)}` }
    // `allowUsers` lists alice alone: who is accepted without a name is not somebody else.
    const fine = user !== 'nobody' && (one.user === undefined || one.user === user)
    return fine
      ? { met: true, says: `the gateway ${verdictInWords(one)}` }
      : {
          met: false,
          says: `the gateway ${verdictInWords(one)}, where it must not accept it ${whom}`,
          about: { kind: 'accepted' },
        }
  })
}

function accepted(user: string, one: HeardOf): Finding {
  if (one.kind === 'accepted' && (one.user === undefined || one.user === user))
    return { met: true, says: verdictInWords(one) }
  const says = `the gateway ${verdictInWords(one)}, where it should be accepted as ${user}`
  return { met: false, says, about: decided(one, 'accepted'), ...(one.lacksIdentity && { lacksIdentity: true }) }
}

function refused(reasons: true | readonly string[], one: HeardOf): Finding {
  const known = one.kind === 'refused' && (reasons === true || one.reason === undefined || reasons.includes(one.reason))
  if (known) return { met: true, says: verdictInWords(one) }
  const wanted = reasons === true ? 'refused' : `refused with ${list(reasons, 'or')}`
  const says = `the gateway ${verdictInWords(one)}, where it should be ${wanted}`
  return { met: false, says, about: decided(one, 'refused'), ...(one.lacksIdentity && { lacksIdentity: true }) }
}

/** What the gateway did instead. */
function decided({ kind }: HeardOf, wanted: NonNullable<OwnAbout['wanted']>): OwnAbout {
  return kind === 'accepted' ? { kind } : { kind, wanted }
}
