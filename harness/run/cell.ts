/** One cell: sends what the case says, collects what arrived, and leaves the meaning to the judge. */
import { randomBytes } from 'node:crypto'
import type { Arrival } from '../gateways/arrival.ts'
import type { Attempt, Fence, Observation } from '../judge/observation.ts'
import { needsFence, speaks } from '../judge/silence.ts'
import type { Case, Transport } from '../plan/case.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { fillExpectation, fillSend } from '../plan/placeholders.ts'
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
  const requests = asked.send.map((wanted) => {
    const context = contextOf(planned, environment, { cookie: session.cookie, evil, mark: newMark() })
    return { context, send: fillSend(wanted, context), expect: fillExpectation(asked.expect, context) }
  })
  const answered = await sideBySide(requests, async ({ context, send, expect }) => {
    const exchange = await sendOne(send, transport, asked, context, environment)
    return { expect, exchange, mark: context.mark }
  })
  const seen = (): Attempt[] => {
    const arrivals = environment.recordings?.since(since) ?? []
    return answered.map(({ mark, ...attempt }) => ({
      ...attempt,
      arrivals: arrivals.filter((arrival) => belongs(arrival, mark)),
    }))
  }
  const fence = fencing === 'never' ? unfenced : await fenceBehind(asked, seen, planned, environment, fencing)
  return {
    recordable,
    fence,
    ...(asked.step !== undefined && { findings: step.findings }),
    attempts: seen(),
  }
}

const unfenced: Fence = { needed: false, arrived: true }

/** First the order of the record. Then only silence needs a fence through the proxy: what arrived and was answered shows that the path was alive. */
async function fenceBehind(
  asked: Case,
  seen: () => readonly Attempt[],
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  fencing: Exclude<Fencing, 'never'>,
): Promise<Fence> {
  const order = await askForOrder(environment)
  if (asked.send.length === 0 || !needsFence(asked.expect)) return order
  if (order.arrived && !breaksFraming(asked) && seen().every(speaks)) return order
  return await raiseFence(planned, environment, fencing === 'always' || breaksFraming(asked) ? undefined : fencing)
}

/** How many requests of a case are under way at a time. Each has a connection and a mark of its own. */
const together = 8

/** In the order of `wanted`, though not done in it. */
async function sideBySide<Wanted, Done>(
  wanted: readonly Wanted[],
  work: (one: Wanted) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = []
  const left = wanted.entries()
  const lane = async () => {
    for (const [index, one] of left) done[index] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(together, wanted.length) }, lane))
  return done
}

/** Carries this mark, or none at all: what a proxy let through without its mark is still of the case at hand, since cells run one by one. */
function belongs(arrival: Arrival, wanted: string): boolean {
  const text = Buffer.from(arrival.raw, 'base64').toString('latin1') + arrival.target + arrival.body
  return text.includes(wanted) || !text.includes('mark-')
}
