/** How the proxy names users to the gateway: as the variant says, or as it shows in what arrives for two users. */

import { sendHttp1 } from '../../clients/http1.ts'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { belongsTo } from '../../gateways/recording/owner.ts'
import type { Recordings } from '../../gateways/recording/recordings.ts'
import { sameName } from '../../gateways/rules/header-lines.ts'
import { formOf, nameOf, users, userWithoutClaim } from '../../identity/users.ts'
import type { Dial } from '../../lab/dial.ts'
import { credentialsIn } from '../../plan/credentials.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import type { Variant } from '../../plan/proxy.ts'
import { bringsUsers, type SignIn } from '../../plan/sign-in.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import { publicPort } from './listeners.ts'
import type { OwnUser } from './own-users.ts'
import type { OwnNames, Session } from './session.ts'
import type { NodesOfUsers } from './user-nodes.ts'

export type Naming = {
  readonly form: UserForm
  /** Of users who are the deployment's own. */
  readonly names?: OwnNames
  /** Whose request was answered with 403 and did not arrive. */
  readonly unheard?: readonly OwnUser[]
  /** One sentence, where a reader must know of it. */
  readonly note?: string
}

const words: Readonly<Record<UserForm, string>> = {
  email: 'e-mail addresses',
  'local-part': 'the part of their e-mail addresses before the @',
  preferred_username: 'user names (claim preferred_username)',
  name: 'full names (claim name)',
  sub: 'subjects (claim sub)',
}

const recordDeadline = 5000
const openid: SignIn = { kind: 'openid' }

/**
 * Asks the app once as each of the two. What arrives for alice is alice if it is one of her claims, or if she is the deployment's own user,
 * and if it is not what arrives for bob.
 * Never rejects: where nothing can be learned, users are named by their e-mail addresses, and the cases show what arrives instead.
 */
export async function learnForm(
  variant: Pick<Variant, 'userForm' | 'host' | 'identity'> & {
    readonly login?: Pick<Variant['login'], 'signIn' | 'arrivesAs'>
  },
  publicSide: { readonly dial: Dial; readonly ca: string; readonly nodes?: NodesOfUsers | undefined },
  sessions: { readonly alice: Session; readonly bob: Session },
  recordings: Recordings | undefined,
): Promise<Naming> {
  const { userForm, login: { signIn = openid, arrivesAs } = {} } = variant
  const own = !bringsUsers(signIn)
  const declared = arrivesAs === undefined ? undefined : { alice: arrivesAs }
  if (userForm !== undefined && !own && signIn.kind === 'openid') return { form: userForm }
  if (recordings === undefined)
    return {
      form: userForm ?? 'email',
      ...(declared && { names: declared }),
      ...(declared === undefined && userForm === undefined && { note: unrecorded(own) }),
    }
  const { values, unheard } = await arriving(variant, publicSide, sessions, recordings)
  const rest = unheard.length > 0 ? { unheard } : {}
  if (userForm !== undefined && !own) return { form: userForm, ...rest }
  const { alice, bob } = values
  const form = alice === undefined || bob === undefined ? undefined : formOf(alice, bob)
  if (form !== undefined && declared === undefined) {
    if (form === 'email') return { form, ...rest }
    return { form, ...rest, note: `Users arrive as their ${words[form]} (learned from the first request).` }
  }
  return { form: userForm ?? 'email', ...rest, ...namesFrom(values, signIn, declared) }
}

function unrecorded(own: boolean): string {
  return own
    ? 'This gateway keeps no record, so users were taken to arrive as the e-mail addresses of the users of the run. If they do not, set arrives-as below login in proxy.yaml.'
    : 'This gateway keeps no record, so users were taken to arrive as their e-mail addresses. If they do not, set user-form in proxy.yaml.'
}

