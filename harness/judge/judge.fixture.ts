/** Observations for tests: a complete, good one, to be bent in one place. */
import type { Exchange, Response } from '../clients/exchange.ts'
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { Case, Expectation, Transport } from '../plan/case.ts'
import { type JudgeContext, judge } from './judge.ts'
import type { Attempt, Observation } from './observation.ts'
import type { Judgement } from './status.ts'

export const alice = 'alice@example.test'
export const evil = 'evil-1a2b@attacker.test'

export function aCase(expect: Expectation, changes: Partial<Case> = {}): Case {
  return {
    id: 'spoofing.identity-header.one-line',
    family: 'spoofing',
    title: 'A forged line does not survive',
    why: 'The gateway believes it.',
    refs: ['RFC 9110 5.3'],
    level: 'must',
    over: ['http', 'websocket'],
    as: 'alice',
    from: 'internet',
    to: 'proxy',
    send: [{}],
    expect,
    needs: [],
    depends: [],
    controls: ['identity.arrival.accepted'],
    caughtBy: ['passthrough'],
    source: { file: 'scenarios/spoofing/identity-header.yaml', line: 8 },
    ...changes,
  }
}

export function anArrival(changes: Partial<Arrival> = {}): Arrival {
  return {
    sequence: 1,
    peer: '10.9.0.2',
    transport: 'http',
    method: 'POST',
    target: '/tools/invoke?mark=m1',
    httpVersion: '1.1',
    headers: [
      ['Host', 'app.test'],
      ['X-Forwarded-User', alice],
      ['X-Forwarded-For', '10.9.0.10'],
    ],
    trailers: [],
    raw: '',
    body: '{}',
    bodyLength: 2,
    bodyDigest: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    complete: true,
    attribution: { kind: 'trusted-proxy', client: '10.9.0.10' },
    verdict: { kind: 'accepted', user: alice, method: 'trusted-proxy' },
    ...changes,
  }
}

export function aResponse(status: number, body = '', headers: Response['headers'] = []): Response {
  return { status, headers, body }
}

export function anExchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    sent: Buffer.from('POST /tools/invoke?mark=m1 HTTP/1.1\r\nHost: app.test\r\n\r\n{}'),
    response: aResponse(400, '{"error":{"type":"invalid_request_error"}}'),
    verdict: { kind: 'accepted' },
    ms: 1,
    ...changes,
  }
}

/** A connection that ended without an answer; with `fault` when the harness could not even say that much. */
export function silence(fault?: string): Exchange {
  const { response: _none, ...rest } = anExchange({ verdict: { kind: 'not-the-gateway' } })
  return fault === undefined ? rest : { ...rest, fault }
}

/** The proxy's own page instead of the gateway's answer. */
export function page(status: number, body = '', headers: Response['headers'] = []): Exchange {
  return anExchange({ response: aResponse(status, body, headers), verdict: { kind: 'not-the-gateway' } })
}

export function anObservation(attempts: readonly Attempt[], changes: Partial<Observation> = {}): Observation {
  return { attempts, recordable: true, fence: { needed: true, arrived: true }, ...changes }
}

export const context: JudgeContext = {
  identity: 'X-Forwarded-User',
  features: ['websocket'],
  controls: [{ case: 'identity.arrival.accepted', status: 'pass' }],
  depends: [],
  knownFailures: [],
  place: { proxy: 'reference', proxyVersion: '1', variant: 'hardened', gateway: 'reference:attributed' },
}

type Seen = {
  readonly arrivals?: readonly Arrival[]
  readonly exchange?: Exchange
  readonly transport?: Transport
  readonly observation?: Partial<Observation>
  readonly context?: Partial<JudgeContext>
  readonly case?: Partial<Case>
}

/** Judges one attempt: by default one good arrival of alice and the gateway's answer. */
export function judged(expect: Expectation, seen: Seen = {}): Judgement {
  const attempt: Attempt = { expect, exchange: seen.exchange ?? anExchange(), arrivals: seen.arrivals ?? [anArrival()] }
  const observation = anObservation([attempt], seen.observation)
  return judge(aCase(expect, seen.case), seen.transport ?? 'http', observation, { ...context, ...seen.context })
}
