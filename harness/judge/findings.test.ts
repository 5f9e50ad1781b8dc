import { describe, expect, it } from 'vitest'
import type { About } from './about.ts'
import { findingsOfCells, type GroupedCell } from './findings.ts'
import { alice, anArrival, anExchange, evil, judged } from './judge.fixture.ts'

const base: About = { kind: 'other', who: 'alice', from: 'internet', to: 'proxy', transport: 'http', seen: 'arrival' }
let serial = 0
const cell = (about: Partial<About> | readonly Partial<About>[], changes: Partial<GroupedCell> = {}): GroupedCell => {
  serial += 1
  return {
    environment: 'e',
    case: `spoofing.topic.case-${serial}`,
    transport: 'http',
    level: 'must',
    status: 'fail',
    reason: `As alice: something ${serial}.`,
    about: [about].flat().map((one) => ({ ...base, ...one })),
    ...changes,
  }
}
const passed = (header: string, more: Partial<About> = {}): Partial<About> => ({ kind: 'passed', header, ...more })
const asCarol = { kind: 'accepted', user: 'carol', another: true } as const
const notAllowed = { kind: 'refused', reason: 'trusted_proxy_user_not_allowed' } as const
const ids = (cells: readonly GroupedCell[]) => findingsOfCells(cells).map(({ id }) => id)
const only = (cells: readonly GroupedCell[]) => {
  const [found, ...rest] = findingsOfCells(cells)
  if (found === undefined || rest.length > 0) throw new Error(`${rest.length + 1} findings instead of one`)
  return found
}

describe('findings', () => {
  it('group cells by what they are about, whatever their sentences say', () => {
    const cells = [
      cell(passed('x-webauth-user', { believed: true, verdict: notAllowed }), { reason: 'one sentence' }),
      cell(passed('x-webauth-user', { believed: true, verdict: asCarol }), { reason: 'quite another' }),
      cell({ kind: 'client-address', address: 'forged' }),
    ]
    expect(findingsOfCells(cells).map(({ id, cells: all }) => [id, all.length])).toEqual([
      ['passes-x-webauth-user', 2],
      ['client-address', 1],
    ])
  })

  it('are the same, with the same ids and sentences, in whatever order the cells come', () => {
    const cells = [
      cell(passed('x-a', { believed: true, verdict: asCarol })),
      cell(passed('x-b')),
      cell(passed('x-c')),
      cell({ kind: 'lost', header: 'x-a', believed: true }),
      cell({ kind: 'answer' }),
    ]
    expect(findingsOfCells(cells.toReversed())).toEqual(findingsOfCells(cells))
  })

  it('stay apart by environment', () => {
    const cells = ['one', 'other'].map((environment) => cell(passed('x-a', { believed: true }), { environment }))
    expect(findingsOfCells(cells).map(({ environment, id }) => `${environment} ${id}`)).toEqual([
      'one passes-x-a',
      'other passes-x-a',
    ])
  })

  it('are made of failures, warnings and known failures alone', () => {
    const about = passed('x-a', { believed: true })
    const statuses = ['pass', 'info', 'unsupported', 'blocked', 'unexpected-pass', 'harness-error'] as const
    expect(ids(statuses.map((status) => cell(about, { status })))).toEqual([])
    expect(only([cell(about, { status: 'known-failure' })]).known).toBe(true)
    expect(only([cell(about, { status: 'known-failure' }), cell(about, { status: 'warn' })]).known).toBe(true)
    expect(only([cell(about, { status: 'known-failure' }), cell(about)]).known).toBeUndefined()
    expect(only([cell(about, { status: 'warn' })]).known).toBeUndefined()
  })

  it('put one cell into every cause that it shows', () => {
    expect(
      ids([cell([passed('x-a', { believed: true, verdict: asCarol }), { kind: 'changed', part: 'query' }])]),
    ).toEqual(['passes-x-a', 'changes-requests'])
  })

  it('name the headers that no gateway reads in one finding', () => {
    const found = only(
      ['x-a', 'x-b', 'x-c', 'x-d', 'x-e'].map((name) => cell(passed(name), { level: 'should', status: 'warn' })),
    )
    expect(found).toMatchObject({ id: 'passes-other-headers', consequence: 'hygiene', level: 'should' })
    expect(found.says).toBe(
      'The proxy passes on 5 headers (X-A, X-B, X-C, X-D, …) that the client sent and this gateway does not read.',
    )
  })

  it('keep an upgrade to another protocol apart: removed like other headers, it would take WebSocket with it', () => {
    const found = ['upgrade', 'http2-settings', 'x-a'].map((name) =>
      cell(passed(name), { level: 'should', status: 'warn' }),
    )
    expect(ids(found).toSorted()).toEqual(['passes-other-headers', 'passes-upgrade'])
    expect(only(found.slice(0, 2)).says).toBe('The proxy passes on an upgrade to another protocol than WebSocket.')
  })

  it('keep other spellings apart: no gateway reads them, and removing the header itself leaves them', () => {
    const found = ['x-a', 'x-b'].map((name) =>
      cell(passed(name, { spelled: 'otherwise' }), { level: 'should', status: 'warn' }),
    )
    expect(only(found)).toMatchObject({ id: 'passes-other-spellings', consequence: 'hygiene' })
    expect(only(found).says).toMatch(/^The proxy passes on other spellings of X-A and X-B, such as/)
  })

  it('keep a user whose name arrives as another one apart from changed requests', () => {
    const about = { kind: 'changed', header: 'x-a', believed: true } as const
    const found = [cell(about, { level: 'should', status: 'warn' }), cell({ kind: 'changed', part: 'query' })]
    expect(ids(found).toSorted()).toEqual(['changes-identity', 'changes-requests'])
    expect(only(found.slice(0, 1)).says).toBe('X-A arrives with another name than the provider gave the user.')
  })

  it('keep a failure that shows only beside other requests apart', () => {
    const about = passed('x-a', { believed: true })
    expect(ids([cell(about), cell({ ...about, when: 'beside-others' })]).toSorted()).toEqual([
      'passes-x-a',
      'passes-x-a-beside-others',
    ])
  })

  it('group cells that say nothing of what they are about by case', () => {
    const { about: _none, ...untold } = cell({})
    const found = only([{ ...untold, reason: 'As bob, request 1 of 2: it broke (and 1 more of 2 requests).' }])
    expect(found).toMatchObject({ consequence: 'hygiene', says: 'It broke.' })
  })
})

