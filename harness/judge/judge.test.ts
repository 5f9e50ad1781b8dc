import { describe, expect, it } from 'vitest'
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { Expectation } from '../plan/case.ts'
import type { KnownFailure } from '../plan/proxy.ts'
import {
  aCase,
  alice,
  anArrival,
  anExchange,
  anObservation,
  context,
  evil,
  judged,
  page,
  silence,
} from './judge.fixture.ts'
import { judge } from './judge.ts'

const signIn = '<html><title>Sign in</title><body>Sign in with OpenID Connect</body></html>'
const refusedBy = (reason: string): Arrival['verdict'] => ({ kind: 'refused', reason })
const as = (user: string): Arrival['verdict'] => ({ kind: 'accepted', user, method: 'trusted-proxy' })
const withLines = (...headers: Arrival['headers']) => anArrival({ headers })

type Row = {
  readonly name: string
  readonly expect: Expectation
  readonly seen?: Parameters<typeof judged>[1]
  readonly status: string
  readonly reason: RegExp
}

const rows: readonly Row[] = [
  // arrives: identity
  {
    name: 'passes when exactly the real identity arrives',
    expect: { arrives: { identity: [alice] } },
    status: 'pass',
    reason: /^As alice: the request arrived once, with X-Forwarded-User "alice@example\.test"\.$/,
  },
  {
    name: 'fails on a forged line beside the real one',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [withLines(['x-forwarded-user', evil], ['X-Forwarded-User', alice])] },
    status: 'fail',
    reason:
      /X-Forwarded-User arrived as "evil-1a2b@attacker\.test" and "alice@example\.test" instead of "alice@example\.test"/,
  },
  {
    name: 'fails on both lines in the wrong order',
    expect: { arrives: { identity: [alice, evil] } },
    seen: { arrivals: [withLines(['X-Forwarded-User', evil], ['X-Forwarded-User', alice])] },
    status: 'fail',
    reason: /instead of "alice/,
  },
  {
    name: 'fails when the identity is missing',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [withLines(['Host', 'app.test'])] },
    status: 'fail',
    reason: /arrived as nothing instead of "alice/,
  },
  {
    name: 'fails when identity should be absent',
    expect: { arrives: { identity: [] } },
    status: 'fail',
    reason: /arrived as "alice@example\.test" instead of nothing/,
  },
  {
    name: 'fails on any text where the identity should be blank or absent',
    expect: { arrives: { identity: 'blank-or-absent' } },
    seen: { arrivals: [withLines(['X-Forwarded-User', ' '], ['x-forwarded-user', '(null)'])] },
    status: 'fail',
    reason: /arrived as "" and "\(null\)" instead of blank or absent/,
  },
  {
    name: 'passes where the identity is blank or absent',
    expect: { arrives: { identity: 'blank-or-absent' } },
    seen: { arrivals: [withLines(['X-Forwarded-User', ' \t'])] },
    status: 'pass',
    reason: /X-Forwarded-User blank or absent/,
  },
  {
    name: 'ignores white space around a value (RFC 9110 5.5)',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [withLines(['X-Forwarded-User', ` ${alice}\t`])] },
    status: 'pass',
    reason: /once/,
  },
  // arrives: count
  {
    name: 'fails when two arrive of one',
    expect: { arrives: {} },
    seen: { arrivals: [anArrival(), anArrival({ sequence: 2 })] },
    status: 'fail',
    reason: /arrived twice instead of once/,
  },
  {
    name: 'fails when none arrives, with what the client got',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [], exchange: page(502, 'Bad Gateway') },
    status: 'fail',
    reason: /arrived never instead of once: the client got 502 "Bad Gateway"/,
  },
  {
    name: 'fails a positive case on a log-in page with status 200',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [], exchange: page(200, signIn) },
    status: 'fail',
    reason: /the client got 200 "Sign in Sign in with OpenID Connect"/,
  },
  {
    name: 'is a harness error when a positive request meets a dead proxy',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [], exchange: silence('connection refused') },
    status: 'harness-error',
    reason: /^As alice: connection refused\.$/,
  },
  {
    name: 'fails a positive request that was hung up on',
    expect: { arrives: { identity: [alice] } },
    seen: { arrivals: [], exchange: silence() },
    status: 'fail',
    reason: /closed without an answer/,
  },
  {
    name: 'lets any number arrive under count any',
    expect: { arrives: { count: 'any', without: [evil] } },
    seen: { arrivals: [], exchange: page(400) },
    status: 'pass',
    reason: /nothing of it arrived/,
  },
  {
    name: 'still looks at what arrived under count any',
    expect: { arrives: { count: 'any', without: [evil] } },
    seen: { arrivals: [anArrival({ target: `/x?u=${evil}` })] },
    status: 'fail',
    reason: /arrived in the request target/,
  },
  {
    name: 'blocks count any on silence without the fence',
    expect: { arrives: { count: 'any', without: [evil] } },
    seen: {
      arrivals: [],
      exchange: page(502),
      observation: { fence: { needed: true, arrived: false, reason: 'the client got 502' } },
    },
    status: 'blocked',
    reason: /^Inconclusive: the control request sent afterwards did not arrive \(the client got 502\)\./,
  },
  {
    name: 'treats count 0 as never',
    expect: { arrives: { count: 0 } },
    status: 'fail',
    reason: /reached the gateway once/,
  },
  // arrives: aliases, without, absent, headers
  {
    name: 'passes without another spelling',
    expect: { arrives: { aliases: 'none', identity: [alice] } },
    status: 'pass',
    reason: /without another spelling of X-Forwarded-User/,
  },
  ...['X_Forwarded_User', 'x.forwarded.user', 'X-Forwarded_User', 'X-Forwarded-User '].map(
    (name): Row => ({
      name: `fails on the alias "${name}"`,
      expect: { arrives: { aliases: 'none' } },
      seen: { arrivals: [withLines([name, evil])] },
      status: 'fail',
      reason: /another spelling of X-Forwarded-User arrived: ".*evil-1a2b/,
    }),
  ),
  {
    name: 'fails on a forbidden value in any header',
    expect: { arrives: { without: [evil] } },
    seen: { arrivals: [withLines(['Forwarded', `for=${evil};x`])] },
    status: 'fail',
    reason: /"evil-1a2b@attacker\.test" arrived in Forwarded/,
  },
  {
    name: 'fails on a forbidden value in a trailer',
    expect: { arrives: { without: [evil] } },
    seen: { arrivals: [anArrival({ trailers: [['X-Forwarded-User', evil]] })] },
    status: 'fail',
    reason: /arrived in trailer X-Forwarded-User/,
  },
  {
    name: 'fails on a forbidden value percent-encoded in the target',
    expect: { arrives: { without: [evil] } },
    seen: { arrivals: [anArrival({ target: `/?u=${encodeURIComponent(evil)}` })] },
    status: 'fail',
    reason: /arrived in the request target/,
  },
  {
    name: 'fails on a header that must be absent',
    expect: { arrives: { absent: ['x-openclaw-scopes'] } },
    seen: { arrivals: [withLines(['X-OpenClaw-Scopes', 'operator.admin'])] },
    status: 'fail',
    reason: /x-openclaw-scopes arrived as "operator\.admin"/,
  },
  {
    name: 'passes when it is absent',
    expect: { arrives: { absent: ['x-openclaw-scopes'], identity: [alice] } },
    status: 'pass',
    reason: /without x-openclaw-scopes/,
  },
  {
    name: 'fails on another value of a named header',
    expect: { arrives: { headers: { 'x-forwarded-proto': ['https'] } } },
    seen: { arrivals: [withLines(['X-Forwarded-Proto', 'http'])] },
    status: 'fail',
    reason: /x-forwarded-proto arrived as "http" instead of "https"/,
  },
  // arrives: client, host, target
  {
    name: 'passes on the real client address, mapped or not',
    expect: { arrives: { client: '::ffff:10.9.0.10' } },
    status: 'pass',
    reason: /from client/,
  },
  {
    name: 'fails on a forged client address',
    expect: { arrives: { client: '10.9.0.10' } },
    seen: { arrivals: [anArrival({ attribution: { kind: 'trusted-proxy', client: '6.6.6.6' } })] },
    status: 'fail',
    reason: /took 6\.6\.6\.6 for the client instead of 10\.9\.0\.10 \(X-Forwarded-For "10\.9\.0\.10"\)/,
  },
  {
    name: 'fails when the request cannot be attributed',
    expect: { arrives: { client: '10.9.0.10' } },
    seen: { arrivals: [anArrival({ headers: [], attribution: { kind: 'unattributable-proxy' } })] },
    status: 'fail',
    reason: /could not attribute .* X-Forwarded-For absent/,
  },
  {
    name: 'takes the peer for the client of a direct request',
    expect: { arrives: { client: '10.9.0.2' } },
    seen: { arrivals: [anArrival({ attribution: { kind: 'direct-remote' } })] },
    status: 'pass',
    reason: /from client 10\.9\.0\.2/,
  },
  {
    name: 'fails on another Host',
    expect: { arrives: { host: 'app.test' } },
    seen: { arrivals: [withLines(['host', 'gateway:18789'])] },
    status: 'fail',
    reason: /host arrived as "gateway:18789" instead of "app\.test"/,
  },
  {
    name: 'compares the target without the mark',
    expect: { arrives: { target: '/a?b=1' } },
    seen: { arrivals: [anArrival({ target: '/a?mark=xyz&end=1&b=1' })] },
    status: 'pass',
    reason: /with target "\/a\?b=1"/,
  },
  {
    name: 'fails on another target',
    expect: { arrives: { target: '/a' } },
    seen: { arrivals: [anArrival({ target: '/b?mark=xyz' })] },
    status: 'fail',
    reason: /target arrived as "\/b" instead of "\/a"/,
  },
  {
    name: 'fails an upgrade that arrives as a plain request',
    expect: { arrives: { identity: [alice] } },
    seen: { transport: 'websocket' },
    status: 'fail',
    reason: /the upgrade arrived as a plain HTTP request/,
  },
  // arrives: never
  {
    name: 'passes never when the fence arrived',
    expect: { arrives: 'never' },
    seen: { arrivals: [], exchange: page(302, '', [['Location', '/oauth2/start']]) },
    status: 'pass',
    reason: /nothing of it arrived at the gateway/,
  },
  {
    name: 'fails never when something arrived',
    expect: { arrives: 'never' },
    status: 'fail',
    reason: /reached the gateway once \(POST "\/tools\/invoke\?mark=m1" from 10\.9\.0\.2, accepted as alice/,
  },
  {
    name: 'fails never when the gateway answered without a record',
    expect: { arrives: 'never' },
    seen: { arrivals: [] },
    status: 'fail',
    reason: /the response came from the gateway \(accepted\), but the gateway recorded no request with this ID/,
  },
  {
    name: 'blocks never without the fence: a 502 page is not security',
    expect: { arrives: 'never' },
    seen: {
      arrivals: [],
      exchange: page(502),
      observation: { fence: { needed: true, arrived: false, reason: 'the client got 502' } },
    },
    status: 'blocked',
    reason: /^Inconclusive: the control request sent afterwards did not arrive \(the client got 502\)\./,
  },
  {
    name: 'asks for the fence even where the run thought it needless',
    expect: { arrives: 'never' },
    seen: { arrivals: [], exchange: page(403), observation: { fence: { needed: false, arrived: false } } },
    status: 'blocked',
    reason: /^Inconclusive: the control request sent afterwards did not arrive/,
  },
  {
    name: 'is a harness error when never meets a dead proxy',
    expect: { arrives: 'never' },
    seen: { arrivals: [], exchange: silence('connect ECONNREFUSED 10.9.0.2:443') },
    status: 'harness-error',
    reason: /ECONNREFUSED/,
  },
  // verdict on a recording gateway
  {
    name: 'passes accepted as the right user',
    expect: { verdict: { accepted: alice } },
    status: 'pass',
    reason: /accepted as alice@example\.test/,
  },
  {
    name: 'fails accepted as another user',
    expect: { verdict: { accepted: alice } },
    seen: { arrivals: [anArrival({ verdict: as(evil) })] },
    status: 'fail',
    reason: /accepted as evil-1a2b@attacker\.test, where it should be accepted as alice/,
  },
  {
    name: 'fails accepted when refused, with the reason',
    expect: { verdict: { accepted: alice } },
    seen: { arrivals: [anArrival({ verdict: refusedBy('proxy_attribution_required') })] },
    status: 'fail',
    reason: /refused: proxy_attribution_required, where/,
  },
  {
    name: 'fails accepted when nothing arrived',
    expect: { verdict: { accepted: alice } },
    seen: { arrivals: [], exchange: page(403, 'Forbidden') },
    status: 'fail',
    reason: /did not reach the gateway, where it should be accepted as alice.*403 "Forbidden"/,
  },
  {
    name: 'is a harness error when accepted meets a dead proxy',
    expect: { verdict: { accepted: alice } },
    seen: { arrivals: [], exchange: silence('deadline of 5 s') },
    status: 'harness-error',
    reason: /deadline of 5 s/,
  },
  {
    name: 'fails when one of two arrivals is accepted as another',
    expect: { verdict: { accepted: alice } },
    seen: { arrivals: [anArrival(), anArrival({ sequence: 2, verdict: as(evil) })] },
    status: 'fail',
    reason: /evil/,
  },
  {
    name: 'passes refused for a listed reason',
    expect: { verdict: { refused: ['a', 'trusted_proxy_untrusted_source'] } },
    seen: { arrivals: [anArrival({ verdict: refusedBy('trusted_proxy_untrusted_source') })] },
    status: 'pass',
    reason: /refused: trusted_proxy_untrusted_source/,
  },
  {
    name: 'fails refused for another reason',
    expect: { verdict: { refused: ['a', 'b'] } },
    seen: { arrivals: [anArrival({ verdict: refusedBy('c') })] },
    status: 'fail',
    reason: /refused: c, where it should be refused with a or b/,
  },
  {
    name: 'fails refused when accepted',
    expect: { verdict: { refused: true } },
    status: 'fail',
    reason: /accepted as alice.*should be refused/,
  },
  {
    name: 'fails refused when the request did not reach the gateway',
    expect: { verdict: { refused: true } },
    seen: { arrivals: [], exchange: page(403) },
    status: 'fail',
    reason: /did not reach the gateway, where it should be refused by the gateway/,
  },
  {
    name: 'is a harness error when refused meets a dead gateway',
    expect: { verdict: { refused: true } },
    seen: { arrivals: [], exchange: silence('connection refused') },
    status: 'harness-error',
    reason: /connection refused/,
  },
  {
    name: 'passes only when refused',
    expect: { verdict: { only: alice } },
    seen: { arrivals: [anArrival({ verdict: refusedBy('x') })] },
    status: 'pass',
    reason: /refused: x/,
  },
  {
    name: 'passes only when nothing arrived',
    expect: { verdict: { only: alice } },
    seen: { arrivals: [], exchange: page(400) },
    status: 'pass',
    reason: /accepted nobody/,
  },
  {
    name: 'fails only when somebody else is accepted',
    expect: { verdict: { only: alice } },
    seen: { arrivals: [anArrival({ verdict: as(evil) })] },
    status: 'fail',
    reason: /accepted as evil.*must not accept it as anybody but alice/,
  },
  {
    name: 'fails only nobody when alice is accepted',
    expect: { verdict: { only: 'nobody' } },
    status: 'fail',
    reason: /must not accept it as anybody\./,
  },
  {
    name: 'is a harness error when only meets a dead proxy',
    expect: { verdict: { only: alice } },
    seen: { arrivals: [], exchange: silence('connection refused') },
    status: 'harness-error',
    reason: /connection refused/,
  },
  {
    name: 'passes unreached',
    expect: { verdict: 'unreached' },
    seen: { arrivals: [], exchange: page(401) },
    status: 'pass',
    reason: /the request did not reach the gateway/,
  },
  {
    name: 'fails unreached when it was asked',
    expect: { verdict: 'unreached' },
    seen: { arrivals: [anArrival({ verdict: refusedBy('x') })] },
    status: 'fail',
    reason: /the request reached the gateway: refused: x/,
  },
  {
    name: 'blocks unreached without the fence',
    expect: { verdict: 'unreached' },
    seen: { arrivals: [], exchange: page(401), observation: { fence: { needed: true, arrived: false } } },
    status: 'blocked',
    reason: /^Inconclusive: the control request sent afterwards did not arrive/,
  },
  {
    name: 'is a harness error when unreached meets a dead proxy',
    expect: { verdict: 'unreached' },
    seen: { arrivals: [], exchange: silence('connection refused') },
    status: 'harness-error',
    reason: /refused/,
  },
  // client
  {
    name: 'passes a status by class',
    expect: { client: { status: ['4xx'] } },
    status: 'pass',
    reason: /the client got 400/,
  },
  { name: 'passes a status by number', expect: { client: { status: [400] } }, status: 'pass', reason: /400/ },
  {
    name: 'fails another status',
    expect: { client: { status: ['4xx', 'none'] } },
    seen: { exchange: page(200, signIn) },
    status: 'fail',
    reason: /the client got 200 "Sign in .*", where 4xx or none was expected/,
  },
  {
    name: 'passes a closed connection where that is allowed',
    expect: { client: { status: ['none'] }, arrives: 'never' },
    seen: { arrivals: [], exchange: silence() },
    status: 'pass',
    reason: /closed without an answer/,
  },
  {
    name: 'passes even a fault where a closed connection is allowed',
    expect: { client: { status: ['none'] }, arrives: 'never' },
    seen: { arrivals: [], exchange: silence('reset') },
    status: 'pass',
    reason: /no answer came \(reset\)/,
  },
  {
    name: 'but blocks it without the fence: dead is not safe',
    expect: { client: { status: ['none'] }, arrives: 'never' },
    seen: {
      arrivals: [],
      exchange: silence('connection refused'),
      observation: { fence: { needed: true, arrived: false, reason: 'connection refused' } },
    },
    status: 'blocked',
    reason: /^Inconclusive: the control request sent afterwards did not arrive/,
  },
  {
    name: 'is a harness error when a status was wanted of a dead proxy',
    expect: { client: { status: ['4xx'] } },
    seen: { arrivals: [], exchange: silence('connection refused') },
    status: 'harness-error',
    reason: /connection refused/,
  },
  {
    name: 'passes the right close code',
    expect: { client: { close: 1008 } },
    seen: { exchange: anExchange({ close: { code: 1008, reason: '' } }) },
    status: 'pass',
    reason: /closed with 1008/,
  },
  {
    name: 'fails another close code',
    expect: { client: { close: 1008 } },
    seen: { exchange: anExchange({ close: { code: 1006, reason: '' } }) },
    status: 'fail',
    reason: /closed with 1006, where close code 1008 was expected/,
  },
  {
    name: 'passes a redirect to log in',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(302, '', [['Location', 'http://idp.test/auth?x=1']]) },
    status: 'pass',
    reason: /302 to "http:\/\/idp\.test/,
  },
  {
    name: 'passes the 401 of the proxy',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(401) },
    status: 'pass',
    reason: /401/,
  },
  {
    name: 'fails the 401 of the gateway',
    expect: { client: { login: true } },
    seen: { exchange: anExchange({ response: { status: 401, headers: [], body: '' }, verdict: { kind: 'refused' } }) },
    status: 'fail',
    reason: /401 from the gateway, where the proxy/,
  },
  {
    name: "passes 403 with a form that leads to the log-in, oauth2-proxy's own page",
    expect: { client: { login: true } },
    seen: {
      arrivals: [],
      exchange: page(403, '<form method="GET" action="/oauth2/start"><button>Sign in</button></form>'),
    },
    status: 'pass',
    reason: /403/,
  },
  {
    name: 'fails 403 with a page that leads nowhere',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(403, '<h1>Forbidden</h1>') },
    status: 'fail',
    reason: /403 .*should send the visitor to log in/,
  },
  {
    name: 'fails a log-in page with status 200',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(200, signIn) },
    status: 'fail',
    reason: /200 .*should send the visitor to log in/,
  },
  {
    name: 'fails a redirect to the same page',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(301, '', [['Location', 'https://app.test/tools/invoke/']]) },
    status: 'fail',
    reason: /301/,
  },
  {
    name: 'fails 403 and 502 as log-in',
    expect: { client: { login: true } },
    seen: { arrivals: [], exchange: page(502) },
    status: 'fail',
    reason: /502/,
  },
  {
    name: 'fails a value that comes back in the body',
    expect: { client: { without: [evil] } },
    seen: { exchange: page(200, `hello ${evil}`) },
    status: 'fail',
    reason: /came back in the body of the answer 200/,
  },
  {
    name: 'fails a value that comes back in a header',
    expect: { client: { without: [evil] } },
    seen: { exchange: page(302, '', [['Location', `/${evil}`]]) },
    status: 'fail',
    reason: /came back in Location of the answer 302/,
  },
  {
    name: 'fails a value that comes back in a second, smuggled answer',
    expect: { client: { without: [evil] } },
    seen: { exchange: anExchange({ further: [{ status: 200, headers: [], body: evil }] }) },
    status: 'fail',
    reason: /came back in the body of the answer 200/,
  },
  {
    name: 'passes an answer without the value',
    expect: { client: { without: [evil] } },
    status: 'pass',
    reason: /the answer is without/,
  },
  {
    name: 'fails a missing response header',
    expect: { client: { headers: { 'set-cookie': 'Secure' } } },
    status: 'fail',
    reason: /answer's set-cookie is nothing, where "Secure" was expected/,
  },
  {
    name: 'passes a response header that contains it',
    expect: { client: { headers: { 'set-cookie': 'Secure' } } },
    seen: { exchange: page(200, '', [['Set-Cookie', 'a=b; Secure']]) },
    status: 'pass',
    reason: /set-cookie contains "Secure"/,
  },
]

