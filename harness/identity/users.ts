/** Who may sign in at the provider. The gateway allows alice alone, unless an environment says otherwise. */

/** The claim by which a variant's proxy names a user to the gateway. */
export const userForms = ['email', 'preferred_username', 'sub'] as const
export type UserForm = (typeof userForms)[number]

type User = {
  /** Name in `x-conformance-user`. */
  readonly name: string
  /** `sub` of the tokens. */
  readonly subject: string
  /** `preferred_username`. */
  readonly login: string
  /** Empty: no address. */
  readonly email: string
  readonly fullName: string
  /** Whether the provider says that the address is the user's own (OpenID Connect Core 5.1, `email_verified`). */
  readonly verified: boolean
  readonly groups: readonly string[]
}

const userNames = ['alice', 'bob', 'no-email', 'unverified', 'two-names', 'padded', 'line-break'] as const
export type UserName = (typeof userNames)[number]

export const users = {
  alice: person('alice', 'Alice Example', 'alice@example.test'),
  bob: person('bob', 'Bob Example', 'bob@example.test'),
  /** Has no claim of the variant's form: proxies must not make one up. */
  'no-email': person('no-email', 'Norma Noemail', ''),
  // Users whose address must not be read as alice's.
  unverified: { ...person('unverified', 'Una Verified', 'alice@example.test'), verified: false },
  'two-names': person('two-names', 'Mallory Two', 'mallory@example.test,alice@example.test'),
  padded: person('padded', 'Mallory Padded', 'alice@example.test '),
  'line-break': person('line-break', 'Mallory Break', 'mallory@example.test\nalice@example.test'),
} as const satisfies Readonly<Record<UserName, User>>

/** All claims of a user differ, so that it shows by which of them a proxy names one. */
function person<Name extends string>(name: Name, fullName: string, email: string) {
  return { name, subject: `subject-of-${name}`, login: name, email, fullName, verified: true, groups: ['users'] }
}

export function isUserName(text: string): text is UserName {
  return Object.hasOwn(users, text)
}

export function userOfSubject(subject: string): User | undefined {
  return Object.values(users).find((user) => user.subject === subject)
}

/** What the gateway is told of this user where the variant has this form. Empty where the user has no such claim. */
export function nameOf(user: User, form: UserForm): string {
  if (lacks(user, form)) return ''
  switch (form) {
    case 'email':
      return user.email
    case 'preferred_username':
      return user.login
    case 'sub':
      return user.subject
  }
}

/** `sub` is never missing (OpenID Connect Core 5.1): with that form there is no user without a claim. */
function lacks(user: User, form: UserForm): boolean {
  return user.name === users['no-email'].name && form !== 'sub'
}

/** Names the user to sign in, on requests to the provider only: no proxy and no gateway ever sees it. */
export const userHeader = 'x-conformance-user'

/** Claims of the user for ID token and userinfo (OpenID Connect Core 5.1). The user without a claim lacks that of the form, and has the others. */
export function claimsOf(
  user: User,
  form: UserForm = 'email',
): Record<string, string | boolean | string[]> & { sub: string } {
  const email = user.name === users['no-email'].name && form !== 'email' ? 'no-claim@example.test' : user.email
  return {
    sub: user.subject,
    name: user.fullName,
    groups: [...user.groups],
    ...(!(lacks(user, form) && form === 'preferred_username') && { preferred_username: user.login }),
    ...(email !== '' && { email, email_verified: user.verified }),
  }
}
