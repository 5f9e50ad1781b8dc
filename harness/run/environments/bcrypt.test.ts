import { expect, it } from 'vitest'
import { bcrypt } from './bcrypt.ts'

/** Test vectors of crypt_blowfish (Openwall), whose prefix is 2a: the same function as 2b for such passwords. */
it.each([
  ['U*U', 'E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*', 'VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['', '7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
])('hashes %j as every other program does', (password, hash) => {
  // Four letters C are the bytes 10 41 04.
  const bytes = Uint8Array.from({ length: 16 }, (_one, index) => [0x10, 0x41, 0x04][index % 3] ?? 0)
  expect(bcrypt(password, bytes, 5)).toBe(`$2b$05$CCCCCCCCCCCCCCCCCCCCC.${hash}`)
})
