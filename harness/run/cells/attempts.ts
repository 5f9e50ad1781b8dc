/** Which of the recorded arrivals are those of a request: by its own mark, else by its cell's. */
import { createHash } from 'node:crypto'
import { bodyOf, methodOf, type RequestContext, targetOf } from '../../clients/request-bytes.ts'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { ownerOf } from '../../gateways/recording/owner.ts'
import { forgedIn } from '../../judge/foreign-findings.ts'
import type { Attempt, SentRequest } from '../../judge/observation.ts'
import { type Case, type HeaderLine, opensWebSocket, type Send, type Transport } from '../../plan/case.ts'
import { silenceMeets } from '../../plan/expectation.ts'
import { cellMark, markHeader } from '../../plan/marks.ts'

/** A request of a cell and its answer. */
export type Answered = Omit<Attempt, 'arrivals'> & { readonly mark: string }

/**
 * All attempts of one cell with what arrived of each. Where the proxy dropped the request's own mark, an arrival is that of a request of the
 * cell of which nothing else has arrived and that asked the same: the first whose client got the same verdict from the gateway, else the first.
 * What is left over counts for every request of the cell.
 * @param company whether other cells sent requests at the same time
 */
export function attemptsOf(
  asked: Case,
  answered: readonly Answered[],
  arrivals: readonly Arrival[],
  company: 'alone' | 'among others',
): Attempt[] {
  const own = answered.map((one) => ({ one, arrivals: arrivals.filter((arrival) => isOf(arrival, one.mark)) }))
  const cell = cellMark(answered[0]?.mark ?? '')
  for (const arrival of arrivals) {
    const owner = ownerOf(arrival)
    if (owner.kind === 'cell' && owner.cell === cell) {
      const open = own.filter((request) => request.arrivals.length === 0 && asksTheSame(request.one.sent, arrival))
      const first = open.find(({ one }) => one.exchange.verdict.kind === arrival.verdict.kind) ?? open[0]
      for (const request of first === undefined ? own : [first]) request.arrivals.push(arrival)
    }
    if (owner.kind === 'nobody')
      for (const request of own) if (mayBeOf(request.one, arrival, asked, company)) request.arrivals.push(arrival)
  }
  return own.map(({ one, arrivals: found }) => ({ ...one, arrivals: found }))
}

function isOf(arrival: Arrival, mark: string): boolean {
  const owner = ownerOf(arrival)
  return owner.kind === 'request' && owner.request === mark
}

function asksTheSame(sent: SentRequest | undefined, { method, target }: Arrival): boolean {
  return sent === undefined || (sent.method === method && pathOf(sent.target) === pathOf(target))
}

const pathOf = (target: string) => target.replace(/\?.*$/s, '')

/**
 * Whether an arrival without any mark counts for a request. After raw bytes it may be a part of them, as long as nobody else sends. Whoever
 * expects silence must also know of a request that somebody was let in with.
 */
function mayBeOf({ sent }: Answered, arrival: Arrival, asked: Case, company: 'alone' | 'among others'): boolean {
  if (sent === undefined && company === 'alone') return true
  const letIn = arrival.verdict.kind === 'accepted' || forgedIn(arrival).length > 0
  return letIn && silenceMeets(asked.expect)
}

/** The request as it is written, placeholders filled in; `undefined` for raw bytes. */
export function sentRequest(send: Send, context: RequestContext, transport: Transport): SentRequest | undefined {
  if (send.raw !== undefined) return undefined
  const kind = opensWebSocket(transport) ? 'websocket' : 'http'
  const method = methodOf(send, kind)
  const body = bodyOf(send, method)
  const bytes = Buffer.from(body ?? '', 'latin1')
  const given = send.headers ?? []
  const own: HeaderLine[] = [
    [markHeader, context.mark],
    ...(body === undefined && send.trailers === undefined ? [] : [['Content-Type', 'application/json'] as const]),
  ]
  const named = new Set(given.map(([name]) => name.toLowerCase()))
  return {
    method,
    target: targetOf(send, context, kind),
    headers: [...own.filter(([name]) => !named.has(name.toLowerCase())), ...given],
    bodyLength: bytes.length,
    bodyDigest: createHash('sha256').update(bytes).digest('hex'),
  }
}
