/** Whoever signs in without the OpenID provider: their names and passwords, and the file that a proxy reads them from. */
import { createHash, randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { nameOf, users } from '../../identity/users.ts'
import type { Variant } from '../../plan/proxy.ts'
import type { SignIn, UserFiles } from '../../plan/sign-in.ts'
import { readUserFile } from '../../plan/user-file.ts'
import { type UserPlaceholder, userPlaceholder, userPlaceholders } from '../../plan/user-placeholders.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import { rememberSecret } from '../results/redact.ts'
import { bcrypt } from './bcrypt.ts'
import type { Secrets } from './secrets.ts'

/** Those whom a user name can name: nobody is without one. */
const named = ['alice', 'bob'] as const
export type OwnUser = (typeof named)[number]

const passwordOf = (secrets: Secrets, user: string) => secrets.get(`password-of-${user}`)

/** Lines `NAME:{SHA}…`, the one form that nginx, Apache, Traefik, HAProxy's users and oauth2-proxy all take from a file without crypt(3). */
export function htpasswd(secrets: Secrets, form?: UserForm): string {
  return named.map((user) => `${htpasswdLine(secrets, user, form)}\n`).join('')
}

/** Addresses of everybody who may sign in at the provider, where a program lets in only those that its file lists. */
export function emails(): string {
  return [...new Set(Object.values(users).map(({ email }) => email))]
    .filter((one) => /^[\w-]+@[\w.]+$/.test(one))
    .map((one) => `${one}\n`)
    .join('')
}

function htpasswdLine(secrets: Secrets, user: OwnUser, form?: UserForm): string {
  const hash = createHash('sha1').update(passwordOf(secrets, user)).digest('base64')
  return `${nameOf(users[user], form)}:{SHA}${hash}`
}

/** A user of the run as one placeholder of `lines` and `labels` has them (`plan/user-placeholders.ts`). */
function written(kind: UserPlaceholder, user: OwnUser, secrets: Secrets, form?: UserForm): string {
  switch (kind) {
    case 'name':
      return nameOf(users[user], form)
    case 'password':
      return passwordOf(secrets, user)
    case 'htpasswd':
      return htpasswdLine(secrets, user, form)
    case 'bcrypt':
      return bcrypt(passwordOf(secrets, user), randomBytes(16))
  }
}

/** The text with users of the run in place of `{name:alice}`, `{htpasswd:bob}` and their like. */
export function withUsers(text: string, secrets: Secrets, form?: UserForm): string {
  return text.replaceAll(userPlaceholder, (whole, kind: string, user: string) => {
    const known = userPlaceholders.find((one) => one === kind)
    const person = named.find((one) => one === user)
    return known === undefined || person === undefined ? whole : written(known, person, secrets, form)
  })
}

/** What the files of a deployment say, by user: the line of each. Nothing where the users are the run's. */
export type OwnLines = Readonly<Partial<Record<OwnUser, string>>>

/** Reads them once more, since they are secrets and travel in no message. @throws where one is no longer what it was when the plan was made */
export async function ownLines({ folder }: Pick<Variant, 'folder'>, signIn: SignIn): Promise<OwnLines> {
  const files: UserFiles | undefined = 'files' in signIn ? signIn.files : undefined
  if (files === undefined) return {}
  const lines = await Promise.all(
    Object.entries(files).map(async ([user, file]) => {
      const read = await readUserFile(resolve(folder, file), signIn.kind, dirname(folder))
      if ('trouble' in read) throw new Error(`${file}, with which ${user} signs in: ${read.trouble}`)
      const secret = signIn.kind === 'basic' || signIn.kind === 'form' ? passwordIn(read.value) : read.value
      rememberSecret(secret)
      if (signIn.kind === 'basic') rememberSecret(Buffer.from(read.value).toString('base64'))
      return [user, read.value] as const
    }),
  )
  return Object.fromEntries(lines)
}

const passwordIn = (line: string) => line.slice(line.indexOf(':') + 1)

/** With which name and password somebody signs in. */
export function nameAndPassword(
  user: OwnUser,
  lines: OwnLines,
  secrets: Secrets,
  form: UserForm | undefined,
): { readonly name: string; readonly password: string } {
  const line = lines[user]
  if (line === undefined) return { name: nameOf(users[user], form), password: passwordOf(secrets, user) }
  return { name: line.slice(0, line.indexOf(':')), password: passwordIn(line) }
}

/** Whom the gateway must allow besides the run's alice: the deployment's own one signs in with a name that she may arrive under. */
export function nameOfOwnAlice(lines: OwnLines, { kind }: SignIn): readonly string[] {
  const { alice } = lines
  return alice === undefined || (kind !== 'basic' && kind !== 'form') ? [] : [alice.slice(0, alice.indexOf(':'))]
}
