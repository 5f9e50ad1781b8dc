import { describe, expect, it } from 'vitest'
import { claimsOf, nameOf, userForms, userOfSubject, users } from './users.ts'

describe('a user', () => {
  it.each(userForms)('is named by the claim %s, by which no two of alice and bob are the same', (form) => {
    expect(nameOf(users.alice, form)).toBe(claimsOf(users.alice, form)[form])
    expect(nameOf(users.bob, form)).toBe(claimsOf(users.bob, form)[form])
    expect(nameOf(users.alice, form)).not.toBe(nameOf(users.bob, form))
  })

  it('has another value in each claim', () => {
    const { email, preferred_username, sub } = claimsOf(users.alice)
    expect(new Set([email, preferred_username, sub]).size).toBe(3)
  })

  it('is found by the subject of the tokens', () => {
    expect(userOfSubject(claimsOf(users.bob).sub)).toBe(users.bob)
    expect(userOfSubject('bob')).toBeUndefined()
  })

  it.each(['email', 'preferred_username'] as const)('without a claim lacks %s where that names users', (form) => {
    const claims = claimsOf(users['no-email'], form)
    expect(claims).not.toHaveProperty(form)
    expect(claims).toHaveProperty(form === 'email' ? 'preferred_username' : 'email')
    expect(nameOf(users['no-email'], form)).toBe('')
  })

  it('whose address the provider does not vouch for has the address of alice', () => {
    expect(claimsOf(users.unverified)).toMatchObject({ email: users.alice.email, email_verified: false })
    expect(claimsOf(users.unverified).sub).not.toBe(claimsOf(users.alice).sub)
  })
})
