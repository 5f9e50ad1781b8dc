/** Everything that one request of a case shows: what the case asks for, what every case demands, and what no case allows. */
import { namesOf, users } from '../identity/users.ts'
import { type Case, opensWebSocket, type Principal, type Transport } from '../plan/case.ts'
import { silenceMeets } from '../plan/expectation.ts'
import { arrivalFindings } from './arrival-findings.ts'
import { clientFindings } from './client-findings.ts'
import { foreignValues, otherAnswer } from './foreign-findings.ts'
import type { Attempt, Finding } from './observation.ts'
import { sentFindings } from './sent-findings.ts'
import { verdictFindings } from './verdict-findings.ts'

/** Why an attempt cannot be judged, or `undefined`. A dead proxy is the suite's concern, never a pass. */
export function faultOf(attempt: Attempt, asked: Case, recordable: boolean): string | undefined {
  const { exchange, arrivals, expect } = attempt
  const { fault, response, verdict } = exchange
  if (fault === undefined || arrivals.length > 0 || isUnanswered(attempt, asked)) return undefined
  if (response === undefined) return expect.client?.status?.includes('none') === true ? undefined : fault
  // After a 101 the gateway's words were still to come, and it keeps no record that could replace them.
  return !recordable && expect.verdict !== undefined && verdict.kind === 'not-the-gateway' ? fault : undefined
}

/** The proxy took the connection and the request, and said nothing until the deadline: that is what it does, and no fault of the suite. */
function isUnanswered({ exchange: { ending, fault } }: Attempt, { to }: Case): boolean {
  // Raw bytes that are no whole request may stay unanswered, which is then no fault.
  return ending === 'no-answer' && fault !== undefined && to !== 'gateway'
}

export function findingsOf(
  asked: Case,
  transport: Transport,
  recordable: boolean,
  attempt: Attempt,
  index: number,
  identity: string,
): Finding[] {
  const { arrives, verdict, client } = attempt.expect
  const send = asked.send[index]
  const ordinary =
    send !== undefined && send.raw === undefined && send.connection === undefined && send.method === undefined
  const demanded = !silenceMeets(asked.expect)
  const mustUpgrade = opensWebSocket(transport) && ordinary && demanded
  const own = [
    ...(arrives !== undefined && recordable ? arrivalFindings(arrives, attempt, identity, mustUpgrade) : []),
    ...(verdict === undefined ? [] : verdictFindings(verdict, attempt, recordable, identity)),
    ...(client === undefined ? [] : clientFindings(client, attempt.exchange)),
  ]
  if (isUnanswered(attempt, asked)) return unanswered(attempt, own)
  if (own.length === 0) return []
  return [
    ...own,
    ...(demanded && recordable ? sentFindings(attempt, identity) : []),
    ...foreignValues(attempt),
    ...otherAnswer(attempt),
  ]
}

/** What arrived all the same is judged as ever; that nothing else came is said once. */
function unanswered(attempt: Attempt, own: readonly Finding[]): Finding[] {
  const seconds = Math.round(attempt.exchange.ms / 100) / 10
  const says = `the proxy took the request and did not answer it within ${seconds} s`
  return [
    { met: false, unanswered: true, says, about: { kind: 'unanswered' } },
    ...(attempt.arrivals.length > 0 ? own : []),
  ]
}

/**
 * As whom the gateway accepted a request through the proxy, where that is neither the user who is signed in there nor one whom the request
 * itself claimed to be: the identity of one request crossed to another. A forgery that is believed is what its own case is about.
 */
export function acceptedAsAnother({ as, to }: Case, attempts: readonly Attempt[]): string | undefined {
  if (to !== 'proxy') return undefined
  return attempts
    .flatMap(({ arrivals, exchange }) =>
      [...arrivals.map(({ verdict }) => verdict), exchange.verdict].flatMap((verdict) =>
        // A gateway that does not say whom it accepts allows alice alone.
        verdict.kind === 'accepted' ? [{ user: verdict.user ?? users.alice.email, sent: exchange.sent }] : [],
      ),
    )
    .find(({ user, sent }) => !ownNames(as).includes(user) && !sent.includes(user))?.user
}

/** Nobody is accepted without a session, nor without the claim that the identity is made of. */
export function ownNames(as: Principal): readonly string[] {
  return as === 'alice' || as === 'bob' ? namesOf(users[as]) : []
}
