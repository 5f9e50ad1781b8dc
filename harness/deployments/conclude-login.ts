/** How users of a deployment sign in, and whether two of them can be told apart. */
import { type LoginFile, signInOf } from '../plan/login-schema.ts'
import { refuseOn } from '../plan/refuse-on.ts'
import { signInWords } from '../plan/sign-in.ts'
import { autheliaFor, isPlayed } from './authelia.ts'
import type { Note } from './deployment.ts'
import type { Evidence } from './evidence.ts'
import { besideTheVariant } from './login-answer.ts'
import type { Facts } from './products/facts.ts'

/** A proxy that writes the same name for everybody: whom it lets in is tested, and not who they are. */
export function underOneName(login: LoginFile, identity: string, { identities }: Facts, notes: Note[]): LoginFile {
  const written = identities.filter(({ value }) => sameName(value, identity))
  const [first] = written
  const name = first?.always
  if (name === undefined || login['arrives-as'] !== undefined || written.some(({ always }) => always !== name))
    return login
  notes.push({
    kind: 'understood',
    text: `everybody arrives as "${name}": ${identity} is set to this name and nothing else, so two users are not told apart`,
    place: first?.place ?? { file: '', line: 1, column: 1 },
  })
  return { ...login, 'arrives-as': name, 'one-name': true }
}

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** @throws UserError where nothing says how */
export function loginOf(
  { client, parts, file, facts, answers, portal: authelia }: Evidence,
  host: string,
  notes: Note[],
): LoginFile {
  if (answers.login !== undefined) {
    notes.push({ kind: 'understood', text: `log-in: ${signInWords[signInOf(answers.login).kind]} (as you wrote it)` })
    return besideTheVariant(answers.login)
  }
  if (parts.some(({ service }) => isPlayed('authentik', service))) {
    notes.push({
      kind: 'replaced',
      text: 'authentik is played by a stand-in of this project, which answers forward auth as its outpost does',
    })
    return { callbacks: [`https://${host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`] }
  }
  if (parts.some(({ role, service }) => role === 'auth' && isPlayed('authelia', service))) {
    const { login } = autheliaFor(host, authelia)
    notes.push({
      kind: 'replaced',
      text: `Authelia is played by a stand-in of this project with the users of the run and one rule: whoever has signed in may visit everything. Its portal is ${login.portal}${authelia === undefined ? ', since nothing says where it is' : ''}`,
    })
    return login
  }
  if (client === undefined) {
    const [password] = facts.passwords
    if (password !== undefined) return { basic: true }
    const [authority] = facts.clientAuthorities ?? []
    if (authority !== undefined) {
      notes.push({
        kind: 'replaced',
        text: `${authority.value} is the authority of the run, which issues a client certificate to each of its users`,
        place: authority.place,
      })
      return { certificate: true }
    }
    refuseOn([
      {
        file,
        line: 1,
        column: 1,
        message:
          'no service is known that users log in at (oauth2-proxy, authentik, Authelia). Say how they sign in: --login none | basic | form,user=FIELD,password=FIELD | header,name=NAME,alice=FILE,bob=FILE | cookie,… | certificate, or the same as login in conformance.yaml',
      },
    ])
    return { callbacks: [] }
  }
  const { issuer, clientId, clientSecret, redirect, place } = client
  if (issuer === undefined)
    refuseOn([
      {
        ...place,
        message:
          'expected the issuer URL of the OpenID provider (oidc_issuer_url, OAUTH2_PROXY_OIDC_ISSUER_URL), there is none',
      },
    ])
  notes.push({
    kind: 'replaced',
    text: `${issuer} is the OpenID provider of the run, with users of the run and the client of the deployment`,
    place,
  })
  const portal = redirect === undefined ? undefined : URL.parse(redirect)
  return {
    ...(portal && portal.hostname !== host && { portal: `${portal.origin}/` }),
    callbacks: [redirect ?? `https://${host}/oauth2/callback`],
    ...(issuer !== undefined && { issuer }),
    ...(clientId !== undefined && { 'client-id': clientId }),
    ...(clientSecret !== undefined && { 'client-secret': clientSecret }),
  }
}
