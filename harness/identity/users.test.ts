import { describe, expect, it } from 'vitest'
import { userForms } from '../plan/vocabulary.ts'
import { claimsOf, formOf, nameOf, namesOf, userOfSubject, users, userWithoutClaim } from './users.ts'

describe('a user', () => {
  it.each(['email', 'preferred_username', 'name', 'sub'] as const)('is named by the claim %s', (form) => {
    expect(nameOf(users.alice, form)).toBe(claimsOf(users.alice)[form])
    expect(nameOf(users.bob, form)).toBe(claimsOf(users.bob)[form])
  })

  it('is named by the part of the address before the @', () => {
    expect(nameOf(users.alice, 'local-part')).toBe('alice')
  })

  it('has another name in each form, so that one arrival shows the form', () => {
    expect(new Set(namesOf(users.alice)).size).toBe(userForms.length)
    for (const form of userForms) expect(formOf(nameOf(users.alice, form), nameOf(users.bob, form))).toBe(form)
  })

  it('shows no form where everybody has the same name, or a name that is not theirs', () => {
    expect(formOf('alice@example.test', 'alice@example.test')).toBeUndefined()
    expect(formOf('operator', 'bob')).toBeUndefined()
  })

  it('is found by the subject of the tokens', () => {
    expect(userOfSubject(claimsOf(users.bob).sub)).toBe(users.bob)
    expect(userOfSubject('bob')).toBeUndefined()
  })

  it.each(['email', 'preferred_username', 'name'] as const)('without a claim lacks %s and has another', (form) => {
    const name = userWithoutClaim(form)
    if (name === undefined) throw new Error(`nobody lacks ${form}`)
    expect(claimsOf(users[name])).not.toHaveProperty(form)
    expect(claimsOf(users[name])).toHaveProperty(form === 'email' ? 'preferred_username' : 'email')
  })

  it('always has a subject', () => {
    expect(userWithoutClaim('sub')).toBeUndefined()
  })

  it('whose address the provider does not vouch for has the address of alice', () => {
    expect(claimsOf(users.unverified)).toMatchObject({ email: users.alice.email, email_verified: false })
    expect(claimsOf(users.unverified).sub).not.toBe(claimsOf(users.alice).sub)
  })
})