describe('the consequence of a finding', () => {
  const cases: readonly (readonly [name: string, about: Partial<About>, consequence: string, stoppedBy?: string])[] = [
    [
      'a stranger whom the gateway accepts',
      { kind: 'accepted', who: 'anonymous', verdict: asCarol },
      'anyone-is-anyone',
    ],
    [
      "a stranger's header that is believed",
      passed('x-a', { believed: true, who: 'anonymous', verdict: asCarol }),
      'anyone-is-anyone',
    ],
    ["a user's header that is believed", passed('x-a', { believed: true, verdict: asCarol }), 'user-is-anyone'],
    [
      'one that allowUsers stops',
      passed('x-a', { believed: true, verdict: notAllowed }),
      'user-is-anyone',
      'allowUsers',
    ],
    [
      'scopes of the client',
      passed('x-openclaw-scopes', { believed: true, verdict: { kind: 'accepted', user: 'a' } }),
      'user-is-anyone',
    ],
    ['a made-up name', { kind: 'made-up', header: 'x-a', verdict: notAllowed }, 'user-is-anyone', 'allowUsers'],
    [
      'a neighbour who is accepted',
      { kind: 'accepted', who: 'anonymous', from: 'lan', to: 'gateway', verdict: asCarol },
      'neighbour-is-anyone',
    ],
    ['a neighbour through a second port', { kind: 'reached', who: 'anonymous', from: 'lan' }, 'neighbour-is-anyone'],
    [
      'a page of another origin',
      { kind: 'accepted', who: 'anonymous', verdict: { kind: 'refused', reason: 'trusted_proxy_origin_not_allowed' } },
      'anyone-is-anyone',
      'origin check',
    ],
    ['a forged address', { kind: 'client-address', address: 'forged' }, 'wrong-client'],
    [
      'a forged address that makes somebody local',
      { kind: 'client-address', address: 'forged', verdict: { kind: 'accepted', user: 'local', another: true } },
      'user-is-anyone',
    ],
    [
      'no address, and a refusal',
      {
        kind: 'client-address',
        address: 'unknown',
        verdict: { kind: 'refused', reason: 'proxy_attribution_required' },
      },
      'locked-out',
    ],
    ['no identity', { kind: 'lost', header: 'x-a', believed: true }, 'locked-out'],
    [
      'a refused sub-agent',
      { kind: 'turned-away', who: 'anonymous', from: 'gateway-loopback', wanted: 'accepted' },
      'locked-out',
    ],
    ['an upgrade that is none', { kind: 'not-upgraded' }, 'locked-out'],
    ['a value that comes back', { kind: 'leaked' }, 'leak'],
    ['two requests mixed up', { kind: 'mixed-up' }, 'leak'],
    ['two users mixed up', { kind: 'mixed-up', verdict: asCarol }, 'user-is-anyone'],
    ['refused for another reason', { kind: 'refused', wanted: 'refused', verdict: notAllowed }, 'hygiene'],
    ['another form', { kind: 'changed', part: 'query' }, 'hygiene'],
  ]
  it.each(cases.map(([name, about, ...effect]) => ({ name, about, effect })))('$name', ({ about, effect }) => {
    const found = only([cell(about)])
    expect([found.consequence, ...(found.stoppedBy === undefined ? [] : [found.stoppedBy])]).toEqual(effect)
  })

  it('is what nothing stops, before what something does', () => {
    const stopped = passed('x-a', { believed: true, who: 'anonymous', verdict: notAllowed })
    const found = only([cell(stopped), cell(passed('x-a', { believed: true, verdict: asCarol }))])
    expect(found).toMatchObject({ consequence: 'user-is-anyone' })
    expect(found.stoppedBy).toBeUndefined()
  })

  it('names the checks that stop it, and no refusal for another reason beside them', () => {
    const refused = (reason: string) => cell(passed('x-a', { believed: true, verdict: { kind: 'refused', reason } }))
    expect(
      only([refused('bad_request'), refused('trusted_proxy_user_not_allowed'), refused('trusted_proxy_user_missing')])
        .stoppedBy,
    ).toBe('allowUsers, identity required')
    expect(only([refused('bad_request')]).stoppedBy).toBe('refused with bad_request')
  })

  it('orders findings: the worst first, and of two alike the one that nothing stops', () => {
    const cells = [
      cell({ kind: 'leaked' }),
      cell({ kind: 'lost', header: 'x-a', believed: true }),
      cell(passed('x-b', { believed: true, verdict: notAllowed })),
      cell(passed('x-a', { believed: true, verdict: asCarol })),
      cell({ kind: 'accepted', who: 'anonymous', verdict: asCarol }),
    ]
    expect(ids(cells)).toEqual(['open-to-anyone', 'passes-x-a', 'passes-x-b', 'lost-identity', 'leaked'])
  })
})

