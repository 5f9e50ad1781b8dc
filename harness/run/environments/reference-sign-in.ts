/** The reference proxy with another kind of log-in than OpenID Connect. */
import { nameOf, users } from '../../identity/users.ts'
import type { CertificateAuthority } from '../../lab/certificate-authority.ts'
import type { Variant } from '../../plan/proxy.ts'
import { logOutFeature } from '../../plan/services.ts'
import type { SignIn } from '../../plan/sign-in.ts'
import { featuresOfSignIn, signInFeatures } from '../../plan/sign-in-features.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import type { Recognition } from '../../reference-proxy/recognition.ts'
import type { User } from '../../reference-proxy/request.ts'
import { nameAndPassword, type OwnLines, type OwnUser } from './own-users.ts'
import type { Secrets } from './secrets.ts'
import type { NodesOfUsers } from './user-nodes.ts'

const both: readonly OwnUser[] = ['alice', 'bob']

/** The variant with this log-in and the features that follow from it. */
export function withSignIn(variant: Variant, signIn: SignIn): Variant {
  const follows = featuresOfSignIn(signIn)
  const known = Object.values<string>(signInFeatures)
  const others = variant.features.filter(
    (feature) => !known.includes(feature) && (feature !== logOutFeature || follows.includes(signInFeatures.page)),
  )
  const { signIn: _before, ...login } = variant.login
  return {
    ...variant,
    features: [...others, ...follows, ...(signIn.kind === 'none' ? [] : [signInFeatures.allowed])],
    login: { ...login, ...(signIn.kind !== 'openid' && { signIn }) },
  }
}

/** What the reference proxy is told of its users. */
export function referenceSignIn(
  signIn: SignIn,
  secrets: Secrets,
  form: UserForm,
  { certificate }: Pick<CertificateAuthority, 'certificate'>,
  nodes: NodesOfUsers | undefined,
): { readonly recognition?: Recognition; readonly clientAuthority?: string } {
  if (signIn.kind === 'openid') return {}
  const lines = referenceLines(signIn, secrets)
  const known = both.map(
    (user) => [nodes?.[user].address ?? shownBy(user, signIn, lines, secrets, form), userOf(user, form)] as const,
  )
  return {
    recognition: {
      kind: signIn.kind,
      users: new Map(known),
      ...('name' in signIn && { name: signIn.name }),
      ...(signIn.kind === 'none' && { everybody: userOf('alice', form) }),
    },
    ...(signIn.kind === 'certificate' && { clientAuthority: certificate }),
  }
}

/** Of a header or a cookie: what the files of a deployment would say. */
export function referenceLines({ kind }: SignIn, secrets: Secrets): OwnLines {
  if (kind !== 'header' && kind !== 'cookie') return {}
  return { alice: secrets.get('shown-by-alice'), bob: secrets.get('shown-by-bob') }
}

function userOf(user: OwnUser, form: UserForm): User {
  return { subject: users[user].subject, email: nameOf(users[user], form) }
}

function shownBy(user: OwnUser, { kind }: SignIn, lines: OwnLines, secrets: Secrets, form: UserForm): string {
  const line = lines[user]
  if (line !== undefined) return line
  const { name, password } = nameAndPassword(user, lines, secrets, form)
  switch (kind) {
    case 'basic':
      return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
    case 'form':
      return `${name}:${password}`
    default:
      return name
  }
}
