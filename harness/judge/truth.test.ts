import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { KnownFailure } from '../plan/proxy.ts'
import { isConclusive, ofBoth } from './both.ts'
import {
  aCase,
  alice,
  anArrival,
  anExchange,
  anObservation,
  aResponse,
  context,
  evil,
  judged,
  page,
  silence,
} from './judge.fixture.ts'
import { judge } from './judge.ts'
import type { Attempt, SentRequest } from './observation.ts'
import type { Judgement } from './status.ts'

const mark = 'mark-0123456789ab.1'
const other = 'mark-ba9876543210.1'
const sent: SentRequest = {
  method: 'POST',
  target: '/tools/invoke?a=1&mark=mark-0123456789ab&end=1',
  headers: [
    ['X-Conformance-Request', mark],
    ['Content-Type', 'application/json'],
    ['X-Note', 'one'],
  ],
  bodyLength: 2,
  bodyDigest: createHash('sha256').update('{}').digest('hex'),
}
const asSent: Partial<Arrival> = {
  target: sent.target,
  headers: [['Host', 'app.test'], ['X-Forwarded-User', alice], ...sent.headers],
}
const demanded = { arrives: { identity: [alice] } }

function judgedAttempt(attempt: Partial<Attempt>, expect: Attempt['expect'] = demanded): Judgement {
  const observed = { expect, exchange: anExchange(), arrivals: [anArrival(asSent)], mark, evil, sent, ...attempt }
  return judge(aCase(expect), 'http', anObservation([observed]), context)
}

describe('what arrives is what was sent', () => {
  it('where nothing was changed', () => {
    expect(judgedAttempt({})).toMatchObject({ status: 'pass' })
  })

  it.each<[string, Partial<Arrival>, RegExp]>([
    ['another method', { method: 'GET' }, /the method arrived as "GET" instead of "POST"/],
    [
      'another path',
      { target: sent.target.replace('invoke', 'other') },
      /the path arrived as "\/tools\/other" instead of "\/tools\/invoke"/,
    ],
    [
      'a query that is gone',
      { target: '/tools/invoke?mark=mark-0123456789ab&end=1' },
      /the query arrived as nothing instead of "\?a=1"/,
    ],
    [
      'another value in the query',
      { target: sent.target.replace('a=1', 'a=2') },
      /the query arrived as "\?a=2" instead of "\?a=1"/,
    ],
    [
      'a query without the mark',
      { target: '/tools/invoke?a=1' },
      /the query arrived as "\?a=1" instead of "\?a=1&mark=/,
    ],
    ['a shorter body', { bodyLength: 1 }, /1 bytes of the body arrived instead of 2/],
    ['another body of the same length', { bodyDigest: 'x' }, /the body arrived with other content/],
    ['a body that did not end', { complete: false }, /the body did not arrive to its end/],
    [
      'a header that is gone',
      {
        headers: [
          ['X-Forwarded-User', alice],
          ['Content-Type', 'application/json'],
        ],
      },
      /X-Note arrived as nothing instead of "one"/,
    ],
    [
      'a header twice',
      { headers: [...(asSent.headers ?? []), ['x-note', 'two']] },
      /X-Note arrived as "one" and "two" instead of "one"/,
    ],
  ])('fails on %s', (_what, change, reason) => {
    const judgement = judgedAttempt({ arrivals: [anArrival({ ...asSent, ...change })] })
    expect(judgement.reason).toMatch(reason)
    expect(judgement.status).toBe('fail')
  })

  it('fails on a request that arrives twice, where the case speaks of the verdict alone', () => {
    const arrivals = [anArrival(asSent), anArrival({ ...asSent, sequence: 2 })]
    expect(judgedAttempt({ arrivals }, { verdict: { accepted: alice } }).reason).toMatch(
      /arrived twice instead of once/,
    )
  })

  it('but for what the case lets change, what it speaks of itself, and what a proxy writes', () => {
    const changed = anArrival({ ...asSent, method: 'GET', target: '/b', bodyLength: 0 })
    const arrives = { identity: [alice], changed: ['method', 'path', 'query', 'body'] as const }
    expect(judgedAttempt({ arrivals: [changed] }, { arrives }).status).toBe('pass')
    const headers = [...sent.headers, ['X-Forwarded-Host', 'a'], ['Cookie', 'a=b'], ['TE', 'trailers']] as const
    expect(judgedAttempt({ sent: { ...sent, headers } }).status).toBe('pass')
    const without = { ...sent, headers: [...sent.headers, ['X-Gone', '1']] as const }
    expect(judgedAttempt({ sent: without }, { arrives: { identity: [alice], absent: ['x-gone'] } }).status).toBe('pass')
  })

  it('and its own mark may be dropped by a proxy that passes on known headers alone', () => {
    const headers = asSent.headers?.filter(([name]) => name !== 'X-Conformance-Request') ?? []
    expect(judgedAttempt({ arrivals: [anArrival({ ...asSent, headers })] }).status).toBe('pass')
  })

  it('asks nothing of what need not arrive', () => {
    const arrivals = [anArrival({ ...asSent, target: '/other' })]
    expect(judgedAttempt({ arrivals }, { arrives: { count: 'any', identity: [alice] } }).status).toBe('pass')
  })
})

