import { describe, expect, it } from 'vitest'
import type { AttemptEvidence, CellEvidence } from '../../run/results/results.ts'
import { addressesOf } from '../addresses.ts'
import { aRun } from '../report.fixture.ts'
import { curlLine } from './curl.ts'
import { compare, parseSent } from './differences.ts'
import { expectationRows } from './expectation-words.ts'
import { cellLink } from './links.ts'

const evidence: CellEvidence =
  Object.values(Object.values(aRun({ cases: 1, environments: 1 }).evidence)[0] ?? {})[0] ?? expect.fail('no evidence')

function attempt(sent: string, changes: Partial<AttemptEvidence> = {}): AttemptEvidence {
  const first = evidence.attempts[0] ?? expect.fail('no attempt')
  return { ...first, sent: { text: sent, base64: '' }, ...changes }
}

const get = (lines: string, rest = '') => `POST /tools/invoke?mark=m HTTP/1.1\r\nHost: app.test\r\n${lines}\r\n${rest}`

describe('sent and arrived, compared', () => {
  const { sent, arrived } = compare(
    attempt(get('Cookie: a=b\r\nX-Forwarded-User: evil\r\nX-Forwarded-For: 10.9.0.10\r\n', '{}')),
  )
  it('marks what came through, was changed and did not arrive', () => {
    expect(sent.map(({ text, difference }) => `${difference} ${text}`)).toEqual([
      'same POST /tools/invoke?mark=m HTTP/1.1',
      'same Host: app.test',
      'dropped Cookie: a=b',
      'changed X-Forwarded-User: evil',
      'same X-Forwarded-For: 10.9.0.10',
    ])
  })
  it('marks what was changed and added on the way', () => {
    expect(arrived[0]?.map(({ difference }) => difference)).toEqual(['changed', 'same', 'changed', 'same', 'added'])
  })
  it('takes malformed heads as they are', () => {
    expect(parseSent('GET / HTTP/1.1\nHost : x\r\n no colon\r\n\r\nrest')).toEqual({
      start: 'GET / HTTP/1.1',
      lines: [
        ['Host ', 'x'],
        [' no colon', ''],
      ],
      rest: 'rest',
    })
    expect(compare(attempt('', { arrived: [] }))).toMatchObject({ arrived: [], rest: '' })
  })
})

describe('the curl line', () => {
  const line = (sent: string, changes: Partial<CellEvidence> = {}) =>
    curlLine({ ...evidence, ...changes }, attempt(sent))
  it('says an ordinary request, with duplicates, quotes and empty values', () => {
    const text = line(get("X-A: it's\r\nX-A: 2\r\nX-B:\r\nContent-Length: 2\r\n", '{}'))
    expect(text).toContain('curl --http1.1 --insecure --include --path-as-is -X POST')
    expect(text).toContain(`-H 'X-A: it'\\''s'`)
    expect(text).toContain("-H 'X-A: 2'")
    expect(text).toContain("-H 'X-B;'")
    expect(text).toContain("--data-binary '{}'")
    expect(text).toContain("'https://app.test/tools/invoke?mark=m'")
  })
  it('dials the gateway from inside', () => {
    expect(line(get(''), { from: 'lan' })).toContain("'http://gateway:18789/tools")
  })
  it.each([
    ['an upgrade', get('Upgrade: websocket\r\n')],
    ['chunks', get('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['two lengths', get('Content-Length: 1\r\nContent-Length: 2\r\n', '{}')],
    ['a wrong length', get('Content-Length: 9\r\n', '{}')],
    ['a space before the colon', get('X-A : 1\r\n')],
    ['a control character', get('X-A: \u0001\r\n')],
    ['a second request', get('', 'GET / HTTP/1.1\r\n\r\n')],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an absolute target', 'GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is left out for %s', (_what, sent) => {
    expect(line(sent)).toBeUndefined()
  })
  it('is left out for a WebSocket', () => {
    expect(line(get(''), { transport: 'websocket' })).toBeUndefined()
  })
})

describe('an expectation in words', () => {
  const rows = (expected: unknown, changes: Partial<AttemptEvidence> = {}) =>
    expectationRows(attempt('', { expected, ...changes }), 'X-Forwarded-User')
  it('has a row for every key, beside what was observed', () => {
    const all = {
      arrives: {
        count: 1,
        identity: ['alice@example.test'],
        aliases: 'none',
        without: ['evil'],
        absent: ['x-a'],
        headers: { host: ['app.test'] },
        client: '10.9.0.10',
        host: 'app.test',
        target: '/x',
      },
      verdict: { refused: ['a', 'b'] },
      client: { status: [403, 'none'], close: 1008, login: true, without: ['x'], headers: { 'set-cookie': 'Secure' } },
    }
    expect(rows(all)).toHaveLength(9 + 1 + 5)
    expect(rows(all)[1]).toEqual({
      expected: 'X-Forwarded-User is exactly "alice@example.test"',
      observed: '"alice@example.test"',
    })
  })
  it('says never, unreached and only', () => {
    expect(rows({ arrives: 'never', verdict: 'unreached' }, { arrived: [], verdict: {} })).toEqual([
      { expected: 'the request does not reach the gateway', observed: 'nothing arrived' },
      { expected: 'the request does not reach the gateway', observed: 'the gateway did not decide' },
    ])
    expect(rows({ verdict: { only: 'nobody' } })[0]?.expected).toBe('the gateway accepts no user')
  })
  it('shows what it does not know as it stands', () => {
    expect(rows({ verdict: 'mystery' })[0]?.expected).toBe('{"verdict":"mystery"}')
  })
})

describe('links', () => {
  it('stay inside the report whatever a name holds', () => {
    const hostile = { id: 'x', proxy: '../../etc', proxyVersion: '1', variant: '..', gateway: 'x:y' }
    const addresses = addressesOf([hostile])
    const pages = { addressOf: (id: string) => addresses.get(id) ?? '' }
    expect(cellLink(pages, { environment: 'x', case: '../a', transport: 'http' })).toBe(
      'proxy/--..-etc/-/x-y/index.html#--a.http',
    )
  })
})