describe('the sentence of a finding', () => {
  it('does not call a trailer a header that the gateway believes', () => {
    const aboutOf = (arrival: Parameters<typeof anArrival>[0]) =>
      judged({ arrives: { without: [evil] } }, { arrivals: [anArrival(arrival)] }).about?.[0] ?? {}
    const inTrailer = aboutOf({ trailers: [['X-Forwarded-User', evil]] })
    expect(inTrailer).toMatchObject({ in: 'trailer', header: 'x-forwarded-user' })
    const found = only([cell(inTrailer)])
    expect(found).toMatchObject({ id: 'passes-trailers', consequence: 'hygiene' })
    expect(found.says).toMatch(/^The proxy passes on trailers that the client sent after a body \(X-Forwarded-User\)/)
    const inBoth = aboutOf({ headers: [['X-Forwarded-User', evil]], trailers: [['X-Forwarded-User', evil]] })
    expect(only([cell(inBoth)]).consequence).toBe('user-is-anyone')
  })

  it('says who can do what, and why', () => {
    expect(only([cell(passed('remote-user', { believed: true, who: 'anonymous', verdict: asCarol }))]).says).toBe(
      'Anyone on the internet becomes any user: the proxy passes on Remote-User that the client sent.',
    )
    expect(
      only([
        cell({ kind: 'accepted', who: 'anonymous', verdict: { kind: 'accepted', user: 'operator', another: true } }),
      ]).says,
    ).toBe('Anyone on the internet becomes operator: a request without a session is accepted.')
  })

  it('does not blame a header that no gateway reads for whom the gateway accepts', () => {
    const anonymous = { who: 'anonymous', verdict: { kind: 'accepted', user: 'operator', another: true } } as const
    const found = findingsOfCells([cell([passed('x-unread', anonymous), { kind: 'accepted', ...anonymous }])])
    expect(found.map(({ id, consequence }) => `${id}: ${consequence}`)).toEqual([
      'open-to-anyone: anyone-is-anyone',
      'passes-other-headers: hygiene',
    ])
    expect(found[0]?.says).toBe('Anyone on the internet becomes operator: a request without a session is accepted.')
  })

  it('says what alone stops it', () => {
    expect(only([cell(passed('remote-user', { believed: true, verdict: notAllowed }))]).says).toBe(
      "Only the gateway's own check (allowUsers) keeps a signed-in user from becoming any user: the proxy passes on Remote-User that the client sent.",
    )
  })

  it('names the transport where the same cases pass over another', () => {
    const forged = passed('x-a', { believed: true, verdict: asCarol })
    const websocket = cell({ ...forged, transport: 'websocket' }, { transport: 'websocket', case: 'a.b.c' })
    const http = cell(forged, { case: 'a.b.c', status: 'pass' })
    expect(only([websocket, http]).says).toBe(
      'A signed-in user becomes any user: the proxy passes on X-A that the client sent (on WebSocket upgrades).',
    )
    expect(only([websocket]).says).not.toContain('WebSocket')
  })

  it('names the path where it shows there alone', () => {
    const forged = passed('x-a', { believed: true, verdict: asCarol, route: '/socket.io/x' })
    expect(only([cell(forged)]).says).toContain('(on /socket.io/x)')
    expect(only([cell(forged), cell({ ...forged, route: '/tools/invoke' })]).says).not.toContain('socket.io')
  })
})

