/** What each kind of log-in means for the cases: features that follow from `login`, and what cases need of it. */
import type { Case } from './case.ts'
import type { Variant } from './proxy.ts'
import type { SignIn, UserFiles } from './sign-in.ts'

/** Follow from `login`; nobody declares them. */
export const signInFeatures = {
  /** A page, redirects and a session of its own. */
  page: 'log-in-page',
  openid: 'openid-login',
  secondUser: 'second-user',
  /** Whoever is nobody is told how to become somebody: a page, or a challenge (401). */
  offered: 'log-in-offered',
  certificate: 'client-certificate',
  address: 'user-address',
  /** The gateway's machine can be one of the users' nodes. */
  hostNode: 'host-address',
  /** Requests of several users may come over one connection. */
  sharedConnection: 'shared-connection',
  /** Every request carries what proves the user, and it can be changed: a session cookie, a password, a token. */
  secret: 'shown-secret',
  /** The gateway has a list of the users whom it allows. */
  allowed: 'allowed-users',
} as const

export function featuresOfSignIn(signIn: SignIn): readonly string[] {
  return [...featuresOfKind(signIn), ...(signIn.kind === 'address' ? [] : [signInFeatures.sharedConnection])]
}

function featuresOfKind(signIn: SignIn): readonly string[] {
  switch (signIn.kind) {
    case 'openid':
      return [
        signInFeatures.page,
        signInFeatures.offered,
        signInFeatures.openid,
        signInFeatures.secret,
        signInFeatures.secondUser,
      ]
    case 'form':
      return [signInFeatures.page, signInFeatures.offered, signInFeatures.secret, ...secondUser(signIn.files)]
    case 'basic':
      return [signInFeatures.offered, signInFeatures.secret, ...secondUser(signIn.files)]
    case 'header':
    case 'cookie':
      return [signInFeatures.secret, ...secondUser(signIn.files)]
    case 'certificate':
      return [signInFeatures.certificate, signInFeatures.secondUser]
    case 'address': {
      const { bob, host } = signIn.nodes
      return [
        signInFeatures.address,
        ...(bob === undefined ? [] : [signInFeatures.secondUser]),
        ...(host === undefined ? [] : [signInFeatures.hostNode]),
      ]
    }
    case 'none':
      return []
  }
}

/** The run brings two users; of a deployment's own there may be only one. */
function secondUser(files: UserFiles | undefined): readonly string[] {
  return files === undefined || files.bob !== undefined ? [signInFeatures.secondUser] : []
}

/** What a case needs of the log-in by what it asks, whether it says so or not. */
export function signInNeeds({ as, expect }: Pick<Case, 'as' | 'expect'>): readonly string[] {
  return [
    ...(as === 'bob' ? [signInFeatures.secondUser] : []),
    ...(expect.client?.login === true ? [signInFeatures.offered] : []),
    ...(refusesUsers(expect.verdict) ? [signInFeatures.allowed] : []),
  ]
}

function refusesUsers(verdict: Case['expect']['verdict']): boolean {
  if (typeof verdict !== 'object' || !('refused' in verdict) || verdict.refused === true) return false
  return verdict.refused.includes('trusted_proxy_user_not_allowed')
}

/** Where nobody signs in, the first request shows who arrives, and the gateway has started by then: it allows everybody. */
export function allowsEverybody({
  login: { signIn, arrivesAs },
  gateway,
}: Pick<Variant, 'gateway'> & { readonly login: Pick<Variant['login'], 'signIn' | 'arrivesAs'> }): boolean {
  return signIn?.kind === 'none' && arrivesAs === undefined && gateway.allowUsers.length === 0
}
