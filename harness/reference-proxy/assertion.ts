/** Signed assertions of the user (RFC 7519), and the keys with which a reader checks them (RFC 7517). */
import { generateKeyPairSync, sign } from 'node:crypto'

export const assertionHeader = 'X-Jwt-Assertion'
export const keysPath = '/.well-known/jwks.json'

/** What a mutant does differently. */
type Changes = { readonly audience?: string; readonly lifetimeSeconds?: number; readonly signed?: false }

export type Assertions = {
  /** The answer at `keysPath`. */
  readonly keySet: string
  /** For one user, as compact serialization. */
  readonly of: (user: string, changes?: Changes) => string
}

const usualLifetime = 60
/** The same user gets the same assertion for so long: a log of header lines shows then what changed. */
const reuseSeconds = 30

export function createAssertions(host: string): Assertions {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const known = new Map<string, { readonly token: string; readonly issuedAt: number }>()
  const make = (user: string, issuedAt: number, changes: Changes) => {
    const { audience = host, lifetimeSeconds = usualLifetime, signed = true } = changes
    const claims = {
      iss: host,
      aud: audience,
      sub: user,
      email: user,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
    }
    const text = `${part(signed ? { alg: 'ES256', kid: 'assertion' } : { alg: 'none' })}.${part(claims)}`
    const seal = signed
      ? sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      : Buffer.of()
    return `${text}.${seal.toString('base64url')}`
  }
  return {
    keySet: JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'assertion', alg: 'ES256', use: 'sig' }],
    }),
    of(user, changes = {}) {
      const now = Math.floor(Date.now() / 1000)
      const key = JSON.stringify([user, changes])
      const last = known.get(key)
      if (last !== undefined && now - last.issuedAt < reuseSeconds) return last.token
      const token = make(user, now, changes)
      known.set(key, { token, issuedAt: now })
      return token
    },
  }
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