describe('what the judge says a cell is about', () => {
  const arrived = (...lines: readonly (readonly [string, string])[]) =>
    anArrival({ headers: [['Host', 'app.test'], ['X-Forwarded-For', '10.9.0.10'], ...lines] })
  const sending = (...lines: readonly (readonly [string, string])[]) =>
    anExchange({
      sent: Buffer.from(
        `POST / HTTP/1.1\r\nHost: app.test\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      ),
    })
  const expectAlice = { arrives: { identity: [alice] } }

  it("tells the client's value in the trusted header from one that is missing or changed", () => {
    const forged = judged(expectAlice, {
      arrivals: [arrived(['X-Forwarded-User', evil])],
      exchange: sending(['x-forwarded-user', evil]),
    })
    expect(forged.about).toMatchObject([{ kind: 'passed', header: 'x-forwarded-user', believed: true, who: 'alice' }])
    expect(judged(expectAlice, { arrivals: [arrived()] }).about).toMatchObject([
      { kind: 'lost', header: 'x-forwarded-user', believed: true },
    ])
    expect(judged(expectAlice, { arrivals: [arrived(['X-Forwarded-User', 'mallory'])] }).about).toMatchObject([
      { kind: 'changed', header: 'x-forwarded-user' },
    ])
  })

  it('says of another spelling that it is one', () => {
    const seen = judged(
      { arrives: { aliases: 'none' } },
      { arrivals: [arrived(['X-Forwarded-User', alice], ['X_Forwarded_User', evil])] },
    )
    expect(seen.about).toMatchObject([{ kind: 'passed', header: 'x-forwarded-user', spelled: 'otherwise' }])
    expect(seen.about?.[0]?.believed).toBeUndefined()
  })

  it('does not count what follows from a forged header as a cause of its own', () => {
    const verdict = { kind: 'accepted', user: 'bob@example.test', method: 'trusted-proxy' } as const
    const seen = judged(
      { arrives: { without: [evil] }, verdict: { only: alice } },
      {
        arrivals: [{ ...arrived(['X-Forwarded-User', evil]), verdict }],
        exchange: sending(['X-Forwarded-User', evil]),
      },
    )
    expect(seen.about).toMatchObject([{ kind: 'passed', verdict: { kind: 'accepted', another: true } }])
  })

  it('has nothing to say where everything is met', () => {
    expect(judged(expectAlice).about).toBeUndefined()
  })
})
