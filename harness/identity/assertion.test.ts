import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AssertionCheck, checkAssertion } from './assertion.ts'

const now = 1_800_000_000
const claims = { iss: 'app.test', aud: 'app.test', sub: 'alice', email: 'alice@example.test', exp: now + 60 }
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), use: 'sig', ...more })
const keySet = JSON.stringify({
  keys: [
    jwk(rsa.publicKey, { kid: 'r', alg: 'RS256' }),
    jwk(elliptic.publicKey, { kid: 'e', alg: 'ES256' }),
    { kty: 'something-else' },
  ],
})

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(
  body: object,
  algorithm: 'RS256' | 'ES256',
  key: KeyObject = algorithm === 'RS256' ? rsa.privateKey : elliptic.privateKey,
) {
  const text = `${part({ alg: algorithm, kid: algorithm === 'RS256' ? 'r' : 'e' })}.${part(body)}`
  const seal = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${seal.toString('base64url')}`
}

const checked = (lines: readonly string[], more: Partial<AssertionCheck> = {}) =>
  checkAssertion({ lines, keySet, audience: 'app.test', issuer: 'app.test', now, ...more })

describe('an assertion', () => {
  it.each(['RS256', 'ES256'] as const)('signed with %s by a published key is genuine', (algorithm) => {
    expect(checked([signed(claims, algorithm)])).toEqual({ kind: 'genuine', claims })
  })

  it.each<[string, readonly string[], string, Partial<AssertionCheck>?]>([
    ['no line', [], 'there is none'],
    ['two lines', [signed(claims, 'ES256'), signed(claims, 'ES256')], 'there are 2 lines'],
    ['another text', ['alice'], 'it is no JSON Web Token'],
    ['no signature', [`${part({ alg: 'none' })}.${part(claims)}.`], 'it is signed with none'],
    ['a past date', [signed({ ...claims, exp: now - 5 }, 'RS256')], 'it expired 5 s ago'],
    ['no date', [signed({ ...claims, exp: undefined }, 'RS256')], 'it never expires'],
    ['a later beginning', [signed({ ...claims, nbf: now + 5 }, 'RS256')], 'it is valid in 5 s only'],
    [
      'another audience',
      [signed({ ...claims, aud: ['other.test'] }, 'ES256')],
      'it is for other.test and not for app.test',
    ],
    ['another issuer', [signed({ ...claims, iss: 'other.test' }, 'ES256')], 'it is by other.test and not by app.test'],
    [
      'the key of somebody else',
      [signed(claims, 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
      "none of the signer's 3 keys made its signature",
    ],
    ['a signer without keys', [signed(claims, 'ES256')], 'the signer publishes no key set', { keySet: '<html>' }],
  ])('with %s is rejected', (_what, lines, reason, more = {}) => {
    expect(checked(lines, more)).toEqual({ kind: 'rejected', reason })
  })

  it('with a changed claim is rejected', () => {
    const [head, , seal] = signed(claims, 'RS256').split('.')
    expect(checked([`${head}.${part({ ...claims, email: 'evil@attacker.test' })}.${seal}`]).kind).toBe('rejected')
  })

  it('that uses the published key as a shared secret is rejected (RFC 8725 2.1)', () => {
    const text = `${part({ alg: 'HS256', kid: 'r' })}.${part(claims)}`
    const seal = createHmac('sha256', rsa.publicKey.export({ format: 'pem', type: 'spki' }))
      .update(text)
      .digest('base64url')
    expect(checked([`${text}.${seal}`])).toEqual({ kind: 'rejected', reason: 'it is signed with HS256' })
  })
})
