/** Signs everybody in, in whatever way the variant has, and again where a step of a case asks for it. */
import { logIn } from '../../identity/login.ts'
import { renderChain } from '../../identity/login-chain.ts'
import { nameOf, users } from '../../identity/users.ts'
import { type CertificateAuthority, createAuthority } from '../../lab/certificate-authority.ts'
import type { ClientCertificate } from '../../plan/credentials.ts'
import type { Variant } from '../../plan/proxy.ts'
import { featuresOfSignIn, signInFeatures } from '../../plan/sign-in-features.ts'
import { redactKnown } from '../results/redact.ts'
import type { EnvironmentResult } from '../results/results.ts'
import { formLogIn, type OwnSite, ownSessions } from './own-sessions.ts'
import type { OwnLines } from './own-users.ts'
import type { Secrets } from './secrets.ts'
import type { AnotherLogIn } from './session.ts'
import { type Entrance, type Learning, logEverybodyIn, type Sessions } from './sessions.ts'

/** With what the run signs its users in. */
export type SignInParts = {
  readonly entrance: Entrance
  readonly secrets: Secrets
  readonly authority: Pick<CertificateAuthority, 'issueClient'>
  /** Of the deployment's files. */
  readonly lines: OwnLines
}

export async function signEverybodyIn(
  { login, userForm }: Pick<Variant, 'login' | 'userForm'>,
  { entrance, ...parts }: SignInParts,
  learn: Learning,
): Promise<Sessions> {
  const { signIn } = login
  if (signIn === undefined || signIn.kind === 'openid') return await logEverybodyIn(entrance, learn)
  return await ownSessions({ ...entrance, ...parts, signIn, form: userForm }, learn)
}

/** What somebody shows who has made an authority of the same name: the certificate of alice, which nobody may believe. */
export async function foreignCertificate({
  login: { signIn },
  userForm,
}: Pick<Variant, 'login' | 'userForm'>): Promise<{ readonly foreign?: ClientCertificate }> {
  if (signIn?.kind !== 'certificate') return {}
  const other = await createAuthority()
  return { foreign: await other.issueClient(nameOf(users.alice, userForm)) }
}

/** A log-in in a new browser, for steps of cases. Rejects where the log-in has no page. */
export function anotherLogIn(
  { login, userForm, host }: Pick<Variant, 'login' | 'userForm' | 'host'>,
  { entrance, ...parts }: SignInParts,
): AnotherLogIn {
  const { signIn = { kind: 'openid' } } = login
  return async (user, { start, brings } = {}) => {
    if (!featuresOfSignIn(signIn).includes(signInFeatures.page))
      throw new Error(
        `the case signs in on a page, and users sign in with ${signIn.kind}: it needs ${signInFeatures.page}`,
      )
    if (signIn.kind === 'form') {
      if (user !== 'alice' && user !== 'bob') throw new Error(`only an OpenID provider has the user ${user}`)
      const site: OwnSite = { ...entrance, ...parts, signIn, form: userForm }
      return await formLogIn(user, site, brings)
    }
    const { dial, ca, provider, portal } = entrance
    return await logIn({
      user,
      start: start ?? `https://${host}/`,
      dial,
      ca,
      ...(portal !== undefined && { portal }),
      ...(provider !== undefined && { provider }),
      ...(brings !== undefined && { brings }),
    })
  }
}

/** For the report: who could not sign in, why, and the redirects until then, without values. */
export function failedLogIns({ sessions }: Pick<Sessions, 'sessions'>): NonNullable<EnvironmentResult['failedLogIns']> {
  return (['alice', 'bob'] as const).flatMap((user) => {
    const { reason, chain } = sessions[user]
    if (reason === undefined || chain === undefined) return []
    return [
      {
        user,
        reason: redactKnown(reason),
        chain: chain.length === 0 ? [] : redactKnown(renderChain(chain)).split('\n'),
      },
    ]
  })
}
