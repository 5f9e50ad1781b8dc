/**
 * A device as a gateway wants it: a key pair that signs the gateway's challenge.
 * Source: `buildDeviceAuthPayload` in the code that OpenClaw 2026.3.8 to 2026.9.6 and BuilderForce Agents ship.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'

/** What of the `connect` frame is under the signature. */
type Signed = {
  readonly clientId: string
  readonly mode: string
  readonly role: string
  readonly scopes: readonly string[]
  readonly token?: string
  /** Of `connect.challenge`. */
  readonly nonce: string
}

/** @returns the `device` of a `connect` frame; its key was never seen before */
export function freshDevice({ clientId, mode, role, scopes, token = '', nonce }: Signed) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const id = createHash('sha256').update(key).digest('hex')
  const signedAt = Date.now()
  const payload = ['v2', id, clientId, mode, role, scopes.join(','), signedAt, token, nonce].join('|')
  return {
    id,
    publicKey: key.toString('base64url'),
    signature: sign(null, Buffer.from(payload), privateKey).toString('base64url'),
    signedAt,
    nonce,
  }
}
