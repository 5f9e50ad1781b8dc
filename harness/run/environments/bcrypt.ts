import { encodeBase64, hashSync } from 'bcryptjs'

/** Rounds as a power of two. The least that programs take: a password of the run is random, and is checked with every request. */
const cost = 4

/** The one form in which Caddy takes passwords of users. @param salt 16 bytes. @returns `$2b$04$…` */
export function bcrypt(password: string, salt: Uint8Array, rounds = cost): string {
  return hashSync(password, `$2b$${String(rounds).padStart(2, '0')}$${encodeBase64(salt, salt.length)}`)
}
