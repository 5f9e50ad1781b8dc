/** How it is known that all that will come of a case has come, and that silence was not a dead path. */
import type { Exchange } from '../../clients/exchange.ts'
import { sendHttp1 } from '../../clients/http1.ts'
import { KeptAlive } from '../../clients/kept-alive.ts'
import { type Limits, usualLimits } from '../../clients/wire.ts'
import { belongsTo } from '../../gateways/recording/owner.ts'
import type { Fence } from '../../judge/observation.ts'
import type { Case } from '../../plan/case.ts'
import { credentialsIn } from '../../plan/credentials.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import type { PlaceholderContext } from '../../plan/placeholders.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { contextOf, type Fencing, type Place } from './context.ts'
import { peerOf, sendOne } from './send.ts'

/** How long the gateway's record of an answered request may take to come over the recorder's channel. */
const recordDeadline = 5000
/** The same, for a request that somebody else answered. */
const graceful = 100

/** For the fences of one environment. Nothing is dialled before the first. */
export function fenceConnection({ planned, environment }: Place): KeptAlive {
  return new KeptAlive(peerOf('internet', 'proxy', planned.variant.host, environment, 'alice'), recordDeadline)
}

/** Cases after which a connection may be out of step with what is behind it: a fence on an older one would hide that. */
export function breaksFraming({ family, send }: Case): boolean {
  return family === 'smuggling' || send.some(({ raw, trailers }) => raw !== undefined || trailers !== undefined)
}

/** How many strangers are answered, one after the other, while one that was first is left waiting. */
const strangers = 3

/**
 * The clients' patience with a request that is cut short on purpose, measured by what the proxy does meanwhile: whoever has answered three
 * others is not slow, but waits for the rest. They ask as nobody, so that the proxy answers by itself and its connections to the gateway stay as they are.
 */
export function patientLimits(place: Place): Limits {
  const { planned, environment } = place
  const peer = peerOf('internet', 'proxy', planned.variant.host, environment)
  const ask = () => {
    const context = contextOf(place, { cookie: '', evil: '', mark: newFenceMark() })
    return sendHttp1(peer, {}, context, 'http')
  }
  return {
    ...usualLimits,
    patienceMs: 200,
    async patience() {
      for (let answered = 0; answered < strangers; answered += 1) await ask()
    },
  }
}

/** Waits until the gateway has recorded whatever was sent before, such as the last page of a log-in. */
export async function settle(environment: RunningEnvironment): Promise<void> {
  await askForOrder(environment)
}

/** Through the proxy where it lets alice through, and in any case the gateway's own word. */
export async function raiseBoth(place: Place): Promise<void> {
  await raiseFence(place)
  await askForOrder(place.environment)
}

/** For the order of the record alone: the gateway says on the recorder's own channel when it has told all that reached it before. */
export async function askForOrder({ recordings }: RunningEnvironment): Promise<Fence> {
  if (recordings === undefined) return { needed: false, arrived: false }
  return await recordings.caughtUp(recordDeadline).then(
    () => ({ needed: false, arrived: true }),
    (error: Error) => ({ needed: false, arrived: false, reason: error.message }),
  )
}

/**
 * An allowed request as alice after the case, through the proxy: when the gateway has it, the path is alive, and whatever came before it has come too.
 * @param fencing a connection that may have been used before; where it does not carry the fence, a new one has the final statement
 */
export async function raiseFence(place: Place, fencing: Fencing = 'always'): Promise<Fence> {
  if (typeof fencing === 'object') {
    const kept = await sendFence(place, 0, (context) => fencing.send({}, context))
    if (kept.arrived) return kept
    await fencing[Symbol.asyncDispose]()
  }
  const asked = { from: 'internet', to: 'proxy', as: 'alice' } as const
  return await sendFence(place, graceful, (context) => sendOne({}, 'http', asked, context, place.environment))
}

const newFenceMark = () => requestMark(newCellMark(), 1)

async function sendFence(
  place: Place,
  patienceMs: number,
  send: (context: PlaceholderContext) => Promise<Exchange>,
): Promise<Fence> {
  const { recordings, sessions } = place.environment
  const since = recordings?.last ?? 0
  const context = contextOf(place, { ...credentialsIn(sessions.alice), evil: '', mark: newFenceMark() }, 'alice')
  const exchange = await send(context)
  // What the gateway answered it has recorded; a proxy's own page or a fault is given a moment, lest the record be late.
  const spoke = exchange.verdict.kind !== 'not-the-gateway'
  const arrived =
    recordings === undefined
      ? spoke
      : await recordings
          .waitFor((arrival) => belongsTo(arrival, context.mark), spoke ? recordDeadline : patienceMs, since)
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
