/** A finding in one sentence for somebody who does not know the suite: who can do what, and why. */
import { scopesHeader } from '../gateways/rules/scopes.ts'
import type { Transport } from '../plan/case.ts'
import type { About } from './about.ts'
import { type Consequence, type Effect, isDirect, isUpgrade } from './consequence.ts'
import { list } from './words.ts'

export type Members = {
  /** At least one. */
  readonly abouts: readonly About[]
  /** Of its cells whose words are about this, the most telling one first. */
  readonly reasons: readonly string[]
  readonly cases: ReadonlySet<string>
  readonly transports: ReadonlySet<Transport>
  /** Over which its cases were run to a result. */
  readonly tried: ReadonlySet<Transport>
}

/** The same whatever the order of the cells. */
export function sentenceOf(members: Members, effect: Effect): string {
  const who = whoOf(members, effect.consequence)
  const why = whyOf(members, effect.consequence)
  const where = whereOf(members, effect.consequence)
  const held = effect.stoppedBy === undefined ? who.does : `Only ${checkInWords(effect.stoppedBy)} ${who.kept}`
  return held === undefined ? `${capital(why)}${where}.` : `${held}: ${why}${where}.`
}

/** `does`: what somebody can do. `kept`: the same where something stops it. */
type Who = { readonly does?: string; readonly kept: string }

const becomes = (who: string, whom: string): Who => ({
  does: `${who} becomes ${whom}`,
  kept: `keeps ${who.charAt(0).toLowerCase()}${who.slice(1)} from becoming ${whom}`,
})

const chooses = (who: string): Who => ({
  does: `${who} chooses their own scopes`,
  kept: `keeps ${who.charAt(0).toLowerCase()}${who.slice(1)} from choosing their own scopes`,
})

function whoOf(members: Members, consequence: Consequence): Who {
  const kinds = new Set(members.abouts.map(({ kind }) => kind))
  const claimed = members.abouts.some(
    ({ kind, header }) => kind === 'passed' || (header !== undefined && kind !== 'made-up'),
  )
  const names = acceptedIn(members)
  const whom = claimed ? 'any user' : names.length > 0 ? names.join(' or ') : 'another user'
  const onlyScopes = members.abouts.every(({ header }) => header === scopesHeader)
  switch (consequence) {
    case 'anyone-is-anyone':
      if (!members.abouts.some(({ verdict }) => verdict?.kind === 'accepted') && !claimed)
        return {
          does: 'Anyone on the internet gets past the log-in',
          kept: 'stops anyone on the internet who gets past the log-in',
        }
      if (onlyScopes) return chooses('Anyone on the internet')
      return becomes('Anyone on the internet', whom)
    case 'user-is-anyone':
      if (kinds.has('made-up')) return becomes('Every user without a name', 'the same user')
      if (onlyScopes) return chooses('A signed-in user')
      return becomes('A signed-in user', whom)
    case 'neighbour-is-anyone':
      return becomes(
        members.abouts.every(({ from }) => from.startsWith('gateway-'))
          ? "Any program on the gateway's host"
          : "Anyone in the gateway's network",
        'any user without the proxy',
      )
    case 'wrong-client':
      return {
        does: members.abouts.some(({ address }) => address === 'forged')
          ? 'A client chooses the address that the gateway takes for its own'
          : "The gateway takes another address for the client's",
        kept: '',
      }
    case 'locked-out':
      return { does: lockedOut(members), kept: '' }
    case 'leak':
      return { does: 'A token or an identity goes where it should not', kept: '' }
    case 'hygiene':
      return { kept: '' }
  }
}

/** Names whose acceptance tells something; the suite's own users stand for any user. */
function acceptedIn({ abouts }: Members): string[] {
  const names = abouts.flatMap(({ verdict }) =>
    verdict?.kind === 'accepted' && verdict.another === true && verdict.user !== undefined ? [verdict.user] : [],
  )
  return [...new Set(names)].filter((name) => !/\balice\b|\bbob\b|attacker\.test/.test(name)).toSorted()
}

/** Shows whether users get in at all. */
const entrance = new Set([
  'identity.arrival.accepted',
  'identity.arrival.reaches-gateway',
  'websocket.upgrade.accepted',
])

