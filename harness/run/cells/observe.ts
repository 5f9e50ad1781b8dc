/** Cells, one by itself or some side by side: sends what the cases say, collects what arrived, and leaves the meaning to the judge. */
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { belongsTo } from '../../gateways/recording/owner.ts'
import { sameName } from '../../gateways/rules/header-lines.ts'
import type { Attempt, Fence, Observation } from '../../judge/observation.ts'
import { needsFence, speaks } from '../../judge/silence.ts'
import type { Case, HeaderLine, Send, Transport } from '../../plan/case.ts'
import { credentialsIn } from '../../plan/credentials.ts'
import { newForgedValue } from '../../plan/forged.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import { fillExpectation, fillSend, type PlaceholderContext } from '../../plan/placeholders.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'
import { forgedForm } from '../environments/user-names.ts'
import { type Answered, attemptsOf, sentRequest } from './attempts.ts'
import { contextOf, impatient, type Place, type Run } from './context.ts'
import { askForOrder, breaksFraming, raiseBoth, raiseFence, settle } from './fence.ts'
import { sendOne } from './send.ts'
import { runStep } from './stage.ts'

type Asked = { readonly case: Case; readonly transport: Transport }

/** @throws only on faults of the harness itself; whatever proxy, gateway and network do is part of the observation */
export async function observe(cell: Asked, run: Run): Promise<Observation> {
  const { environment, fencing } = run
  const asked = cell.case
  const recordable = environment.recordings !== undefined
  const nothing = { attempts: [], recordable, fence: { needed: false, arrived: false } }
  const signInFailed = whyNotSignedIn(asked, environment)
  if (signInFailed !== undefined) return { ...nothing, signInFailed }
  const step =
    asked.step === undefined
      ? { findings: [] }
      : await runStep(asked.step, cell, run, { many: fencing === 'never' ? 20 : 200, fence: () => raiseBoth(run) })
  // Whatever a step left on the way, such as the last page of a log-in, is none of the requests below.
  if (asked.step !== undefined) await settle(environment)
  if ('failed' in step) return { ...nothing, stepFailed: step.failed }
  const arrived = arrivedFromNow(environment)
  const answered = await sendAll([cell], run)
  const seen = () => attemptsOf(asked, answered, arrived(), 'alone')
  const fence = fencing === 'never' ? unfenced : await fenceBehind(asked, seen, run)
  const attempts = await withBaselines(seen(), answered, run)
  return { recordable, fence, ...(asked.step !== undefined && { findings: step.findings }), attempts }
}

/** Whether nothing of it can be mistaken for another's: it bears its mark wherever it arrives, and leaves no connection out of step. */
export function goesWithOthers(asked: Case, environment: RunningEnvironment): boolean {
  const ordinary = asked.step === undefined && asked.send.length > 0 && !breaksFraming(asked)
  return ordinary && environment.recordings !== undefined && whyNotSignedIn(asked, environment) === undefined
}

/** Several cells that go with others, behind one fence: one observation for each, in their order. */
export async function observeTogether(cells: readonly Asked[], run: Run): Promise<readonly Observation[]> {
  const arrived = arrivedFromNow(run.environment)
  const answered = await sendAll(cells, run)
  const ofCell = (cell: Asked) => answered.filter(({ of }) => of === cell)
  const order = await askForOrder(run.environment)
  const before = arrived()
  const needed = cells.map(
    (cell) =>
      needsFence(cell.case.expect) && !attemptsOf(cell.case, ofCell(cell), before, 'among others').every(speaks),
  )
  const fence = needed.includes(true) || !order.arrived ? await raiseFence(run, run.fencing) : order
  const after = arrived()
  return await Promise.all(
    cells.map(async (cell, index) => {
      const attempts = attemptsOf(cell.case, ofCell(cell), after, 'among others')
      return {
        recordable: true,
        fence: needed[index] ? fence : order,
        attempts: await withBaselines(attempts, ofCell(cell), run),
      }
    }),
  )
}

function whyNotSignedIn({ as }: Case, environment: RunningEnvironment): string | undefined {
  return as === 'alice' || as === 'bob' ? environment.sessions[as].reason : undefined
}

/** With what it takes to send the same again. */
type Sent = Answered & { readonly of: Asked; readonly send: Send; readonly context: PlaceholderContext }

