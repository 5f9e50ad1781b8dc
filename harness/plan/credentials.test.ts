import { expect, it } from 'vitest'
import { type Credentials, withOwnLine } from './credentials.ts'

const raw =
  'GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Before: 1\r\n\r\nGET /2 HTTP/1.1\nCookie: {cookie}\n\n'
const put = (text: string) => text.replaceAll('{host}', 'app.test')
const written = (credentials: Credentials) => withOwnLine(raw, credentials, put)

it.each([
  ['a session cookie', { cookie: 'a=1' }, 'Cookie: a=1'],
  ['HTTP basic authentication', { cookie: '', header: ['Authorization', 'Basic eA=='] }, 'Authorization: Basic eA=='],
  ['a token', { cookie: '', header: ['X-Token', '{host}'] }, 'X-Token: {host}'],
] as const)(
  'raw bytes carry the line of %s, with the end of line that the case wrote, and nothing in it is filled in',
  (_what, credentials, line) => {
    expect(written(credentials)).toBe(
      `GET / HTTP/1.1\r\nHost: app.test\r\n${line}\r\nX-Before: 1\r\n\r\nGET /2 HTTP/1.1\n${line}\n\n`,
    )
  },
)

it('raw bytes carry no line of somebody who shows a certificate, or nothing', () => {
  const without = 'GET / HTTP/1.1\r\nHost: app.test\r\nX-Before: 1\r\n\r\nGET /2 HTTP/1.1\n\n'
  expect(written({ cookie: '', certificate: { certificate: 'PEM', key: 'PEM' } })).toBe(without)
  expect(written({ cookie: '' })).toBe(without)
})
