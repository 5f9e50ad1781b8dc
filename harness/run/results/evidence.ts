/** From an observation to the evidence that is published: readable, complete, without secrets. */
import type { Arrival, Attribution } from '../../gateways/recording/arrival.ts'
import type { Attempt, Observation } from '../../judge/observation.ts'
import type { Case, Transport } from '../../plan/case.ts'
import { type Redact, redactBytes, redactLine, redactor } from './redact.ts'
import type { ArrivedEvidence, AttemptEvidence, CellEvidence } from './results.ts'

export type EvidenceFacts = {
  readonly environment: string
  /** The header that the gateway trusts. */
  readonly identity?: string
  readonly log: { readonly proxy: readonly string[]; readonly gateway: readonly string[] }
  readonly replay: string
  /** Every value that must not be published, see `redactor`. */
  readonly secrets: readonly string[]
}

/** Longest body of an answer that is kept, in characters. */
const longestBody = 4096

export function evidenceOf(
  asked: Case,
  transport: Transport,
  observation: Observation,
  facts: EvidenceFacts,
): CellEvidence {
  const redact = redactor(facts.secrets)
  const attempts = observation.attempts.map((attempt) => attemptEvidence(attempt, observation.recordable, redact))
  const first = attempts[0]
  const { needed, arrived, reason } = observation.fence
  return {
    environment: facts.environment,
    case: asked.id,
    transport,
    sent: first?.sent ?? { text: '', base64: '' },
    client: first?.client ?? { status: 0, headers: [], close: null },
    arrived: attempts.flatMap((attempt) => attempt.arrived),
    verdict: first?.verdict ?? {},
    expected: first?.expected ?? asked.expect,
    log: { proxy: facts.log.proxy.map(redact), gateway: facts.log.gateway.map(redact) },
    replay: facts.replay,
    attempts,
    fence: { needed, arrived, ...(reason !== undefined && { reason: redact(reason) }) },
    as: asked.as,
    from: asked.from,
    ...(facts.identity !== undefined && { identity: facts.identity }),
  }
}

function attemptEvidence({ exchange, arrivals, expect }: Attempt, recorded: boolean, redact: Redact): AttemptEvidence {
  const { response, further = [], close, fault } = exchange
  return {
    sent: redactBytes(redact, exchange.sent),
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
    arrived: arrivals.map((arrival) => arrivedEvidence(arrival, redact)),
    ...(!recorded && { recorded }),
    verdict: verdictOf(exchange.verdict, arrivals),
    expected: expect,
    ms: exchange.ms,
  }
}

function arrivedEvidence(arrival: Arrival, redact: Redact): ArrivedEvidence {
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
    verdict:
      verdict.kind === 'accepted' ? `accepted as ${verdict.user} (${verdict.method})` : `refused: ${verdict.reason}`,
  }
}

function attributionInWords(attribution: Attribution): string {
  return attribution.kind === 'trusted-proxy' ? `trusted-proxy, client ${attribution.client}` : attribution.kind
}

/** The record decides where there is one, else what the client heard. */
function verdictOf(heard: Attempt['exchange']['verdict'], arrivals: readonly Arrival[]): CellEvidence['verdict'] {
  const recorded = arrivals[0]?.verdict
  if (recorded?.kind === 'accepted') return { accepted: recorded.user }
  if (recorded?.kind === 'refused') return { reason: recorded.reason }
  if (heard.kind === 'accepted') return { accepted: heard.user ?? 'somebody (the gateway does not say whom)' }
  return heard.kind === 'refused' ? { reason: heard.reason ?? 'refused (the gateway does not say why)' } : {}
}