/** All requests of the cells, a few at a time, each on a connection and with a mark of its own; those of a cell ask the same URL. */
async function sendAll(cells: readonly Asked[], run: Run): Promise<readonly Sent[]> {
  const requests = cells.flatMap((cell) => {
    const evil = newForgedValue(forgedForm(run.environment))
    const mark = newCellMark()
    const credentials = credentialsIn(run.environment.sessions[cell.case.as])
    return cell.case.send.map((wanted, index) => {
      const context = contextOf(run, { ...credentials, evil, mark: requestMark(mark, index + 1) }, cell.case.as)
      return { cell, context, send: fillSend(wanted, context) }
    })
  })
  // A cell waits for a whole deadline once at most.
  const silent = new Set<Asked>()
  return await sideBySide(requests, async ({ cell, context, send }) => {
    const { environment } = silent.has(cell) ? impatient(run) : run
    const exchange = await sendOne(send, cell.transport, cell.case, context, environment)
    if (exchange.ending === 'no-answer' && exchange.fault !== undefined) silent.add(cell)
    const sent = sentRequest(send, context, cell.transport)
    const { mark, evil } = context
    const expect = fillExpectation(cell.case.expect, context)
    return { of: cell, send, context, mark, evil, expect, exchange, ...(sent && { sent }) }
  })
}

/** The way to ask what has arrived since the call. */
function arrivedFromNow({ recordings }: RunningEnvironment): () => readonly Arrival[] {
  const since = recordings?.last ?? 0
  return () => recordings?.since(since) ?? []
}

/**
 * Where a header of the client's arrived that must not, the same request is sent with another value: what arrives then as before is the proxy's own.
 * Only where it is needed, so that a proxy that removes the header costs nothing.
 */
async function withBaselines(attempts: readonly Attempt[], sent: readonly Sent[], place: Place): Promise<Attempt[]> {
  return await Promise.all(
    attempts.map(async (attempt, index) => {
      const { arrives } = attempt.expect
      const request = sent[index]
      if (request === undefined || attempt.sent === undefined || typeof arrives !== 'object') return attempt
      const names = (arrives.absent ?? []).filter(
        (name) =>
          isAmong(name, [...(request.send.headers ?? []), ...(request.send.trailers ?? [])]) &&
          attempt.arrivals.some(({ headers, trailers }) => isAmong(name, [...headers, ...trailers])),
      )
      return names.length === 0 ? attempt : { ...attempt, baseline: await baselineOf(request, names, place) }
    }),
  )
}

const isAmong = (name: string, lines: readonly HeaderLine[]) => lines.some((line) => sameName(line[0], name))

/** A value that no case sends. */
const otherValue = 'another-value-of-the-suite'

async function baselineOf(
  { of, send, context }: Sent,
  names: readonly string[],
  { environment }: Place,
): Promise<readonly HeaderLine[]> {
  const isNamed = ([name]: HeaderLine) => names.some((other) => sameName(name, other))
  const changed = (lines: readonly HeaderLine[]) =>
    lines.map((line): HeaderLine => (isNamed(line) ? [line[0], otherValue] : line))
  const mark = requestMark(newCellMark(), 1)
  const again = {
    ...send,
    ...(send.headers && { headers: changed(send.headers) }),
    ...(send.trailers && { trailers: changed(send.trailers) }),
  }
  const arrived = arrivedFromNow(environment)
  await sendOne(again, of.transport, of.case, { ...context, mark }, environment)
  await settle(environment)
  const own = arrived().filter((arrival) => belongsTo(arrival, mark))
  return own.flatMap(({ headers, trailers }) => [...headers, ...trailers]).filter(isNamed)
}

const unfenced: Fence = { needed: false, arrived: true }

/** First the order of the record. Then only silence needs a fence through the proxy: what arrived and was answered shows that the path was alive. */
async function fenceBehind(asked: Case, seen: () => readonly Attempt[], run: Run): Promise<Fence> {
  const order = await askForOrder(run.environment)
  if (asked.send.length === 0 || !needsFence(asked.expect)) return order
  if (order.arrived && !breaksFraming(asked) && seen().every(speaks)) return order
  return await raiseFence(run, breaksFraming(asked) ? 'always' : run.fencing)
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
