/** One cell: sends what the case says, collects what arrived, and leaves the meaning to the judge. */
import { randomBytes } from 'node:crypto'
import type { Exchange } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/arrival.ts'
import { users } from '../identity/users.ts'
import type { Attempt, Fence, Observation } from '../judge/observation.ts'
import { needsFence } from '../judge/silence.ts'
import type { Case, Transport } from '../plan/case.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { fillExpectation, fillSend, type PlaceholderContext } from '../plan/placeholders.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { sendOne } from './send.ts'
import { runStep } from './stage.ts'

/** How long the gateway's record of an answered request may take to come over the recorder's channel. */
const recordDeadline = 5000
/** The same, for a request that somebody else answered. */
const graceful = 100

const mark = () => `mark-${randomBytes(6).toString('hex')}`

/** `never`: can show that a case is not met, never that it is. Enough to see a mutant caught: one that is missed for the lack of a fence is told as such. */
export type Fencing = 'always' | 'never'

/** @throws only on faults of the harness itself; whatever proxy, gateway and network do is part of the observation */
export async function observe(
  asked: Case,
  transport: Transport,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  fencing: Fencing = 'always',
): Promise<Observation> {
  const recordable = environment.recordings !== undefined
  const session = environment.sessions[asked.as]
  if (session.reason !== undefined && (asked.as === 'alice' || asked.as === 'bob')) {
    return { attempts: [], recordable, fence: { needed: false, arrived: false }, signInFailed: session.reason }
  }
  const step =
    asked.step === undefined
      ? { findings: [] }
      : await runStep(asked.step, asked, transport, planned, environment, {
          many: fencing === 'always' ? 200 : 20,
          contextOf: (own) => contextOf(planned, environment, own),
          fence: () => raiseBoth(planned, environment),
        })
  // Whatever a step left on the way, such as log-ins that come to rest on the gateway, is none of the requests below.
  if (asked.step !== undefined) await settle(environment)
  if ('failed' in step) {
    return { attempts: [], recordable, fence: { needed: false, arrived: false }, stepFailed: step.failed }
  }
  const evil = `evil-${randomBytes(6).toString('hex')}@attacker.test`
  const since = environment.recordings?.last ?? 0
  const sent: { mark: string; exchange: Exchange; context: PlaceholderContext }[] = []
  for (const wanted of asked.send) {
    const context = contextOf(planned, environment, { cookie: session.cookie, evil, mark: mark() })
    const exchange = await sendOne(fillSend(wanted, context), transport, asked, context, environment)
    sent.push({ mark: context.mark, exchange, context })
  }
  const needed = asked.send.length > 0 && needsFence(asked.expect)
  const fence =
    fencing === 'never'
      ? { needed: false, arrived: true }
      : needed
        ? await raiseFence(planned, environment)
        : await askForOrder(environment)
  const arrivals = environment.recordings?.since(since) ?? []
  return {
    recordable,
    fence,
    ...(asked.step !== undefined && { findings: step.findings }),
    attempts: sent.map(
      ({ exchange, context }): Attempt => ({
        expect: fillExpectation(asked.expect, context),
        exchange,
        arrivals: arrivals.filter((arrival) => belongs(arrival, context.mark)),
      }),
    ),
  }
}

/** Waits until the gateway has recorded whatever was sent before, such as log-ins that come to rest on it. */
export async function settle(environment: RunningEnvironment): Promise<void> {
  await askForOrder(environment)
}

/** Through the proxy where it lets alice through, and in any case the gateway's own word. */
async function raiseBoth(planned: PlannedEnvironment, environment: RunningEnvironment): Promise<void> {
  await raiseFence(planned, environment)
  await askForOrder(environment)
}

/** Carries this mark, or none at all: what a proxy let through without its mark is still of the case at hand, since cells run one by one. */
function belongs(arrival: Arrival, wanted: string): boolean {
  const text = Buffer.from(arrival.raw, 'base64').toString('latin1') + arrival.target + arrival.body
  return text.includes(wanted) || !text.includes('mark-')
}

function contextOf(
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  own: Pick<PlaceholderContext, 'cookie' | 'evil' | 'mark'>,
): PlaceholderContext {
  return {
    ...environment.addresses,
    identity: planned.variant.identity,
    host: planned.variant.host,
    alice: users.alice.email,
    bob: users.bob.email,
    password: environment.password,
    ...own,
  }
}

/** For the order of the record alone: the gateway says on the recorder's own channel when it has told all that reached it before. */
async function askForOrder({ recordings }: RunningEnvironment): Promise<Fence> {
  if (recordings === undefined) return { needed: false, arrived: false }
  return await recordings.caughtUp(recordDeadline).then(
    () => ({ needed: false, arrived: true }),
    (error: Error) => ({ needed: false, arrived: false, reason: error.message }),
  )
}

/** An allowed request as alice after the case, through the proxy: when the gateway has it, the path is alive, and whatever came before it has come too. */
async function raiseFence(planned: PlannedEnvironment, environment: RunningEnvironment): Promise<Fence> {
  const { recordings } = environment
  const since = recordings?.last ?? 0
  const context = contextOf(planned, environment, {
    cookie: environment.sessions.alice.cookie,
    evil: '',
    mark: mark(),
  })
  const exchange = await sendOne({}, 'http', { from: 'internet', to: 'proxy' }, context, environment)
  // What the gateway answered it has recorded; a proxy's own page or a fault is given a moment, lest the record be late.
  const spoke = exchange.verdict.kind !== 'not-the-gateway'
  const arrived =
    recordings === undefined
      ? spoke
      : await recordings
          .waitFor(({ target }) => target.includes(context.mark), spoke ? recordDeadline : graceful, since)
          .then(
            () => true,
            () => false,
          )
  if (arrived) return { needed: true, arrived }
  const { response, fault } = exchange
  return {
    needed: true,
    arrived,
    reason: response === undefined ? (fault ?? 'the connection closed') : `the client got ${response.status}`,
  }
}
