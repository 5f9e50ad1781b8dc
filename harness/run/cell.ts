/** One cell: sends what the case says, collects what arrived, and leaves the meaning to the judge. */
import { randomBytes } from 'node:crypto'
import type { Exchange } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/arrival.ts'
import type { Attempt, Fence, Observation } from '../judge/observation.ts'
import { needsFence } from '../judge/silence.ts'
import type { Case, Transport } from '../plan/case.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { fillExpectation, fillSend, type PlaceholderContext } from '../plan/placeholders.ts'
import { users } from '../identity/users.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { send } from './send.ts'

/** How long the gateway's record of an answered request may take to come over the recorder's channel. */
const recordDeadline = 5000

const mark = () => `mark-${randomBytes(6).toString('hex')}`

/** @throws only on faults of the harness itself; whatever proxy, gateway and network do is part of the observation */
export async function observe(
  asked: Case,
  transport: Transport,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
): Promise<Observation> {
  const recordable = environment.recordings !== undefined
  const session = environment.sessions[asked.as]
  if (session.reason !== undefined && (asked.as === 'alice' || asked.as === 'bob')) {
    return { attempts: [], recordable, fence: { needed: false, arrived: false }, signInFailed: session.reason }
  }
  const evil = `evil-${randomBytes(6).toString('hex')}@attacker.test`
  const since = environment.recordings?.last ?? 0
  const sent: { mark: string; exchange: Exchange; context: PlaceholderContext }[] = []
  for (const wanted of asked.send) {
    const context: PlaceholderContext = {
      ...environment.addresses,
      identity: planned.variant.identity,
      host: planned.variant.host,
      alice: users.alice.email,
      bob: users.bob.email,
      cookie: session.cookie,
      password: environment.password,
      evil,
      mark: mark(),
    }
    const exchange = await send(fillSend(wanted, context), transport, asked, context, environment)
    sent.push({ mark: context.mark, exchange, context })
  }
  const needed = asked.send.length > 0 && needsFence(asked.expect)
  const fence = recordable ? await raiseFence(needed, planned, environment) : unrecordedFence(needed)
  const arrivals = environment.recordings?.since(since) ?? []
  return {
    recordable,
    fence,
    attempts: sent.map(({ exchange, context }): Attempt => ({
      expect: fillExpectation(asked.expect, context),
      exchange,
      arrivals: arrivals.filter((arrival) => belongs(arrival, context.mark)),
    })),
  }
}

/** Carries this mark, or none at all: what a proxy let through without its mark is still of the case at hand, since cells run one by one. */
function belongs(arrival: Arrival, wanted: string): boolean {
  const text = Buffer.from(arrival.raw, 'base64').toString('latin1') + arrival.target + arrival.body
  return text.includes(wanted) || !text.includes('mark-')
}

/**
 * An allowed request after the case: when the gateway has recorded it, whatever came before it is recorded too.
 * `needed`: through the proxy, as alice, so that it also proves the path alive. Otherwise straight to the gateway's `/healthz`, for the order alone.
 */
async function raiseFence(needed: boolean, planned: PlannedEnvironment, environment: RunningEnvironment): Promise<Fence> {
  const own = mark()
  const { exchange } = await sendFence(needed, own, planned, environment)
  const recorded = await environment.recordings?.waitFor(
    (arrival) => arrival.target.includes(own),
    exchange.response === undefined && needed ? 50 : needed && exchange.verdict.kind === 'not-the-gateway' ? 50 : recordDeadline,
  )
  if (recorded !== undefined) return { needed, arrived: true }
  const got = exchange.response === undefined ? (exchange.fault ?? 'the connection closed') : `the client got ${exchange.response.status}`
  return { needed, arrived: false, reason: got }
}

async function sendFence(needed: boolean, own: string, planned: PlannedEnvironment, environment: RunningEnvironment) {
  const as = needed ? 'alice' : 'anonymous'
  const context: PlaceholderContext = {
    ...environment.addresses,
    identity: planned.variant.identity,
    host: planned.variant.host,
    alice: users.alice.email,
    bob: users.bob.email,
    cookie: environment.sessions[as].cookie,
    password: environment.password,
    evil: '',
    mark: own,
  }
  const from = needed ? ('internet' as const) : ('gateway-loopback' as const)
  const request = needed ? {} : { method: 'GET', target: `/healthz?mark=${own}` }
  const exchange = await send(request, 'http', { as, from, to: needed ? 'proxy' : 'gateway' }, context, environment)
  return { exchange }
}

/** A gateway that cannot record answers for itself: what it said is the observation, and twins show that the path is alive. */
const unrecordedFence = (needed: boolean): Fence => ({ needed, arrived: true })