function lockedOut({ abouts, cases, transports, tried }: Members): string {
  if (abouts.every(({ from }) => from.startsWith('gateway-')))
    return "Tools and the command line on the gateway's host are refused"
  if (![...cases].some((id) => entrance.has(id))) return 'Some requests of signed-in users fail'
  return transports.size < tried.size && !transports.has('http') ? 'No user gets through' : 'No user gets in'
}

function whyOf(members: Members, consequence: Consequence): string {
  const { abouts } = members
  const first = abouts.reduce((cause, one) => (rankOf(one) < rankOf(cause) ? one : cause))
  if (isDirect(first) && consequence === 'neighbour-is-anyone') return `the gateway takes requests ${whence(first)}`
  const headers = [...new Set(abouts.flatMap(({ header }) => header ?? []))].map(headerInWords).toSorted()
  switch (first.kind) {
    case 'passed':
      if (abouts.every((about) => about.in === 'trailer'))
        return `the proxy passes on trailers that the client sent after a body (${some(headers, 'name')}): this gateway reads none, and another may read them as headers`
      if (abouts.every(({ spelled }) => spelled !== undefined))
        return `the proxy passes on other spellings of ${some(headers, 'header')}, such as with _ or . for -, which a server may read as the same`
      if (abouts.every(({ header }) => isUpgrade(header)))
        return 'the proxy passes on an upgrade to another protocol than WebSocket'
      return consequence === 'hygiene'
        ? `the proxy passes on ${some(headers, 'header')} that the client sent and this gateway does not read`
        : `the proxy passes on ${headerInWords(first.header ?? 'a header')} that the client sent`
    case 'made-up':
      return `the proxy writes a made-up name into ${headers[0] ?? 'the identity header'} for a user who has none`
    case 'accepted':
      if (first.believed === true) return `${headerInWords(first.header ?? '')} that the client sent is believed`
      return first.who === 'anonymous'
        ? 'a request without a session is accepted'
        : detail(members, 'the gateway accepts somebody whom it must not')
    case 'reached':
      return first.who === 'anonymous'
        ? 'a request without a session reaches the gateway'
        : `the proxy forwards requests that it should refuse (${some([...members.cases].toSorted(), 'case')})`
    case 'lost':
      if (consequence === 'hygiene' && abouts.some(({ kind }) => kind === 'changed')) return changes(members, headers)
      return headers.length > 1
        ? `${some(headers, 'header')} do not arrive at the gateway`
        : `${headers[0] ?? 'something that was sent'} does not arrive at the gateway`
    case 'changed':
      return changes(members, headers)
    case 'client-address':
      return `${addressInWords(members)}${refusalInWords(members)}`
    case 'refused':
      if (reasonOf(first) === 'trusted_proxy_user_missing') return 'no identity arrives at the gateway'
      return `the gateway refuses${reasonOf(first) === undefined ? '' : ` (${reasonOf(first)})`}`
    case 'turned-away':
      return answersIn(members)
    case 'not-upgraded':
      return 'WebSocket upgrades arrive as plain requests'
    case 'mixed-up':
      return 'the proxy takes one request for another'
    case 'multiplied':
      return 'the gateway receives more requests than the client sent'
    case 'leaked':
      return detail(members, 'it is accepted or shown where it must not be')
    case 'answer':
      return detail(members, 'clients get other answers than they should')
    case 'unanswered':
      return detail(members, 'the proxy does not answer')
    case 'other':
      return detail(members, `${some([...members.cases].toSorted(), 'case')} did not pass`)
  }
}

/** What is a cause goes before what may only follow from it. */
const ranks: Partial<Record<About['kind'], number>> = {
  accepted: 3,
  refused: 3,
  'turned-away': 2,
  answer: 4,
  reached: 1,
}
const rankOf = ({ kind }: About) => ranks[kind] ?? 0

function whence({ from, to }: About): string {
  const through = to === 'gateway' ? '' : to === 'proxy' ? ' through another port' : ` through the ${to}`
  switch (from) {
    case 'internet':
      return `from the internet${through}`
    case 'lan':
      return `from other hosts in its network${through}`
    case 'proxy-host':
      return `from the proxy's host that the proxy did not check`
    default:
      return 'from its own host that the proxy did not check'
  }
}