const entry = {
  variant: 'hardened',
  cases: ['spoofing.*.*'],
  shows: ['the gateway refused: rate_limited'],
  reason: 'Nothing strips it.',
  link: 'https://docs.test/x',
  since: '2026-11-01',
  source: { file: 'known-failures.yaml', line: 3 },
}

describe('judge', () => {
  it.each(rows)('$name', ({ expect: expectation, seen, status, reason }) => {
    const judgement = judged(expectation, seen)
    expect(judgement.reason).toMatch(reason)
    expect(judgement.status).toBe(status)
  })

  describe('on a gateway that does not record', () => {
    const real = { arrivals: [], observation: { recordable: false } }
    it('does not offer what only a recording can show', () => {
      expect(judged({ arrives: { identity: [alice] } }, real)).toMatchObject({
        status: 'unsupported',
        reason: 'Unsupported: needs a gateway that records requests.',
      })
    })
    it('does not offer what depends on a control that only a recording can show', () => {
      const seen = (status: 'unsupported' | 'fail') => ({
        ...real,
        case: { controls: ['identity.x.y'] },
        context: { controls: [{ case: 'identity.x.y', status }] },
      })
      expect(judged({ verdict: 'unreached' }, seen('unsupported'))).toMatchObject({
        status: 'unsupported',
        reason: expect.stringContaining('identity.x.y'),
      })
      expect(judged({ verdict: 'unreached' }, { ...seen('fail'), exchange: page(401) }).status).toBe('blocked')
    })
    it('judges the verdict that the client heard', () => {
      const exchange = anExchange({ verdict: { kind: 'accepted', user: alice } })
      expect(
        judged({ arrives: { identity: [alice] }, verdict: { accepted: alice } }, { ...real, exchange }).status,
      ).toBe('pass')
      const other = anExchange({ verdict: { kind: 'accepted', user: evil } })
      expect(judged({ verdict: { accepted: alice } }, { ...real, exchange: other }).status).toBe('fail')
    })
    it('takes an opaque HTTP refusal for any reason', () => {
      const exchange = anExchange({ verdict: { kind: 'refused' } })
      expect(judged({ verdict: { refused: ['trusted_proxy_user_missing'] } }, { ...real, exchange }).status).toBe(
        'pass',
      )
    })
    it('fails when a refusal with a reason names another one', () => {
      const exchange = anExchange({ verdict: { kind: 'refused', reason: 'x' } })
      expect(judged({ verdict: { refused: ['trusted_proxy_user_missing'] } }, { ...real, exchange }).status).toBe(
        'fail',
      )
    })
    it('does not take a page of the proxy for the gateway', () => {
      expect(judged({ verdict: { accepted: alice } }, { ...real, exchange: page(200, signIn) }).status).toBe('fail')
      expect(judged({ verdict: { refused: true } }, { ...real, exchange: page(401) }).status).toBe('fail')
      expect(judged({ verdict: 'unreached' }, { ...real, exchange: page(401) }).status).toBe('pass')
    })
    it('is a harness error when the deadline came before the verdict', () => {
      const exchange = { ...page(101), fault: 'no answer to connect within 5 s' }
      expect(judged({ verdict: { only: 'nobody' } }, { ...real, exchange })).toMatchObject({ status: 'harness-error' })
    })
  })

  describe('with nothing to go by', () => {
    it('calls a cell without an observation a harness error', () => {
      expect(judge(aCase({ arrives: 'never' }), 'http', undefined, context).status).toBe('harness-error')
    })
    it('calls an observation without attempts a harness error', () => {
      expect(judge(aCase({ arrives: 'never' }), 'http', anObservation([]), context).status).toBe('harness-error')
    })
    it('calls missing attempts a harness error', () => {
      const one = { expect: { arrives: 'never' as const }, exchange: page(401), arrivals: [] }
      const judgement = judge(aCase({ arrives: 'never' }, { send: [{}, {}] }), 'http', anObservation([one]), context)
      expect(judgement).toMatchObject({ status: 'harness-error', reason: 'Only 1 of 2 requests were observed.' })
    })
    it('calls an empty expectation a harness error', () => {
      expect(judged({}).status).toBe('harness-error')
    })
  })

  describe('with several requests', () => {
    const good = { expect: { verdict: { accepted: alice } }, exchange: anExchange(), arrivals: [anArrival()] }
    const bad = { ...good, arrivals: [anArrival({ verdict: as(evil) })] }
    const asked = aCase(good.expect, { send: [{}, {}, {}] })
    it('passes when all of them hold', () => {
      expect(judge(asked, 'http', anObservation([good, good, good]), context)).toMatchObject({
        status: 'pass',
        reason: 'All 3 requests, as alice: accepted as alice@example.test.',
      })
    })
    it('names the one that fails', () => {
      expect(judge(asked, 'http', anObservation([good, bad, good]), context)).toMatchObject({
        status: 'fail',
        reason: expect.stringMatching(/^As alice, request 2 of 3: /),
      })
    })
    it('prefers a failure on evidence to a fault of the harness', () => {
      const faulty = { ...good, arrivals: [], exchange: silence('reset') }
      expect(judge(asked, 'http', anObservation([faulty, bad, good]), context).status).toBe('fail')
      expect(judge(asked, 'http', anObservation([good, faulty, good]), context).status).toBe('harness-error')
    })
  })

  describe('controls, dependencies and features', () => {
    const never = { arrives: 'never' as const }
    const quiet = { arrivals: [], exchange: page(401) }
    it.each(['fail', 'blocked', 'known-failure', 'warn', 'unsupported', 'harness-error'] as const)(
      'blocks a pass whose control is %s',
      (status) => {
        const judgement = judged(never, {
          ...quiet,
          context: { controls: [{ case: 'identity.arrival.accepted', status }] },
        })
        expect(judgement).toMatchObject({
          status: 'blocked',
          blocked: { by: 'control', cases: ['identity.arrival.accepted'] },
        })
        expect(judgement.reason).toContain(
          `Inconclusive: its control case identity.arrival.accepted did not pass (${status}).`,
        )
      },
    )
    it('is content with one green control of two', () => {
      const controls = [
        { case: 'a.b.c', status: 'fail' as const },
        { case: 'a.b.d', status: 'info' as const, met: true },
      ]
      expect(judged(never, { ...quiet, case: { controls: ['a.b.c', 'a.b.d'] }, context: { controls } }).status).toBe(
        'pass',
      )
    })
    it('blocks when the control did not run', () => {
      expect(judged(never, { ...quiet, context: { controls: [] } }).reason).toContain(
        'its control case identity.arrival.accepted did not run',
      )
    })
    it('blocks a negative case that names no control', () => {
      expect(judged(never, { ...quiet, case: { controls: [] } })).toMatchObject({
        status: 'blocked',
        reason: expect.stringContaining('names no control case'),
      })
    })
    it('lets a positive case stand without a control', () => {
      expect(judged({ arrives: { identity: [alice] } }, { case: { controls: [] } }).status).toBe('pass')
    })
    it('stays red on evidence whatever the control says', () => {
      expect(judged(never, { context: { controls: [] } }).status).toBe('fail')
    })
    it('is blocked by a dependency that is not green', () => {
      const seen = { case: { depends: ['a.b.c'] }, context: { depends: [{ case: 'a.b.c', status: 'fail' as const }] } }
      expect(judged({ arrives: {} }, seen)).toMatchObject({
        status: 'blocked',
        reason: 'Inconclusive: it depends on a.b.c, which did not pass (fail).',
      })
    })
    it('is unsupported where a feature is missing, by name', () => {
      const judgement = judged(never, { case: { needs: ['websocket', 'public-route'] } })
      expect(judgement).toMatchObject({ status: 'unsupported', reason: 'Unsupported: needs public-route.' })
      expect(judged(never, { transport: 'h2' }).reason).toContain('h2')
    })
  })

  describe('a user who cannot sign in', () => {
    const seen = { arrivals: [], observation: { attempts: [], signInFailed: 'the callback answered 500' } }
    it('says nothing of the proxy, whatever is demanded', () => {
      expect(judged({ arrives: { identity: [alice] } }, seen)).toMatchObject({
        status: 'blocked',
        blocked: { by: 'sign-in' },
        reason: 'Inconclusive: alice could not sign in: the callback answered 500.',
      })
    })
    it('is a known failure where that is what an entry shows', () => {
      const knownFailures = [{ ...entry, shows: ['could not sign in: the callback'] }]
      const asked = { ...seen, context: { knownFailures } }
      expect(judged({ arrives: { identity: [alice] } }, asked).status).toBe('known-failure')
    })
    it('blocks what silence would satisfy', () => {
      expect(judged({ arrives: 'never' }, seen)).toMatchObject({ status: 'blocked', blocked: { by: 'sign-in' } })
    })
  })

  describe('a transport that the environment does not have', () => {
    const everything = { features: ['websocket', 'h2', 'websocket-h2'] }
    const over = { transport: 'websocket-h2' } as const
    it('makes a case unsupported before anything is sent', () => {
      const needs = (features: readonly string[]) =>
        judged({ arrives: 'never' }, { ...over, context: { features } }).reason
      expect(needs(['websocket'])).toBe('Unsupported: needs h2 and websocket-h2.')
      expect(needs(['websocket', 'h2'])).toBe('Unsupported: needs websocket-h2.')
    })
    it.each<Expectation>([
      { arrives: 'never' },
      { client: { status: ['none'] } },
      { arrives: { identity: [alice] }, client: { status: ['none'] } },
    ])('makes %j unsupported where the peer says so itself', (expected) => {
      const exchange = { ...silence('the peer offers no WebSockets'), ending: 'unsupported' } as const
      expect(judged(expected, { ...over, exchange, arrivals: [], context: everything })).toEqual({
        status: 'unsupported',
        reason: 'Unsupported: the peer offers no WebSockets.',
      })
    })
  })

  describe('requests that cannot be told apart', () => {
    const says = 'requests of one URL cannot be told apart'
    it('make a case inconclusive', () => {
      const findings = [{ met: false, indistinct: true, says }]
      expect(judged({ verdict: { accepted: alice } }, { observation: { findings } })).toMatchObject({
        status: 'blocked',
        blocked: { by: 'marks', cases: [] },
        reason: `Inconclusive: ${says}.`,
      })
    })
    it('hide no failure', () => {
      const findings = [
        { met: false, indistinct: true, says },
        { met: false, says: 'one too many arrived' },
      ]
      expect(judged({ verdict: { accepted: alice } }, { observation: { findings } })).toMatchObject({
        status: 'fail',
        reason: 'As alice: one too many arrived.',
      })
    })
  })

  describe('levels and known failures', () => {
    const failing = { arrivals: [anArrival({ verdict: refusedBy('rate_limited') })] }
    const wanted = { verdict: { accepted: alice } }
    it('makes an unmet should a warning', () => {
      expect(judged(wanted, { ...failing, case: { level: 'should' } }).status).toBe('warn')
    })
    it('makes everything at level info an info that says whether it was met', () => {
      expect(judged(wanted, { ...failing, case: { level: 'info' } })).toMatchObject({
        status: 'info',
        met: false,
        reason: expect.stringMatching(/^Not met\. /),
      })
      expect(judged(wanted, { case: { level: 'info' } })).toMatchObject({
        status: 'info',
        met: true,
        reason: expect.stringMatching(/^Met\. /),
      })
    })
    it('turns a failure with an entry into a known failure with reason, date and link', () => {
      const judgement = judged(wanted, { ...failing, context: { knownFailures: [entry] } })
      expect(judgement).toMatchObject({
        status: 'known-failure',
        known: { since: '2026-11-01', link: 'https://docs.test/x' },
      })
      expect(judgement.reason).toContain('(known since 2026-11-01: Nothing strips it, https://docs.test/x).')
    })
    it('turns a pass with an entry into an unexpected pass', () => {
      expect(judged(wanted, { context: { knownFailures: [entry] } })).toMatchObject({
        status: 'unexpected-pass',
        reason: expect.stringContaining('known-failures.yaml:3'),
      })
    })
    it.each<Partial<KnownFailure>>([
      { variant: 'documented' },
      { cases: ['alias.*.*'] },
      { transports: ['websocket'] },
      { gateways: ['openclaw'] },
      { versions: ['2'] },
    ])('leaves a failure alone that the entry does not name: %j', (change) => {
      expect(judged(wanted, { ...failing, context: { knownFailures: [{ ...entry, ...change }] } }).status).toBe('fail')
    })
  })
})
