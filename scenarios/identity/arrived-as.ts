/** For steps with several users: each request must arrive once, with the user who sent it, and be answered with its own answer. */
import { type Arrival, type Asked, belongsTo, type Finding, isIndistinct, type Stage } from '../../harness/stage.ts'

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
  return [{ met: false, says: wrong.length === 1 ? first : `${first}, and ${wrong.length - 1} more of ${sent.length}` }]
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
  if (wrong.length > 0) return { met: false, says: wrong.join(', ') }
  return { met: false, indistinct: true, says: `${cannotBeTold} (as many arrived of each user as were sent)` }
}

const isAnsweredWithoutSession = ({ as, exchange: { response } }: Sent) =>
  as === 'anonymous' &&
  response !== undefined &&
  (response.status === 101 || (response.status >= 200 && response.status < 300))

const withoutSession = ({ response }: Sent['exchange']) =>
  `a request without a session was answered with ${response?.status}`

function mistakeOf(one: Sent, arrived: readonly Arrival[], stage: Stage): string | undefined {
  const { as, mark, exchange } = one
  const own = arrived.filter((arrival) => belongsTo(arrival, mark))
  const answer = exchange.fault ?? `the client got ${exchange.response?.status ?? 'no answer'}`
  const echoed = exchange.response?.headers.find(([name]) => name.toLowerCase() === 'x-conformance-request')?.[1]
  if (echoed !== undefined && echoed !== mark) return `a request of ${as} got the response to another request`
  if (as === 'anonymous') {
    if (own.length > 0) return `a request without a session arrived as ${namesIn(own, stage)}`
    return isAnsweredWithoutSession(one) ? withoutSession(exchange) : undefined
  }
  if (own.length !== 1) return `a request of ${as} arrived ${own.length} times instead of once (${answer})`
  const found = namesIn(own, stage)
  return found === stage.nameOf(as) ? undefined : `a request of ${as} arrived as ${found}`
}

/** The values of the identity header, as they arrived. */
export function namesIn(arrivals: readonly Arrival[], { identity }: Stage): string {
  const values = arrivals.flatMap(({ headers }) =>
    headers.filter(([name]) => name.toLowerCase() === identity.toLowerCase()).map(([, value]) => value),
  )
  return values.join(' and ') || 'nobody'
}