describe('requests that are mixed up', () => {
  it("fail where another cell's forged value arrives", () => {
    const headers = [...(asSent.headers ?? []), ['X-Real-Ip', 'evil-ffffffffffff@attacker.test'] as const]
    expect(judgedAttempt({ arrivals: [anArrival({ ...asSent, headers })] })).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('"evil-ffffffffffff@attacker.test" of another request arrived in X-Real-Ip'),
    })
  })

  const answered = (...marks: string[]) =>
    anExchange({
      response: aResponse(
        400,
        '{}',
        marks.map((one) => ['x-conformance-request', one]),
      ),
    })

  it('fail where the response belongs to another request', () => {
    expect(judgedAttempt({ exchange: answered(other) })).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining(`the response belongs to another request (${other}, where ${mark} was sent)`),
    })
  })

  it('are not concluded from an answer without a mark, or with the own one', () => {
    for (const exchange of [answered(), answered(mark), answered('mark-0123456789ab'), answered('x')])
      expect(judgedAttempt({ exchange }).status).toBe('pass')
  })
})

describe('a value that must not arrive', () => {
  const withLine = (value: string) =>
    judged({ arrives: { count: 'any', without: [evil] } }, { arrivals: [anArrival({ headers: [['X-Note', value]] })] })

  it.each([
    ['as it is', evil],
    ['with the sign encoded', evil.replace('@', '%40')],
    ['cut at its end', evil.slice(0, -1)],
    ['in base64', Buffer.from(evil).toString('base64')],
    ['in base64 twice', Buffer.from(Buffer.from(`a${evil}`).toString('base64')).toString('base64')],
    ['in hexadecimal digits', Buffer.from(evil).toString('hex').toUpperCase()],
    ['in upper case', evil.toUpperCase()],
    ['in base64 behind another text', Buffer.from(`user:${evil}`).toString('base64')],
  ])('is found %s', (_how, value) =>
    expect(withLine(value).reason).toContain(`${JSON.stringify(evil)} arrived in X-Note`),
  )

  it('is not seen in what is like it', () => {
    expect(withLine('evil-0000@attacker.test').status).toBe('pass')
  })
})

describe('a header that must be absent', () => {
  const scopes = (value: string, baseline?: string) => {
    const headers = [['X-OpenClaw-Scopes', value] as const]
    const attempt = {
      arrivals: [anArrival({ headers })],
      ...(baseline !== undefined && { baseline: [['x-openclaw-scopes', baseline] as const] }),
    }
    return judgedAttempt(attempt, { arrives: { count: 'any', absent: ['x-openclaw-scopes'] } })
  }
  it('counts as removed where the proxy overwrites whatever the client sends', () => {
    expect(scopes('operator.read', 'operator.read')).toMatchObject({
      status: 'pass',
      reason: expect.stringContaining('which the proxy sets by itself'),
    })
  })
  it("fails with the client's value", () => {
    expect(scopes('operator.admin', 'another-value-of-the-suite').status).toBe('fail')
    expect(scopes('operator.admin').status).toBe('fail')
  })
})

describe('a user without the claim', () => {
  const noClaim = {
    arrives: { count: 'any' as const, identity: 'blank-or-absent' as const },
    verdict: { only: 'nobody' },
  }
  const arriving = (...values: string[]) =>
    judged(noClaim, {
      case: { as: 'no-email' },
      arrivals: [
        anArrival({
          headers: values.map((value) => ['X-Forwarded-User', value] as const),
          verdict: { kind: 'refused', reason: 'trusted_proxy_user_not_allowed' },
        }),
      ],
    })
  it.each(['unknown', '-', '(null)', '{http.auth.user.email}', 'no-email'])(
    'fails with the made-up name %s',
    (name) => {
      expect(arriving(name)).toMatchObject({
        status: 'fail',
        reason: expect.stringContaining('instead of blank or absent'),
      })
    },
  )
  it('passes with a blank line, without one, and where nothing arrives', () => {
    expect(arriving(' ').status).toBe('pass')
    expect(arriving().status).toBe('pass')
    expect(judged(noClaim, { case: { as: 'no-email' }, arrivals: [], exchange: page(403) }).status).toBe('pass')
  })
})

