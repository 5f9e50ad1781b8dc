/** Log-ins other than OpenID Connect: each user shows what they have, or fills in a form, and is asked whether that was taken. */
import { logInByForm, sessionCredentials } from '../../identity/form-login.ts'
import type { LogIn } from '../../identity/login.ts'
import { showCredentials } from '../../identity/shown-login.ts'
import { nameOf, users } from '../../identity/users.ts'
import type { CertificateAuthority } from '../../lab/certificate-authority.ts'
import { type Credentials, noCredentials } from '../../plan/credentials.ts'
import type { SignIn } from '../../plan/sign-in.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import { rememberCookies } from '../results/redact.ts'
import { nameAndPassword, type OwnLines, type OwnUser } from './own-users.ts'
import type { Secrets } from './secrets.ts'
import type { Session } from './session.ts'
import type { Entrance, Learning, Sessions } from './sessions.ts'

type OwnLogIn = Exclude<SignIn, { kind: 'openid' }>

export type OwnSite = Entrance & {
  readonly signIn: OwnLogIn
  /** Of the deployment's files. */
  readonly lines: OwnLines
  readonly secrets: Secrets
  readonly authority: Pick<CertificateAuthority, 'issueClient'>
  readonly form?: UserForm | undefined
}

/** A log-in that the proxy refuses is a session with a reason, as with OpenID Connect. */
export async function ownSessions(site: OwnSite, learn: Learning): Promise<Sessions> {
  const since = performance.now()
  const [alice, bob] = await Promise.all([enter('alice', site), enter('bob', site)])
  const loginMs = Math.round(performance.now() - since)
  const naming = await learn({ alice, bob })
  const heard = (user: OwnUser, session: Session): Session =>
    session.reason === undefined && naming.unheard?.includes(user)
      ? { ...session, reason: `${site.host}/ answered 403, and nothing arrived at the gateway` }
      : session
  const nobody: Session = { cookie: '', reason: 'only an OpenID provider has users without a claim' }
  return {
    sessions: { anonymous: noCredentials, alice: heard('alice', alice), bob: heard('bob', bob), 'no-email': nobody },
    loginMs,
    naming,
  }
}

async function enter(user: OwnUser, site: OwnSite): Promise<Session> {
  const { signIn, lines, host, dial, ca, nodes } = site
  const app = `https://${host}/`
  if (signIn.kind === 'none' && user === 'bob')
    return { cookie: '', reason: 'nobody signs in here: every visitor is the same user, and there is no second one' }
  if (signIn.kind === 'address' && user === 'bob' && signIn.nodes.bob === undefined)
    return { cookie: '', reason: 'login names no service from which bob connects' }
  if ('files' in signIn && signIn.files !== undefined && lines[user] === undefined)
    return { cookie: '', reason: `login names no file for ${user}` }
  if (signIn.kind === 'form') {
    const visit = await formLogIn(user, site)
    const credentials = sessionCredentials(visit, app)
    rememberCookies(credentials.cookie)
    return sessionOf(credentials, visit)
  }
  const credentials = await credentialsOf(user, signIn, site)
  return sessionOf(credentials, await showCredentials({ app, credentials, dial: nodes?.[user].dial ?? dial, ca }))
}

/** A browser of its own fills in the form. @param brings cookies that it has already */
export function formLogIn(user: OwnUser, site: OwnSite, brings?: string): Promise<LogIn> {
  const { signIn, lines, secrets, form, host, dial, ca } = site
  if (signIn.kind !== 'form') throw new Error(`users sign in with ${signIn.kind}, not with a form`)
  return logInByForm({
    app: `https://${host}/`,
    ...(signIn.page !== undefined && { page: signIn.page }),
    fields: signIn,
    ...nameAndPassword(user, lines, secrets, form),
    ...(brings !== undefined && { brings }),
    dial,
    ca,
  })
}

function sessionOf(credentials: Credentials, visit: LogIn): Session {
  return visit.ok ? credentials : { ...credentials, reason: visit.reason, chain: visit.chain }
}

async function credentialsOf(
  user: OwnUser,
  signIn: Exclude<OwnLogIn, { kind: 'form' }>,
  { lines, secrets, form, authority }: OwnSite,
): Promise<Credentials> {
  switch (signIn.kind) {
    case 'none':
    case 'address':
      return noCredentials
    case 'certificate':
      return { cookie: '', certificate: await authority.issueClient(nameOf(users[user], form)) }
    case 'basic': {
      const { name, password } = nameAndPassword(user, lines, secrets, form)
      return { cookie: '', header: ['Authorization', `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`] }
    }
    case 'header':
      return { cookie: '', header: [signIn.name, lines[user] ?? ''] }
    case 'cookie':
      return { cookie: `${signIn.name}=${lines[user] ?? ''}` }
  }
}
