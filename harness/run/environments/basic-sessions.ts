/** Users of HTTP basic authentication (RFC 7617): their file, and how each of them signs in. */
import { createHash } from 'node:crypto'
import { nameOf, users } from '../../identity/users.ts'
import type { UserForm } from '../../plan/vocabulary.ts'
import { statusOf } from './readiness.ts'
import type { Session } from './running-environment.ts'
import type { Secrets } from './secrets.ts'
import type { Entrance, Learning, Sessions } from './sessions.ts'

/** Those whom a user name can name: nobody is without one. */
const named = ['alice', 'bob'] as const

const passwordOf = (secrets: Secrets, name: string) => secrets.get(`password-of-${name}`)

/** Lines `NAME:{SHA}…`, the one form that nginx, Apache, Traefik and HAProxy's users all take from a file without crypt(3). */
export function htpasswd(secrets: Secrets, form?: UserForm): string {
  return named
    .map(
      (name) =>
        `${nameOf(users[name], form)}:{SHA}${createHash('sha1').update(passwordOf(secrets, name)).digest('base64')}\n`,
    )
    .join('')
}

/** A sign-in that the proxy refuses is a session with a reason, as every other kind of log-in. */
export async function basicSessions(
  { host, dial, ca }: Entrance,
  secrets: Secrets,
  learn: Learning,
  form?: UserForm,
): Promise<Sessions> {
  const since = performance.now()
  const enter = async (name: (typeof named)[number]): Promise<Session> => {
    const cookie = `Basic ${Buffer.from(`${nameOf(users[name], form)}:${passwordOf(secrets, name)}`).toString('base64')}`
    const url = new URL(`https://${host}/`)
    const status = await statusOf(url, host, dial, ca, { authorization: cookie }).catch((error: Error) => error.message)
    const refused = status === 401 || typeof status !== 'number'
    return refused
      ? { cookie, reason: `${host}/ answered ${status} to the user name and password of ${name}` }
      : { cookie }
  }
  const [alice, bob] = await Promise.all([enter('alice'), enter('bob')])
  const loginMs = Math.round(performance.now() - since)
  const nobody: Session = { cookie: '', reason: 'HTTP basic authentication has no user without a name' }
  return {
    sessions: { anonymous: { cookie: '' }, alice, bob, 'no-email': nobody },
    loginMs,
    naming: await learn({ alice, bob }),
  }
}