describe('where no identity arrives at all', () => {
  const lost = {
    arrivals: [anArrival({ headers: [], verdict: { kind: 'refused', reason: 'trusted_proxy_user_missing' } })],
  }
  const red = { controls: [{ case: 'identity.arrival.accepted', status: 'fail' as const }] }
  it('the case of identity fails', () => {
    expect(judged(demanded, { ...lost, case: { family: 'identity', controls: [] }, context: red }).status).toBe('fail')
  })
  it.each([demanded, { verdict: { accepted: alice } }, { verdict: { refused: ['trusted_proxy_user_not_allowed'] } }])(
    'another case is inconclusive by its control: %j',
    (expectation) => {
      expect(judged(expectation, { ...lost, context: red })).toMatchObject({
        status: 'blocked',
        blocked: { by: 'control', cases: ['identity.arrival.accepted'] },
        reason: expect.stringContaining(
          'Inconclusive: its control case identity.arrival.accepted did not pass (fail). Observed: as alice: ',
        ),
      })
    },
  )
  it('a case without a control depends on the arrival', () => {
    const arrival = { case: 'identity.arrival.reaches-gateway', status: 'fail' as const }
    const seen = { ...lost, case: { controls: [] } }
    expect(judged(demanded, { ...seen, context: { arrival } }).status).toBe('blocked')
    expect(judged(demanded, { ...seen, context: { arrival: { ...arrival, status: 'pass' } } }).status).toBe('fail')
  })
  it('it fails where its control passed, and where a forged name arrives', () => {
    expect(judged(demanded, lost).status).toBe('fail')
    const forged = [anArrival({ headers: [['X-Forwarded-User', evil]] })]
    expect(judged(demanded, { arrivals: forged, context: red }).status).toBe('fail')
  })
})

describe('a request that is not answered', () => {
  const hanging = {
    arrivals: [],
    exchange: { ...silence('no answer came within 5000 ms'), ending: 'no-answer', ms: 5003 } as const,
  }
  it('fails with that name, whatever is demanded', () => {
    for (const expectation of [demanded, { arrives: 'never' as const }, { verdict: { only: alice } }])
      expect(judged(expectation, hanging)).toMatchObject({
        status: 'fail',
        unanswered: true,
        reason: 'As alice: the proxy took the request and did not answer it within 5 s.',
      })
  })
  it('is a fault of the suite where the gateway was dialled, or nobody took the connection', () => {
    expect(judged(demanded, { ...hanging, case: { to: 'gateway' } }).status).toBe('harness-error')
    expect(judged(demanded, { arrivals: [], exchange: silence('connect ECONNREFUSED') }).status).toBe('harness-error')
  })
})

describe('a known failure', () => {
  const entry: KnownFailure = {
    variant: 'hardened',
    cases: ['spoofing.**'],
    shows: ['could not attribute the request to a client'],
    reason: 'No X-Forwarded-For is set.',
    link: 'https://docs.test/x',
    since: '2026-11-01',
    source: { file: 'known-failures.yaml', line: 3 },
  }
  const wanted = { arrives: { client: '10.9.0.10' }, verdict: { only: alice } }
  const unattributed = anArrival({
    attribution: { kind: 'unattributable-proxy' },
    verdict: { kind: 'refused', reason: 'x' },
  })
  const cell = (arrival: Arrival, knownFailures = [entry]) =>
    judged(wanted, { arrivals: [arrival], context: { knownFailures } })

  it('is what its entry shows', () => {
    expect(cell(unattributed).status).toBe('known-failure')
    expect(cell(unattributed, [{ ...entry, shows: ['/^the gateway COULD NOT .* client/'] }]).status).toBe(
      'known-failure',
    )
  })
  it('is none where the case fails in another way, or in another way as well', () => {
    expect(cell(anArrival({ attribution: { kind: 'trusted-proxy', client: '6.6.6.6' } }))).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining(
        '; known-failures.yaml:3 does not show this: the gateway took 6.6.6.6 for the client',
      ),
    })
    const two = { arrives: { client: '10.9.0.10', host: 'b.test' } }
    expect(judged(two, { arrivals: [unattributed], context: { knownFailures: [entry] } }).status).toBe('fail')
  })
  it('may be shown by two entries together', () => {
    const two = { arrives: { client: '10.9.0.10', host: 'b.test' } }
    const knownFailures = [entry, { ...entry, shows: ['host arrived as'] }]
    expect(judged(two, { arrivals: [unattributed], context: { knownFailures } }).status).toBe('known-failure')
  })
  it('is never that a request is accepted as a user whom it did not claim to be, whatever the entry', () => {
    const everything = { ...entry, shows: ['/./'] }
    const asBob = { as: 'bob' as const }
    const seen = { arrivals: [anArrival({ ...unattributed, verdict: anArrival().verdict })], case: asBob }
    expect(judged(wanted, { ...seen, context: { knownFailures: [everything] } }).status).toBe('fail')
    expect(
      judged(wanted, { ...seen, case: { as: 'anonymous' }, context: { knownFailures: [everything] } }).status,
    ).toBe('fail')
    expect(judged(wanted, { ...seen, case: { as: 'alice' }, context: { knownFailures: [everything] } }).status).toBe(
      'known-failure',
    )
  })
  it('may be that a forged name is believed: what the snippet is known to pass on', () => {
    const exchange = { ...anExchange(), sent: Buffer.from(`GET / HTTP/1.1\r\nX-Forwarded-User: ${alice}\r\n\r\n`) }
    const seen = { arrivals: [anArrival()], exchange, case: { as: 'bob' as const } }
    const shown = { ...entry, shows: [`accepted as ${alice}`] }
    const nobody = { verdict: { only: 'nobody' } }
    expect(judged(nobody, { ...seen, context: { knownFailures: [shown] } }).status).toBe('known-failure')
    expect(judged(nobody, { ...seen, context: { knownFailures: [entry] } }).status).toBe('fail')
  })
})

