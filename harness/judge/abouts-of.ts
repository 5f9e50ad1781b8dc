/** From the unmet findings of one request to what they are about: who sent it, from where, to which path, and what the gateway decided. */
import { foldName, sameName } from '../gateways/rules/header-lines.ts'
import { scopesHeader } from '../gateways/rules/scopes.ts'
import type { Case, Transport } from '../plan/case.ts'
import { silenceMeets } from '../plan/expectation.ts'
import { withoutMark } from '../plan/marks.ts'
import { type About, type AboutVerdict, distinctAbouts, type OwnAbout } from './about.ts'
import { ownNames } from './attempt-findings.ts'
import { wroteAny } from './client-wrote.ts'
import type { Attempt, Finding } from './observation.ts'

type Place = {
  readonly asked: Case
  readonly transport: Transport
  /** The header that the gateway trusts. */
  readonly identity: string
  readonly features: readonly string[]
}

/** @param findings the unmet ones of this request; without `attempt`, those of the case's own step */
export function aboutsOf(findings: readonly Finding[], attempt: Attempt | undefined, place: Place): About[] {
  const own = findings.flatMap(({ about = { kind: 'other' } satisfies OwnAbout }) => about)
  return distinctAbouts(
    withoutConsequences(
      own.map((one) => completed(one, attempt, place)),
      place.identity,
    ),
  )
}

function completed(own: OwnAbout, attempt: Attempt | undefined, place: Place): About {
  const { asked, transport } = place
  const target = attempt?.sent?.target
  const status = own.kind === 'turned-away' ? attempt?.exchange.response?.status : undefined
  const verdict = own.verdict ?? (attempt === undefined ? undefined : verdictOf(attempt, asked))
  const header =
    (own.header && foldName(own.header)) ??
    ((own.kind === 'accepted' || own.kind === 'reached') && attempt ? claimedIn(attempt, place) : undefined)
  const wanted = own.kind === 'unanswered' && !silenceMeets(asked.expect) ? ('accepted' as const) : own.wanted
  return {
    ...own,
    ...(header !== undefined && { header }),
    ...(header !== undefined && isBelieved(header, own, place) && { believed: true }),
    who: own.who ?? asked.as,
    from: own.from ?? asked.from,
    to: own.to ?? (own.from === undefined || own.from === 'internet' ? asked.to : 'gateway'),
    transport,
    ...(own.route === undefined && target !== undefined && { route: pathOf(target) }),
    ...(verdict !== undefined && { verdict }),
    ...(wanted !== undefined && { wanted }),
    ...(status !== undefined && { status }),
    seen: attempt === undefined ? 'step' : seenIn(own),
  }
}

const pathOf = (target: string) => withoutMark(target).replace(/[?#].*$/s, '')

function seenIn({ kind }: OwnAbout): About['seen'] {
  switch (kind) {
    case 'accepted':
    case 'refused':
      return 'verdict'
    case 'turned-away':
    case 'leaked':
    case 'answer':
    case 'unanswered':
      return 'answer'
    default:
      return 'arrival'
  }
}

/** A gateway reads trailers apart from headers. */
function isBelieved(header: string, own: OwnAbout, { identity, features }: Place): boolean {
  if (own.spelled !== undefined || own.in !== undefined) return false
  return header === foldName(identity) || (header === scopesHeader && features.includes('scopes-header'))
}

/** The gateway's decision on a request, the worst where it arrived more than once: somebody else accepted, somebody accepted, refused. */
function verdictOf({ arrivals, exchange }: Attempt, { as }: Case): AboutVerdict | undefined {
  const heard = arrivals.length > 0 ? arrivals.map(({ verdict }) => verdict) : [exchange.verdict]
  const said = heard.flatMap((verdict): AboutVerdict[] => {
    if (verdict.kind === 'not-the-gateway') return []
    if (verdict.kind === 'refused')
      return [{ kind: 'refused', ...(verdict.reason !== undefined && { reason: verdict.reason }) }]
    const { user } = verdict
    const another = user === undefined ? as !== 'alice' : !ownNames(as).includes(user)
    return [{ kind: 'accepted', ...(user !== undefined && { user }), ...(another && { another }) }]
  })
  return (
    said.find((one) => one.kind === 'accepted' && one.another) ??
    said.find(({ kind }) => kind === 'accepted') ??
    said[0]
  )
}

/** The header by which the client claimed to be who it was accepted as, where it is known or likely that it got through. */
function claimedIn(attempt: Attempt, { identity }: Place): string | undefined {
  const values = attempt.arrivals.flatMap(({ headers }) =>
    headers.filter(([name]) => sameName(name, identity)).map(([, value]) => value),
  )
  const own =
    attempt.arrivals.length > 0 ? values : [attempt.sent?.headers.find(([name]) => sameName(name, identity))?.[1] ?? '']
  const claimed = own.filter((value) => value.trim() !== '')
  return claimed.length > 0 && wroteAny(identity, claimed, attempt) ? foldName(identity) : undefined
}

/** What only follows from something else of the same request is no cause of its own. */
function withoutConsequences(abouts: readonly About[], identity: string): About[] {
  const has = (test: (about: About) => boolean) => abouts.some(test)
  const passed = has(({ kind, believed }) => kind === 'passed' && believed === true)
  const lost = has(({ kind, header }) => kind === 'lost' && header === foldName(identity))
  const reached = has(({ kind }) => kind === 'reached')
  const address = has(({ kind }) => kind === 'client-address')
  const turnedAway = has(({ kind }) => kind === 'turned-away')
  const mixedUp = has(({ kind }) => kind === 'mixed-up')
  const follows = ({ kind, verdict }: About): boolean => {
    switch (kind) {
      case 'accepted':
        return passed || reached || mixedUp || address
      case 'refused':
        return (
          passed ||
          reached ||
          lost ||
          turnedAway ||
          (address && verdict?.kind === 'refused' && verdict.reason === 'proxy_attribution_required')
        )
      case 'turned-away':
        return passed || reached
      case 'answer':
        return passed || reached || turnedAway
      default:
        return false
    }
  }
  return abouts.filter((about) => !follows(about))
}
