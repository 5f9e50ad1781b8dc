import { describe, expect, it } from 'vitest'
import { aCase, alice, anArrival, anExchange, anObservation } from '../../judge/judge.fixture.ts'
import { evidenceOf } from './evidence.ts'
import { cellEvidenceSchema, environmentFileName, evidenceAddress } from './results.ts'

const password = 'local-only-password-1'
const head = `POST /tools/invoke?mark=m1 HTTP/1.1\r\nHost: app.test\r\nCookie: _oauth2_proxy=s3ss1on-value\r\nAuthorization: Bearer ${password}\r\n\r\n{}`
const attempt = {
  expect: { verdict: { accepted: alice } },
  exchange: anExchange({
    sent: Buffer.from(head),
    response: {
      status: 200,
      headers: [['Set-Cookie', '_oauth2_proxy=fresh-value; Path=/']],
      body: `your password is ${password}`,
    },
    further: [{ status: 400, headers: [], body: password }],
    close: { code: 1008, reason: password },
  }),
  arrivals: [anArrival({ headers: [['Cookie', '_oauth2_proxy=s3ss1on-value']], body: `{"password":"${password}"}` })],
}
const facts = {
  environment: 'p@1/v/reference:attributed',
  log: { proxy: [`started with ${password}`], gateway: [] },
  replay: 'conformance replay a.b.c',
  secrets: [password],
}

describe('evidence', () => {
  const evidence = evidenceOf(aCase(attempt.expect), 'http', anObservation([attempt]), facts)
  const text = JSON.stringify(evidence)

  it('is what its schema says, also after a trip through JSON', () => {
    expect(cellEvidenceSchema.parse(JSON.parse(text))).toEqual(evidence)
  })
  it('keeps what was sent, what arrived and what came back', () => {
    expect(evidence.attempts).toMatchObject([
      {
        sent: { text: expect.stringContaining('POST /tools/invoke') },
        client: { status: 200, close: { code: 1008 } },
        verdict: { accepted: alice },
      },
    ])
    expect(evidence.attempts[0]?.arrived).toHaveLength(1)
  })
  it.each([password, 's3ss1on-value', 'fresh-value'])('holds %s nowhere, as text or in base64', (secret) => {
    expect(text).not.toContain(secret)
    expect(Buffer.from(evidence.attempts[0]?.sent.base64 ?? '', 'base64').toString('latin1')).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -4))
  })
  it('keeps odd bytes that were sent, one character for each', () => {
    const sent = Buffer.from('GET / HTTP/1.1\r\nX: \xff\0\r\n\r\n', 'latin1')
    const odd = { ...attempt, exchange: { ...attempt.exchange, sent } }
    const [first] = evidenceOf(aCase(attempt.expect), 'http', anObservation([odd]), facts).attempts
    expect(Buffer.from(first?.sent.text ?? '', 'latin1')).toEqual(sent)
    expect(Buffer.from(first?.sent.base64 ?? '', 'base64')).toEqual(sent)
  })
  describe('of a WebSocket handshake and a signed token', () => {
    const nonce = 'dGhlIHNhbXBsZSBub25jZQ=='
    const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    const token = `signed.${'0123456789'.repeat(30)}`
    const upgrade = (arrivedNonce: string) => ({
      ...attempt,
      exchange: anExchange({
        sent: Buffer.from(`GET / HTTP/1.1\r\nSec-WebSocket-Key: ${nonce}\r\nX-Long: ${'a'.repeat(300)}\r\n\r\n`),
        response: { status: 101, headers: [['Sec-WebSocket-Accept', accept]], body: '' },
      }),
      arrivals: [
        anArrival({
          headers: [
            ['Sec-WebSocket-Key', arrivedNonce],
            ['X-Assertion', token],
            ['X-Long', 'a'.repeat(300)],
          ],
        }),
      ],
    })
    const seen = (detail: 'every detail' | 'short', arrivedNonce = nonce) =>
      evidenceOf(aCase(attempt.expect), 'websocket', anObservation([upgrade(arrivedNonce)]), { ...facts, detail })
        .attempts[0]

    it('leaves out of a cell that did not fail what is random in every request', () => {
      const short = seen('short')
      expect(short?.sent.text).toContain('Sec-WebSocket-Key: [random nonce]')
      expect(Buffer.from(short?.sent.base64 ?? '', 'base64').toString('latin1')).toBe(short?.sent.text)
      expect(short?.client.headers).toEqual([['Sec-WebSocket-Accept', '[its hash]']])
      expect(short?.arrived[0]?.headers).toEqual([
        ['Sec-WebSocket-Key', '[random nonce]'],
        ['X-Assertion', `${token.slice(0, 40)}… (267 more characters)`],
        ['X-Long', 'a'.repeat(300)],
      ])
    })
    it('shows a nonce that somebody changed on the way', () => {
      expect(seen('short', 'AAAAAAAAAAAAAAAAAAAAAA==')?.arrived[0]?.headers[0]).toEqual([
        'Sec-WebSocket-Key',
        'AAAAAAAAAAAAAAAAAAAAAA==',
      ])
    })
    it('keeps everything of a cell that failed', () => {
      const whole = seen('every detail')
      expect(whole?.sent.text).toContain(nonce)
      expect(whole?.client.headers[0]?.[1]).toBe(accept)
      expect(whole?.arrived[0]?.headers[1]?.[1]).toBe(token)
    })
  })
  it('says status 0 and the fault when no answer came', () => {
    const { response: _none, close: _close, further: _further, ...silent } = attempt.exchange
    const seen = anObservation([
      {
        ...attempt,
        arrivals: [],
        exchange: { ...silent, verdict: { kind: 'not-the-gateway' as const }, fault: 'connection refused' },
      },
    ])
    expect(evidenceOf(aCase(attempt.expect), 'http', seen, facts).attempts).toMatchObject([
      {
        client: { status: 0, headers: [], close: null, fault: 'connection refused' },
        arrived: [],
        verdict: {},
      },
    ])
  })
  it('has an address that every file system takes', () => {
    expect(environmentFileName('p@1/v/reference:attributed')).toBe('p@1__v__reference-attributed')
    expect(evidenceAddress({ environment: 'p@1/v/g@2', case: 'a.b.c', transport: 'http' })).toBe(
      'evidence/p@1__v__g@2.json.gz#a.b.c.http',
    )
  })
})