describe('a cell that was observed beside others and then by itself', () => {
  const red: Judgement = { status: 'fail', met: false, reason: 'As alice: red.' }
  const green: Judgement = { status: 'pass', met: true, reason: 'As alice: green.' }
  const known: Judgement = { status: 'known-failure', met: false, reason: 'Known.' }
  const lost: Judgement = { status: 'blocked', reason: 'No fence.', blocked: { by: 'fence', cases: [] } }

  const asked = (as: 'alice' | 'anonymous', ...[given]: Parameters<typeof aCase>) => ({ ...aCase(given), as })
  const seen = (...arrivals: Arrival[]) => anObservation([{ expect: {}, exchange: anExchange(), arrivals }])

  it('needs no second look where it was not red and not lost', () => {
    const one = asked('alice', { arrives: { count: 'any', absent: ['x-a'] } })
    const arrived = seen(anArrival())
    expect(isConclusive(green, one, arrived)).toBe(true)
    expect(
      isConclusive({ status: 'blocked', reason: '', blocked: { by: 'control', cases: ['a'] } }, one, arrived),
    ).toBe(true)
    for (const first of [red, known, lost, { ...red, unanswered: true }])
      expect(isConclusive(first, one, arrived)).toBe(false)
  })
  it('is looked at again where a request of a user that may arrive did not: a busy proxy refuses what it passes on at other times', () => {
    const silent = seen()
    expect(isConclusive(green, asked('alice', { arrives: { count: 'any', absent: ['x-a'] } }), silent)).toBe(false)
    expect(isConclusive(green, asked('alice', { verdict: { only: 'nobody' } }), silent)).toBe(false)
    expect(isConclusive(green, asked('alice', { arrives: 'never' }), silent)).toBe(true)
    expect(isConclusive(green, asked('anonymous', { verdict: { only: 'nobody' } }), silent)).toBe(true)
  })
  it('is what it is by itself where it is not red beside others', () => {
    for (const alone of [green, red, lost])
      expect(ofBoth(green, alone)).toEqual({ judgement: alone, decidedBy: 'alone' })
  })
  it('fails where it is red beside others alone, and says so', () => {
    for (const alone of [green, lost])
      expect(ofBoth(red, alone)).toEqual({
        judgement: { ...red, reason: 'Only beside other requests: As alice: red.' },
        decidedBy: 'beside',
      })
  })
  it('is a warning or an info by its level', () => {
    expect(ofBoth({ ...red, status: 'warn' }, green).judgement.status).toBe('warn')
    expect(ofBoth({ ...red, status: 'info' }, { ...green, status: 'info' }).judgement).toMatchObject({
      status: 'info',
      met: false,
    })
  })
  it('is what it is by itself where it is red both times', () => {
    expect(ofBoth(red, { ...red, reason: 'Again.' })).toEqual({
      judgement: { ...red, reason: 'Again.' },
      decidedBy: 'alone',
    })
    expect(ofBoth(known, known).judgement.status).toBe('known-failure')
  })
  it('does not hide a failure beside others behind one that is known', () => {
    expect(ofBoth(red, known).judgement).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('As alice: red.'),
    })
  })
  it('counts by itself where nothing was seen beside others, and says why it ran again', () => {
    for (const first of [lost, { status: 'harness-error', reason: 'Broken.' } as const, { ...red, unanswered: true }])
      expect(ofBoth(first, green)).toEqual({ judgement: green, decidedBy: 'alone', rerun: first.reason })
  })
})
