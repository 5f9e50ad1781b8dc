/** For steps with several users: each request must arrive once, with the user who sent it, and be answered with its own answer. */
import { type Arrival, type Asked, belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

export type Sent = Asked & { readonly as: 'alice' | 'bob' | 'anonymous' }

/** One finding over all requests that were sent. */
export async function asThemselves(stage: Stage, sent: readonly Sent[]): Promise<readonly Finding[]> {
  const arrived = await stage.arrived()
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

function mistakeOf({ as, mark, exchange }: Sent, arrived: readonly Arrival[], stage: Stage): string | undefined {
  const own = arrived.filter((arrival) => belongsTo(arrival, mark))
  const status = exchange.response?.status
  const answer = exchange.fault ?? `the client got ${status ?? 'no answer'}`
  const echoed = exchange.response?.headers.find(([name]) => name.toLowerCase() === 'x-conformance-request')?.[1]
  if (echoed !== undefined && echoed !== mark) return `a request of ${as} got the response to another request`
  if (as === 'anonymous') {
    if (own.length > 0) return `a request without a session arrived as ${namesIn(own, stage)}`
    return status !== undefined && (status === 101 || (status >= 200 && status < 300))
      ? `a request without a session was answered with ${status}`
      : undefined
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
