/** Signed assertions of an identity (RFC 7519) as a reader must check them: against the keys that the signer publishes (RFC 7517). */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'

const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), alg: z.string().optional() })),
})
const headSchema = z.looseObject({ alg: z.string(), kid: z.string().optional() })
const claimsSchema = z.looseObject({
  iss: z.string().optional(),
  sub: z.string().optional(),
  email: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number().optional(),
  nbf: z.number().optional(),
})
type AssertionClaims = z.infer<typeof claimsSchema>

export type Assertion =
  | { readonly kind: 'genuine'; readonly claims: AssertionClaims }
  /** `reason`: half a sentence. */
  | { readonly kind: 'rejected'; readonly reason: string }

export type AssertionCheck = {
  /** The lines of the header that carries it, in order. */
  readonly lines: readonly string[]
  /** The answer of the signer's JWKS address, as text. */
  readonly keySet: string
  /** Who it must be for; not looked at where absent. */
  readonly audience?: string
  readonly issuer?: string
  /** Seconds since 1970, default now. */
  readonly now?: number
}

/** RFC 7518 3.1: signatures with a key that may be published. `none` and those with a shared secret are no such (RFC 8725 3.1 and 3.2). */
const algorithms: Readonly<Record<string, { readonly digest: string; readonly plain?: true }>> = {
  RS256: { digest: 'sha256' },
  ES256: { digest: 'sha256', plain: true },
  ES384: { digest: 'sha384', plain: true },
}

/** Never throws for what a proxy sends or publishes. */
export function checkAssertion({
  lines,
  keySet,
  audience,
  issuer,
  now = Date.now() / 1000,
}: AssertionCheck): Assertion {
  const rejected = (reason: string): Assertion => ({ kind: 'rejected', reason })
  const [token] = lines
  if (token === undefined) return rejected('there is none')
  if (lines.length > 1) return rejected(`there are ${lines.length} lines`)
  const parts = token.split('.')
  const [head, body, signature] = parts
  const read = headSchema.safeParse(decoded(head)).data
  const claims = claimsSchema.safeParse(decoded(body)).data
  if (parts.length !== 3 || read === undefined || claims === undefined) return rejected('it is no JSON Web Token')
  const algorithm = algorithms[read.alg]
  if (algorithm === undefined) return rejected(`it is signed with ${read.alg}`)
  const keys = keySetSchema.safeParse(parsed(keySet)).data?.keys
  if (keys === undefined) return rejected('the signer publishes no key set')
  const able = keys.filter(({ kid, alg }) => (read.kid ?? kid) === kid && (alg ?? read.alg) === read.alg)
  const signed = Buffer.from(`${head}.${body}`)
  const sealed = able
    .flatMap(keyOf)
    .some((key) =>
      verify(
        algorithm.digest,
        signed,
        algorithm.plain ? { key, dsaEncoding: 'ieee-p1363' } : key,
        Buffer.from(signature ?? '', 'base64url'),
      ),
    )
  if (!sealed) return rejected(`none of the signer's ${keys.length} keys made its signature`)
  if (claims.exp === undefined) return rejected('it never expires')
  if (claims.exp <= now) return rejected(`it expired ${Math.round(now - claims.exp)} s ago`)
  if (claims.nbf !== undefined && claims.nbf > now)
    return rejected(`it is valid in ${Math.round(claims.nbf - now)} s only`)
  if (audience !== undefined && ![claims.aud].flat().includes(audience)) {
    return rejected(`it is for ${[claims.aud ?? 'nobody'].flat().join(', ')} and not for ${audience}`)
  }
  if (issuer !== undefined && claims.iss !== issuer)
    return rejected(`it is by ${claims.iss ?? 'nobody'} and not by ${issuer}`)
  return { kind: 'genuine', claims }
}

function keyOf(jwk: JsonWebKey): KeyObject[] {
  try {
    return [createPublicKey({ key: jwk, format: 'jwk' })]
  } catch {
    // A key of a kind that is not known here signs nothing that could be checked.
    return []
  }
}

const decoded = (part = '') => parsed(Buffer.from(part, 'base64url').toString())

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
