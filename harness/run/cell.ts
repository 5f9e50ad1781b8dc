/** One cell: sends what the case says, collects what arrived, and leaves the meaning to the judge. */
import { randomBytes } from 'node:crypto'
import type { Exchange } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/arrival.ts'
import type { Attempt, Observation } from '../judge/observation.ts'
import { needsFence } from '../judge/silence.ts'
import type { Case, Transport } from '../plan/case.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { fillExpectation, fillSend, type PlaceholderContext } from '../plan/placeholders.ts'
import { contextOf, newMark } from './context.ts'
import { askForOrder, breaksFraming, type Fencing, raiseBoth, raiseFence, settle } from './fence.ts'
import type { RunningEnvironment } from './running-environment.ts'
import { sendOne } from './send.ts'
import { runStep } from './stage.ts'

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
          many: fencing === 'never' ? 20 : 200,
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
    const context = contextOf(planned, environment, { cookie: session.cookie, evil, mark: newMark() })
    const exchange = await sendOne(fillSend(wanted, context), transport, asked, context, environment)
    sent.push({ mark: context.mark, exchange, context })
  }
  const needed = asked.send.length > 0 && needsFence(asked.expect)
  const fence =
    fencing === 'never'
      ? { needed: false, arrived: true }
      : needed
        ? await raiseFence(planned, environment, fencing === 'always' || breaksFraming(asked) ? undefined : fencing)
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

/** Carries this mark, or none at all: what a proxy let through without its mark is still of the case at hand, since cells run one by one. */
function belongs(arrival: Arrival, wanted: string): boolean {
  const text = Buffer.from(arrival.raw, 'base64').toString('latin1') + arrival.target + arrival.body
  return text.includes(wanted) || !text.includes('mark-')
}