/** Names that are no claim of the run's users. */
function namesFrom(
  { alice, bob }: OwnNames,
  signIn: SignIn,
  declared: OwnNames | undefined,
): Pick<Naming, 'names' | 'note'> {
  if (declared !== undefined)
    return {
      names: { ...declared, ...(bob !== undefined && bob !== declared.alice && { bob }) },
      ...(signIn.kind === 'none' && { note: `Nobody signs in: every visitor is taken to be "${declared.alice}".` }),
    }
  if (alice === undefined) return {}
  if (alice === bob)
    return bringsUsers(signIn)
      ? {}
      : { note: `alice and bob both arrive as "${alice}": two users cannot be told apart.` }
  const isTheirs =
    !bringsUsers(signIn) ||
    (signIn.kind === 'certificate' && namesSubject(alice, 'alice') && bob !== undefined && namesSubject(bob, 'bob'))
  if (!isTheirs) return {}
  const second = bob === undefined ? '' : `, and bob as "${bob}"`
  const who =
    signIn.kind === 'none'
      ? `Nobody signs in: every visitor arrives as "${alice}"`
      : `alice arrives as "${alice}"${second}`
  return { names: { alice, ...(bob !== undefined && { bob }) }, note: `${who} (learned from the first request).` }
}

/** Whether a text such as `CN=alice@example.test` names the subject of this user's certificate, and nobody else's. */
function namesSubject(text: string, user: OwnUser): boolean {
  const other = user === 'alice' ? 'bob' : 'alice'
  return text.includes(nameOf(users[user])) && !text.includes(nameOf(users[other]))
}

/** What the one identity line of each user's own request says, and whose request did not come through. */
async function arriving(
  { host, identity }: Pick<Variant, 'host' | 'identity'>,
  { dial, ca, nodes }: { readonly dial: Dial; readonly ca: string; readonly nodes?: NodesOfUsers | undefined },
  sessions: { readonly alice: Session; readonly bob: Session },
  recordings: Recordings,
): Promise<{ readonly values: OwnNames; readonly unheard: readonly OwnUser[] }> {
  const peerOf = (user: OwnUser) => ({
    dial: nodes?.[user].dial ?? dial,
    host,
    port: publicPort,
    tls: { ca, servername: host },
  })
  const since = recordings.last
  const ask = async (user: OwnUser) => {
    const mark = requestMark(newCellMark(), 1)
    const session = sessions[user]
    if (session.reason !== undefined) return { user, mark, status: 0 }
    const context = { ...credentialsIn(session), password: '', host, mark }
    const exchange = await sendHttp1(peerOf(user), {}, context, 'http').catch(() => undefined)
    return { user, mark, status: exchange?.response?.status ?? 0 }
  }
  const asked = await Promise.all([ask('alice'), ask('bob')])
  await recordings.caughtUp(recordDeadline).catch(() => {})
  const arrivals = recordings.since(since)
  const found = asked.map(({ user, mark, status }) => {
    const own = arrivals.filter((arrival) => belongsTo(arrival, mark))
    return { user, value: nameIn(own, identity), unheard: status === 403 && own.length === 0 }
  })
  return {
    values: Object.fromEntries(found.flatMap(({ user, value }) => (value === undefined ? [] : [[user, value]]))),
    unheard: found.filter(({ unheard }) => unheard).map(({ user }) => user),
  }
}

/** Of an environment whose users are named in this form: everybody has a subject, and only a provider has users without a claim. */
export function featuresFor(features: readonly string[], { form }: Naming, signIn: SignIn = openid): readonly string[] {
  const nobody = userWithoutClaim(form) === undefined || signIn.kind !== 'openid'
  return nobody ? features.filter((feature) => feature !== 'no-email-user') : features
}

/** The one value of the identity header of these arrivals. */
function nameIn(arrivals: readonly Arrival[], identity: string): string | undefined {
  const values = arrivals.flatMap(({ headers }) =>
    headers.filter(([name]) => sameName(name, identity)).map(([, value]) => value.trim()),
  )
  return values.length === 1 ? values[0] : undefined
}
