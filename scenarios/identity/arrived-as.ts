/** For steps with several users: each request must arrive once, with the user who sent it, and be answered with its own answer. */
import {
  type About,
  type Arrival,
  type Asked,
  belongsTo,
  type Finding,
  isIndistinct,
  type Stage,
} from '../../harness/stage.ts'

export type Sent = Asked & { readonly as: 'alice' | 'bob' | 'anonymous' }

/** Why a finding of several users is neither met nor not. */
export const cannotBeTold =
  'the proxy forwards neither X-Conformance-Request nor User-Agent, so that requests of one URL cannot be told apart'

/** One finding over all requests that were sent. */
export async function asThemselves(stage: Stage, sent: readonly Sent[]): Promise<readonly Finding[]> {
  const arrived = await stage.arrived()
  if (arrived.some((arrival) => isIndistinct(arrival) && sent.some(({ mark }) => belongsTo(arrival, mark))))
    return [counted(stage, sent, arrived)]
  const wrong = sent.flatMap((one) => mistakeOf(one, arrived, stage) ?? [])
  const [first] = wrong
  if (first === undefined)
    return [
      {
        met: true,
        says: `all ${sent.length} requests arrived with the user who sent them, or not at all without a session`,
      },
    ]
  const says = wrong.length === 1 ? first.says : `${first.says}, and ${wrong.length - 1} more of ${sent.length}`
  return [{ met: false, says, about: wrong.map(({ about }) => about) }]
}

/** Where the proxy drops what names a request, only their number is known: one user too often shows a mistake, equal numbers do not exclude one. */
function counted(stage: Stage, sent: readonly Sent[], arrived: readonly Arrival[]): Finding {
  const own = arrived.filter((arrival) => sent.some(({ mark }) => belongsTo(arrival, mark)))
  const names = Map.groupBy(own, (arrival) => namesIn([arrival], stage))
  const senders = (['alice', 'bob'] as const).map((user) => ({
    email: stage.nameOf(user),
    times: stage.sent.filter(({ as }) => as === user).length,
  }))
  const wrong = [
    ...senders
      .filter(({ email, times }) => (names.get(email)?.length ?? 0) !== times)
      .map(({ email, times }) => `${names.get(email)?.length ?? 0} requests arrived as ${email} instead of ${times}`),
    ...[...names]
      .filter(([name]) => !senders.some(({ email }) => email === name))
      .map(([name, arrivals]) => `${arrivals.length} requests arrived as ${name}`),
    ...sent.filter(isAnsweredWithoutSession).map(({ exchange }) => withoutSession(exchange)),
  ]
  if (wrong.length > 0) return { met: false, says: wrong.join(', '), about: { kind: 'mixed-up' } }
  return { met: false, indistinct: true, says: `${cannotBeTold} (as many arrived of each user as were sent)` }
}

const isAnsweredWithoutSession = ({ as, exchange: { response } }: Sent) =>
  as === 'anonymous' &&
  response !== undefined &&
  (response.status === 101 || (response.status >= 200 && response.status < 300))

const withoutSession = ({ response }: Sent['exchange']) =>
  `a request without a session was answered with ${response?.status}`

type Mistake = { readonly says: string; readonly about: About }

function mistakeOf(one: Sent, arrived: readonly Arrival[], stage: Stage): Mistake | undefined {
  const { as, mark, exchange } = one
  const own = arrived.filter((arrival) => belongsTo(arrival, mark))
  const answer = exchange.fault ?? `the client got ${exchange.response?.status ?? 'no answer'}`
  const echoed = exchange.response?.headers.find(([name]) => name.toLowerCase() === 'x-conformance-request')?.[1]
  const verdict = verdictOf(own, as, stage)
  const mixedUp: About = { kind: 'mixed-up', who: as, ...(verdict && { verdict }) }
  if (echoed !== undefined && echoed !== mark)
    return { says: `a request of ${as} got the response to another request`, about: mixedUp }
  if (as === 'anonymous') {
    if (own.length > 0)
      return {
        says: `a request without a session arrived as ${namesIn(own, stage)}`,
        about: { ...mixedUp, kind: 'reached' },
      }
    return isAnsweredWithoutSession(one) ? { says: withoutSession(exchange), about: mixedUp } : undefined
  }
  if (own.length !== 1)
    return {
      says: `a request of ${as} arrived ${own.length} times instead of once (${answer})`,
      about: own.length === 0 ? { kind: 'turned-away', who: as, wanted: 'accepted' } : { kind: 'multiplied', who: as },
    }
  const found = namesIn(own, stage)
  if (found === stage.nameOf(as)) return undefined
  const lost: About = { kind: 'lost', who: as, header: stage.identity.toLowerCase() }
  return { says: `a request of ${as} arrived as ${found}`, about: found === nobody ? lost : mixedUp }
}

function verdictOf(own: readonly Arrival[], as: Sent['as'], stage: Stage): About['verdict'] {
  const accepted = own.flatMap(({ verdict }) => (verdict.kind === 'accepted' ? verdict.user : []))
  const another = accepted.find((user) => as === 'anonymous' || user !== stage.nameOf(as))
  if (another !== undefined) return { kind: 'accepted', user: another, another: true }
  const [user] = accepted
  if (user !== undefined) return { kind: 'accepted', user }
  const refused = own.flatMap(({ verdict }) => (verdict.kind === 'refused' ? verdict.reason : []))[0]
  return refused === undefined ? undefined : { kind: 'refused', reason: refused }
}

/** Where no identity arrived. */
const nobody = 'nobody'

/** The values of the identity header, as they arrived. */
export function namesIn(arrivals: readonly Arrival[], { identity }: Stage): string {
  const values = arrivals.flatMap(({ headers }) =>
    headers.filter(([name]) => name.toLowerCase() === identity.toLowerCase()).map(([, value]) => value),
  )
  return values.join(' and ') || nobody
}
