/** From an observation to the evidence that is published: readable, complete, without secrets. */
import type { Arrival, Attribution } from '../../gateways/recording/arrival.ts'
import type { Attempt, Observation } from '../../judge/observation.ts'
import { verdictInWords } from '../../judge/words.ts'
import type { Case, Transport } from '../../plan/case.ts'
import { bytesOf, shortEvidence } from './passed-evidence.ts'
import { type Redact, redactLine, redactor } from './redact.ts'
import type { ArrivedEvidence, AttemptEvidence, CellEvidence } from './results.ts'

type EvidenceFacts = {
  readonly environment: string
  /** The header that the gateway trusts. */
  readonly identity?: string
  readonly log: { readonly proxy: readonly string[]; readonly gateway: readonly string[] }
  readonly replay: string
  /** Every value that must not be published, see `redactor`. */
  readonly secrets: readonly string[]
  /** Of a cell that fails only beside others: what was seen of it by itself. */
  readonly alone?: Observation
  readonly detail?: Detail
}

/** What makes most of the size and says nothing of a cell that did not fail is kept for cells at which somebody will look. */
type Detail = 'every detail' | 'short'

/** Longest body of an answer that is kept, in characters. */
const longestBody = 4096

export function evidenceOf(
  asked: Case,
  transport: Transport,
  observation: Observation,
  facts: EvidenceFacts,
): CellEvidence {
  const redact = redactor(facts.secrets)
  const attempts = ({ attempts: all, recordable }: Observation) =>
    all.map((attempt) => attemptEvidence(attempt, recordable, facts.detail ?? 'short', redact))
  const { needed, arrived, reason } = observation.fence
  return {
    environment: facts.environment,
    case: asked.id,
    transport,
    log: { proxy: facts.log.proxy.map(redact), gateway: facts.log.gateway.map(redact) },
    replay: facts.replay,
    attempts: attempts(observation),
    ...(facts.alone && { alone: attempts(facts.alone) }),
    fence: { needed, arrived, ...(reason !== undefined && { reason: redact(reason) }) },
    as: asked.as,
    from: asked.from,
    ...(facts.identity !== undefined && { identity: facts.identity }),
  }
}

function attemptEvidence(
  { exchange, arrivals, expect, baseline }: Attempt,
  recorded: boolean,
  detail: Detail,
  redact: Redact,
): AttemptEvidence {
  const { response, further = [], close, fault } = exchange
  const whole: AttemptEvidence = {
    sent: bytesOf(redact(exchange.sent.toString('latin1'))),
    client: {
      status: response?.status ?? 0,
      headers: response?.headers.map((line) => redactLine(redact, line)) ?? [],
      close: close === undefined ? null : { code: close.code, reason: redact(close.reason) },
      ...(response !== undefined && { body: redact(response.body).slice(0, longestBody) }),
      ...(further.length > 0 && {
        further: further.map(({ status, headers, body }) => ({
          status,
          headers: headers.map((line) => redactLine(redact, line)),
          body: redact(body).slice(0, longestBody),
        })),
      }),
      ...(fault !== undefined && { fault: redact(fault) }),
    },
    arrived: arrivals.map((arrival) => arrivedEvidence(arrival, detail, redact)),
    ...(!recorded && { recorded }),
    verdict: verdictOf(exchange.verdict, arrivals),
    expected: expect,
    ms: Math.round(exchange.ms * 10) / 10,
    ...(baseline && { baseline: baseline.map((line) => redactLine(redact, line)) }),
  }
  return detail === 'short' ? shortEvidence(whole) : whole
}

function arrivedEvidence(arrival: Arrival, detail: Detail, redact: Redact): ArrivedEvidence {
  const { verdict } = arrival
  return {
    peer: arrival.peer,
    target: redact(arrival.target),
    headers: arrival.headers.map((line) => redactLine(redact, line)),
    transport: arrival.transport,
    method: arrival.method,
    trailers: arrival.trailers.map((line) => redactLine(redact, line)),
    body: redact(arrival.body).slice(0, longestBody),
    attribution: attributionInWords(arrival.attribution),
    verdict: verdict.kind === 'accepted' ? `${verdictInWords(verdict)} (${verdict.method})` : verdictInWords(verdict),
    ...(detail === 'every detail' && { raw: redact(Buffer.from(arrival.raw, 'base64').toString('latin1')) }),
  }
}

function attributionInWords(attribution: Attribution): string {
  return attribution.kind === 'trusted-proxy' ? `trusted-proxy, client ${attribution.client}` : attribution.kind
}

/** The record decides where there is one, else what the client heard. */
function verdictOf(heard: Attempt['exchange']['verdict'], arrivals: readonly Arrival[]): AttemptEvidence['verdict'] {
  const recorded = arrivals[0]?.verdict
  if (recorded?.kind === 'accepted') return { accepted: recorded.user }
  if (recorded?.kind === 'refused') return { reason: recorded.reason }
  if (heard.kind === 'accepted') return { accepted: heard.user ?? 'somebody (the gateway does not say whom)' }
  return heard.kind === 'refused' ? { reason: heard.reason ?? 'refused (the gateway does not say why)' } : {}
}
