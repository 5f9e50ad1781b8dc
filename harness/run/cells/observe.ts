/** Cells, one by itself or some side by side: sends what the cases say, collects what arrived, and leaves the meaning to the judge. */
import { randomBytes } from 'node:crypto'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { belongsTo, ownerOf } from '../../gateways/recording/owner.ts'
import type { Attempt, Fence, Observation } from '../../judge/observation.ts'
import { needsFence, speaks } from '../../judge/silence.ts'
import type { Case, Transport } from '../../plan/case.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import { fillExpectation, fillSend } from '../../plan/placeholders.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { contextOf } from './context.ts'
import { askForOrder, breaksFraming, type Fencing, raiseBoth, raiseFence, settle } from './fence.ts'
import { sendOne } from './send.ts'
import { runStep } from './stage.ts'

type Asked = { readonly case: Case; readonly transport: Transport }

/** @throws only on faults of the harness itself; whatever proxy, gateway and network do is part of the observation */
export async function observe(
  asked: Case,
  transport: Transport,
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  fencing: Fencing = 'always',
): Promise<Observation> {
  const recordable = environment.recordings !== undefined
  const nothing = { attempts: [], recordable, fence: { needed: false, arrived: false } }
  const signInFailed = whyNotSignedIn(asked, environment)
  if (signInFailed !== undefined) return { ...nothing, signInFailed }
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
  if ('failed' in step) return { ...nothing, stepFailed: step.failed }
  const arrived = arrivedFromNow(environment)
  const cell = { case: asked, transport }
  const answered = await sendAll([cell], planned, environment)
  const seen = () => attemptsOf(cell, answered, arrived())
  const fence = fencing === 'never' ? unfenced : await fenceBehind(asked, seen, planned, environment, fencing)
  return { recordable, fence, ...(asked.step !== undefined && { findings: step.findings }), attempts: seen() }
}

/** Whether nothing of it can be mistaken for another's: it bears its mark wherever it arrives, and leaves no connection out of step. */
export function goesWithOthers(asked: Case, environment: RunningEnvironment): boolean {
  const ordinary = asked.step === undefined && asked.send.length > 0 && !breaksFraming(asked)
  return ordinary && environment.recordings !== undefined && whyNotSignedIn(asked, environment) === undefined
}

/**
 * Several cells that go with others, behind one fence.
 * @returns `undefined` where something arrived that bears no mark: whose it is shows only when each is observed by itself
 */
export async function observeTogether(
  cells: readonly Asked[],
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
  fencing: Exclude<Fencing, 'never'>,
): Promise<readonly Observation[] | undefined> {
  const arrived = arrivedFromNow(environment)
  const answered = await sendAll(cells, planned, environment)
  const order = await askForOrder(environment)
  const before = arrived()
  const needed = cells.map((cell) => needsFence(cell.case.expect) && !attemptsOf(cell, answered, before).every(speaks))
  const fence =
    needed.includes(true) || !order.arrived
      ? await raiseFence(planned, environment, fencing === 'always' ? undefined : fencing)
      : order
  const after = arrived()
  if (after.some((arrival) => ownerOf(arrival).kind === 'nobody')) return undefined
  return cells.map((cell, index) => ({
    recordable: true,
    fence: needed[index] ? fence : order,
    attempts: attemptsOf(cell, answered, after),
  }))
}

function whyNotSignedIn({ as }: Case, environment: RunningEnvironment): string | undefined {
  return as === 'alice' || as === 'bob' ? environment.sessions[as].reason : undefined
}

type Answered = Omit<Attempt, 'arrivals'> & { readonly of: Asked; readonly mark: string }

/** All requests of the cells, a few at a time, each on a connection and with a mark of its own; those of a cell ask the same URL. */
async function sendAll(
  cells: readonly Asked[],
  planned: PlannedEnvironment,
  environment: RunningEnvironment,
): Promise<readonly Answered[]> {
  const requests = cells.flatMap((cell) => {
    const evil = `evil-${randomBytes(6).toString('hex')}@attacker.test`
    const mark = newCellMark()
    const { cookie } = environment.sessions[cell.case.as]
    return cell.case.send.map((wanted, index) => {
      const context = contextOf(planned, environment, { cookie, evil, mark: requestMark(mark, index + 1) })
      return { cell, context, send: fillSend(wanted, context) }
    })
  })
  return await sideBySide(requests, async ({ cell, context, send }) => {
    const exchange = await sendOne(send, cell.transport, cell.case, context, environment)
    return { of: cell, mark: context.mark, expect: fillExpectation(cell.case.expect, context), exchange }
  })
}

/** The way to ask what has arrived since the call. */
function arrivedFromNow({ recordings }: RunningEnvironment): () => readonly Arrival[] {
  const since = recordings?.last ?? 0
  return () => recordings?.since(since) ?? []
}

/** What a proxy let through without any mark is of the cell at hand: such cells are alone. */
function attemptsOf(cell: Asked, answered: readonly Answered[], found: readonly Arrival[]): Attempt[] {
  return answered
    .filter(({ of }) => of === cell)
    .map(({ mark, expect, exchange }) => ({
      expect,
      exchange,
      arrivals: found.filter((arrival) => belongsTo(arrival, mark) || ownerOf(arrival).kind === 'nobody'),
    }))
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

/** How many requests are under way at a time. */
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