function addressInWords({ abouts }: Members): string {
  const seen = new Set(abouts.map(({ address }) => address))
  if (seen.has('forged')) return 'the proxy passes on X-Forwarded-For that the client sent'
  return seen.has('other')
    ? 'X-Forwarded-For names the proxy or another host before the gateway instead of the client'
    : 'X-Forwarded-For does not name the client'
}

/** Where the same cause also keeps users out. */
function refusalInWords({ abouts, cases }: Members): string {
  const refused = abouts.some(({ verdict }) => verdict?.kind === 'refused')
  return refused && [...cases].some((id) => entrance.has(id))
    ? ', and where it names nobody the gateway refuses every user'
    : ''
}

const reasonOf = ({ verdict }: About) => (verdict?.kind === 'refused' ? verdict.reason : undefined)

const changes = (members: Members, headers: readonly string[]) =>
  members.abouts.every(({ believed }) => believed === true)
    ? `${list(headers)} arrives with another name than the provider gave the user`
    : `the proxy changes ${some([...partsIn(members), ...headers], 'part') || 'requests'} on the way`

const partsIn = ({ abouts }: Members) =>
  [...new Set(abouts.flatMap(({ part }) => (part === undefined ? [] : `the ${part}`)))].toSorted()

/** Who answers legitimate requests with what. */
function answersIn(members: Members): string {
  const statuses = [...new Set(members.abouts.flatMap(({ status }) => status ?? []))].toSorted(
    (one, other) => one - other,
  )
  if (statuses.length === 0 || members.abouts.every(({ seen }) => seen === 'step'))
    return detail(members, 'legitimate requests do not get through')
  const who = members.abouts.some(({ verdict }) => verdict === undefined) ? 'the proxy' : 'the gateway'
  return `${who} answers ${list(statuses.map(String), 'or')} where a request should get through`
}

/** Where the structure says no more than the first cell: its own words, without who sent it. @param otherwise where no cell shows this alone */
function detail({ reasons: [reason] }: Members, otherwise: string): string {
  if (reason === undefined) return otherwise
  return reason
    .replace(/ \(known since .*$/s, '')
    .replace(
      /^((?:In this way only|Only) beside other requests: )?(?:As [\w-]+|Anonymous)(?:, request \d+ of \d+)?: /,
      '$1',
    )
    .replace(/ \(and \d+ more of \d+ requests\)/, '')
    .replace(/\.$/, '')
}

const shown = 4

/** `X-A and X-B`, `12 headers (X-A, X-B, …)`. */
function some(headers: readonly string[], what: string): string {
  if (headers.length <= shown) return list(headers)
  return `${headers.length} ${what}s (${headers.slice(0, shown).join(', ')}, …)`
}

/** `x-forwarded-user` as `X-Forwarded-User`. */
function headerInWords(folded: string): string {
  return folded.replace(/(?<![a-z0-9])[a-z]/g, (letter) => letter.toUpperCase())
}

const overTransport: Readonly<Record<Transport, string>> = {
  http: 'over HTTP/1.1',
  websocket: 'on WebSocket upgrades',
  h2: 'over HTTP/2',
  'websocket-h2': 'on WebSocket upgrades over HTTP/2',
}

/** The paths that requests ask unless a case names another. */
const usualRoutes = new Set(['/', '/tools/invoke'])
const shownRoutes = 3

/** Only where it does not show everywhere that it was looked for. */
function whereOf({ abouts, transports, tried }: Members, consequence: Consequence): string {
  const over = transports.size < tried.size ? [list([...transports].toSorted().map((one) => overTransport[one]))] : []
  if (consequence === 'hygiene') return over.length === 0 ? '' : ` (${over.join()})`
  const routes = [...new Set(abouts.map(({ route }) => route))]
  const named = routes.flatMap((route) => (route === undefined || usualRoutes.has(route) ? [] : [route])).toSorted()
  const only = named.length === routes.length && named.length <= shownRoutes && named.length > 0
  const parts = [...(only ? [`on ${list(named)}`] : []), ...over]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

const checkInWords = (checked: string) => `the gateway's own check (${checked})`
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
