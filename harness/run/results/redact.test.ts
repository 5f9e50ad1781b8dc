import { describe, expect, it } from 'vitest'
import { redactBytes, redactLine, redactor } from './redact.ts'

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
  it('leaves what an attacker sends, and short words, as they are', () => {
    const text = 'GET /ab HTTP/1.1\r\nX-Forwarded-User: evil-1@attacker.test\r\nX-Note: cookies: a=b\r\n'
    expect(redact(text)).toBe(text)
  })
  it('redacts one header line by its name', () => {
    expect(redactLine(redact, ['Cookie', 'a=b; c=d'])).toEqual(['Cookie', 'a=[redacted:cookie]; c=[redacted:cookie]'])
    expect(redactLine(redact, ['X-User', 'alice'])).toEqual(['X-User', 'alice'])
  })
  it('redacts text and base64 alike, and keeps odd bytes', () => {
    const { text, base64 } = redactBytes(redact, Buffer.from('Cookie: a=topsecret\r\nX: \xff\0', 'latin1'))
    expect(text).toBe('Cookie: a=[redacted:cookie]\r\nX: \xff\0')
    expect(Buffer.from(base64, 'base64').toString('latin1')).toBe(text)
  })
})
