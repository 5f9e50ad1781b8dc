import { describe, expect, it } from 'vitest'
import type { Exchange } from '../clients/exchange.ts'
import type { Expectation } from '../plan/case.ts'
import { alice, evil, judged, page, silence } from './judge.fixture.ts'
import { isGreen } from './status.ts'

/** A path on which nothing works: nothing arrives, the fence does not, the control is red. */
const paths: Readonly<Record<string, Exchange>> = {
  'a dead proxy': silence('connect ECONNREFUSED 10.9.0.2:443'),
  'a proxy that hangs': silence('no answer within 5 s'),
  'a proxy that hangs up': silence(),
  'a proxy that refuses everyone with 401': page(401),
  'a proxy that refuses everyone with 403': page(403, 'Forbidden'),
  'a log-in page with status 200': page(200, '<form>Sign in</form>'),
  'a redirect to log in for everyone': page(302, '', [['Location', 'http://idp.test/auth']]),
  'a 502 page': page(502, 'Bad Gateway'),
}

const expectations: readonly Expectation[] = [
  { arrives: 'never' },
  { arrives: { count: 0 } },
  { arrives: { count: 'any', without: [evil] } },
  { arrives: { identity: [] } },
  { arrives: { identity: 'blank-or-absent' } },
  { arrives: { identity: [alice] } },
  { verdict: 'unreached' },
  { verdict: { accepted: alice } },
  { verdict: { refused: true } },
  { verdict: { only: alice } },
  { verdict: { only: 'nobody' } },
  { client: { status: [200] } },
  { client: { status: ['2xx', '3xx', '4xx', '5xx', 'none'] } },
  { client: { login: true } },
  { client: { without: [evil] } },
  { arrives: 'never', client: { status: ['none', '4xx'] } },
]

describe.each(Object.entries(paths))('%s', (_name, exchange) => {
  const seen = {
    arrivals: [],
    exchange,
    context: { controls: [{ case: 'identity.arrival.accepted', status: 'fail' as const }] },
  }
  const fence = { needed: true, arrived: false, reason: 'nothing came' }
  it.each(expectations.map((one) => [JSON.stringify(one), one] as const))(
    'makes %s not green',
    (_json, expectation) => {
      for (const recordable of [true, false]) {
        const judgement = judged(expectation, { ...seen, observation: { recordable, fence } })
        expect(isGreen(judgement), judgement.reason).toBe(false)
        expect(judgement.reason).toMatch(/^[A-Z].*\.$/)
      }
    },
  )
  it('makes nothing green at level info either', () => {
    for (const expectation of expectations) {
      const judgement = judged(expectation, { ...seen, observation: { fence }, case: { level: 'info' } })
      expect(isGreen(judgement), judgement.reason).toBe(false)
    }
  })
})
