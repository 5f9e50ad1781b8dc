/** Who may sign in at the provider. The gateway allows alice alone, unless an environment says otherwise. */
import { type UserForm, userForms } from '../plan/vocabulary.ts'

type User = {
  /** Name in `x-conformance-user`. */
  readonly name: string
  /** `sub` of the tokens. */
  readonly subject: string
  /** `preferred_username`. Empty: none. */
  readonly login: string
  /** Empty: no address. */
  readonly email: string
  /** Empty: none. */
  readonly fullName: string
  /** Whether the provider says that the address is the user's own (OpenID Connect Core 5.1, `email_verified`). */
  readonly verified: boolean
  readonly groups: readonly string[]
}

const userNames = [
  'alice',
  'bob',
  'no-email',
  'no-username',
  'unverified',
  'two-names',
  'padded',
  'line-break',
] as const
export type UserName = (typeof userNames)[number]

export const users = {
  alice: person('alice', 'Alice Example', 'alice@example.test'),
  bob: person('bob', 'Bob Example', 'bob@example.test'),
  // Users without the claim that names users: proxies must not make one up.
  'no-email': person('no-email', 'Norma Noemail', ''),
  'no-username': { ...person('no-username', '', 'no-username@example.test'), login: '' },
  // Users whose address must not be read as alice's.
  unverified: { ...person('unverified', 'Una Verified', 'alice@example.test'), verified: false },
  'two-names': person('two-names', 'Mallory Two', 'mallory@example.test,alice@example.test'),
  padded: person('padded', 'Mallory Padded', 'alice@example.test '),
  'line-break': person('line-break', 'Mallory Break', 'mallory@example.test\nalice@example.test'),
} as const satisfies Readonly<Record<UserName, User>>

/** All claims of a user differ, so that it shows by which of them a proxy names one. */
function person<Name extends string>(name: Name, fullName: string, email: string) {
  return {
    name,
    subject: `subject-of-${name}`,
    login: `login-of-${name}`,
    email,
    fullName,
    verified: true,
    groups: ['users'],
  }
}

export function isUserName(text: string): text is UserName {
  return Object.hasOwn(users, text)
}

export function userOfSubject(subject: string): User | undefined {
  return Object.values(users).find((user) => user.subject === subject)
}

/** What the gateway is told of this user where users are named in this form. Empty where the user has no such claim. */
export function nameOf(user: User, form: UserForm = 'email'): string {
  switch (form) {
    case 'email':
      return user.email
    case 'local-part':
      return user.email.replace(/@.*$/s, '')
    case 'preferred_username':
      return user.login
    case 'name':
      return user.fullName
    case 'sub':
      return user.subject
  }
}

/** What the gateway may be told of this user, in whatever form. */
export function namesOf(user: User): string[] {
  return userForms.map((form) => nameOf(user, form)).filter((name) => name !== '')
}

/** In which form these two values name alice and bob; `undefined` where they name somebody else, or nobody. */
export function formOf(alice: string, bob: string): UserForm | undefined {
  return userForms.find((form) => alice === nameOf(users.alice, form) && bob !== alice)
}

/** The user who lacks the claim of this form. `sub` is never missing (OpenID Connect Core 5.1): there is no such user then. */
export function userWithoutClaim(form: UserForm): UserName | undefined {
  return (['no-email', 'no-username'] as const).find((name) => nameOf(users[name], form) === '')
}

/** Names the user to sign in, on requests to the provider only: no proxy and no gateway ever sees it. */
export const userHeader = 'x-conformance-user'

/** Claims of the user for ID token and userinfo (OpenID Connect Core 5.1). */
export function claimsOf(user: User): Record<string, string | boolean | string[]> & { sub: string } {
  return {
    sub: user.subject,
    groups: [...user.groups],
    ...(user.fullName !== '' && { name: user.fullName }),
    ...(user.login !== '' && { preferred_username: user.login }),
    ...(user.email !== '' && { email: user.email, email_verified: user.verified }),
  }
}
