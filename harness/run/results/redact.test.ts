import { describe, expect, it } from 'vitest'
import { redactKnown, redactLine, redactor, rememberCookies } from './redact.ts'

const redact = redactor(['local-only-password', 'c0ffee00c0ffee00c0ffee00c0ffee00', 'ab'])

describe('redactor', () => {
  it('removes cookie values and keeps their names', () => {
    expect(redact('GET / HTTP/1.1\r\nCookie: _oauth2_proxy=abc|123; theme=\r\nHost: x\r\n')).toBe(
      'GET / HTTP/1.1\r\nCookie: _oauth2_proxy=[redacted:cookie]; theme=\r\nHost: x\r\n',
    )
    expect(redact('set-cookie: _pomerium=xyz==; Path=/; Secure')).toBe(
      'set-cookie: _pomerium=[redacted:cookie]; Path=/; Secure',
    )
  })
  it('removes bearer tokens, basic credentials and signed tokens', () => {
    expect(redact('Authorization: Bearer abc.def')).toBe('Authorization: Bearer [redacted:token]')
    expect(redact('authorization: Basic YWxpY2U6cHc=')).toBe('authorization: Basic [redacted:password]')
    expect(redact('X-Jwt: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln')).toBe('X-Jwt: [redacted:token]')
  })
  it('removes passwords in frames and codes in addresses', () => {
    expect(redact('{"auth":{"password":"p\\"w","user":"alice"}}')).toBe(
      '{"auth":{"password":"[redacted:password]","user":"alice"}}',
    )
    expect(redact('Location: https://app.test/cb?code=SECRET&state=1')).toBe(
      'Location: https://app.test/cb?code=[redacted:token]&state=1',
    )
  })
  it('removes listed secrets in plain, percent-encoded and base64 form at any shift', () => {
    expect(redact('x local-only-password y')).toBe('x [redacted:secret] y')
    expect(redactor(['a b/c+defg'])('q=a%20b%2Fc%2Bdefg')).toBe('q=[redacted:secret]')
    for (const before of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.from(`${before}local-only-password;rest`).toString('base64')
      expect(redact(encoded)).toContain('[redacted:secret]')
      expect(Buffer.from(redact(encoded), 'base64').toString()).not.toContain('only-pass')
    }
  })
  describe('finds a random secret', () => {
    const secret = 'aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY'
    const hides = redactor([secret])
    const parts = (text: string) =>
      Array.from({ length: secret.length - 11 }, (_, at) => secret.slice(at, at + 12)).filter((part) =>
        text.toLowerCase().includes(part.toLowerCase()),
      )
    it.each([
      ['as it is', secret],
      ['in upper case', secret.toUpperCase()],
      ['in lower case', secret.toLowerCase()],
      ['percent-encoded to the last letter', [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join('')],
      ['percent-encoded twice', `%2561${secret.slice(1)}`],
      ['in hexadecimal', Buffer.from(secret).toString('hex')],
      ['in base64, in another case', Buffer.from(`x${secret}`).toString('base64').toUpperCase()],
      ['as JSON escapes', [...secret].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('')],
      ['broken over lines', `${secret.slice(0, 9)}\n   ${secret.slice(9, 20)}\r\n\t${secret.slice(20)}`],
      ['taken apart into strings', `"${secret.slice(0, 9)}" "${secret.slice(9)}"`],
      ['cut short', `${secret.slice(0, 20)}…`],
      ['without its beginning', secret.slice(15)],
    ])('%s', (_, text) => {
      const hidden = hides(`before ${text} after`)
      expect(hidden).toMatch(/^before .{0,4}\[redacted:secret\].{0,4} after$/)
      expect(parts(hidden)).toEqual([])
    })
    it('in two parts with something else between them, as far as each is long enough to tell', () => {
      expect(hides(`a=${secret.slice(0, 16)}; b=${secret.slice(16)};`)).toBe(
        'a=[redacted:secret]; b=[redacted:secret];',
      )
    })
    it('and nothing in a text of the same letters', () => {
      const text = [...secret].toReversed().join('').repeat(3)
      expect(hides(text)).toBe(text)
    })
  })
  it('hides of a cookie what is random, and not the address and the name that stand in it', () => {
    const hides = redactor([
      'YWxpY2VAZXhhbXBsZS50ZXN0fDE3|alice%40example.test|https%3A%2F%2Fapp.test%2Ftools%2Finvoke|9f8e7d6c5b4a',
    ])
    const text = 'As alice: accepted as alice@example.test at https://app.test/tools/invoke'
    expect(hides(text)).toBe(text)
    expect(hides('cookie part 9f8e7d6c5b4a')).toBe('cookie part [redacted:secret]')
  })
  it('removes the values of cookies in reasons, and private keys in logs', () => {
    expect(redact('As alice: cookie arrived as "AUTHP_SESSION_ID=abc; theme=dark" instead of nothing.')).toBe(
      'As alice: cookie arrived as "AUTHP_SESSION_ID=[redacted:cookie]; theme=[redacted:cookie]" instead of nothing.',
    )
    expect(redact('key -----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----')).toBe(
      'key -----BEGIN EC PRIVATE KEY-----[redacted:private-key]-----END EC PRIVATE KEY-----',
    )
  })
  it('removes the hexadecimal of hexadecimal, which is digits alone', () => {
    const secret = '0afb74542f2c1d6f0d940e56fa0e5013'
    expect(redactor([secret])(Buffer.from(secret).toString('hex'))).toBe('[redacted:secret]')
  })
  it('removes what this process was told to remember', () => {
    expect(redactKnown('session 5f4dcc3b5aa765d61d83')).toBe('session 5f4dcc3b5aa765d61d83')
    rememberCookies('_session=5f4dcc3b5aa765d61d83; theme=x')
    expect(redactKnown('session 5f4dcc3b5aa765d61d83')).toBe('session [redacted:secret]')
  })
  it('leaves what an attacker sends, and short words, as they are', () => {
    const text = 'GET /ab HTTP/1.1\r\nX-Forwarded-User: evil-1@attacker.test\r\nX-Note: cookies: a=b\r\n'
    expect(redact(text)).toBe(text)
  })
  it('redacts one header line by its name', () => {
    expect(redactLine(redact, ['Cookie', 'a=b; c=d'])).toEqual(['Cookie', 'a=[redacted:cookie]; c=[redacted:cookie]'])
    expect(redactLine(redact, ['X-User', 'alice'])).toEqual(['X-User', 'alice'])
  })
})
