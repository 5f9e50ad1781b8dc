/** Who may sign in at the provider. The gateway allows alice alone, unless an environment says otherwise. */

export type User = {
  /** Name in `x-conformance-user` and subject of the tokens. */
  readonly name: string
  /** Empty: the tokens carry no `email` and no `email_verified` claim. */
  readonly email: string
  readonly fullName: string
  /** Whether the provider says that the address is the user's own. */
  readonly verified: boolean
}

export const userNames = ['alice', 'bob', 'no-email', 'unverified', 'two-names', 'padded', 'line-break'] as const
export type UserName = (typeof userNames)[number]

export const users = {
  alice: { name: 'alice', email: 'alice@example.test', fullName: 'Alice Example', verified: true },
  bob: { name: 'bob', email: 'bob@example.test', fullName: 'Bob Example', verified: true },
  'no-email': { name: 'no-email', email: '', fullName: 'Norma Noemail', verified: false },
  // Users whose claim must not be read as alice's address (scenarios/identity/claims.yaml).
  unverified: { name: 'unverified', email: 'alice@example.test', fullName: 'Una Verified', verified: false },
  'two-names': {
    name: 'two-names',
    email: 'mallory@example.test,alice@example.test',
    fullName: 'Mallory Two',
    verified: true,
  },
  padded: { name: 'padded', email: 'alice@example.test ', fullName: 'Mallory Padded', verified: true },
  'line-break': {
    name: 'line-break',
    email: 'mallory@example.test\nalice@example.test',
    fullName: 'Mallory Break',
    verified: true,
  },
} as const satisfies Readonly<Record<UserName, User>>

export function isUserName(text: string): text is UserName {
  return Object.hasOwn(users, text)
}

/** Names the user to sign in, on requests to the provider only: no proxy and no gateway ever sees it. */
export const userHeader = 'x-conformance-user'

/** Claims of the user for ID token and userinfo (OpenID Connect Core 5.1). */
export function claimsOf({
  name,
  email,
  fullName,
  verified,
}: User): Record<string, string | boolean> & { sub: string } {
  return {
    sub: name,
    name: fullName,
    preferred_username: name,
    ...(email !== '' && { email, email_verified: verified }),
  }
}
