/** Whoever shows credentials with every request has no page to log in at: whether they are taken is asked once, as a browser does. */
import { performance } from 'node:perf_hooks'
import type { Credentials } from '../plan/credentials.ts'
import { follow, inWords } from './follow.ts'
import { type LogIn, sessionOf } from './login.ts'
import { Visitor, type VisitorSettings } from './visitor.ts'

type ShownSettings = Pick<VisitorSettings, 'dial' | 'ca'> & {
  /** The app's page. */
  readonly app: string
  readonly credentials: Credentials
  /** For one answer, default 10 000. */
  readonly deadlineMs?: number
}

/**
 * Visits the app's page with the credentials. They are not taken where it leads to another host or page, asks for a log-in (401),
 * calls the certificate wrong (400, nginx), or does not answer. Never rejects for what proxy and network do.
 */
export async function showCredentials(settings: ShownSettings): Promise<LogIn> {
  const { credentials, deadlineMs = 10_000 } = settings
  const since = performance.now()
  const app = new URL(settings.app)
  await using visitor = new Visitor({
    ...settings,
    user: '',
    provider: '',
    deadlineMs,
    shows: { host: app.host, credentials },
  })
  const { way: chain, reason } = await follow(app, visitor)
  const rest = chain.at(-1)
  const found = { cookies: sessionOf(visitor, app), chain, ms: performance.now() - since }
  if (reason !== undefined || rest === undefined)
    return { ok: false, reason: reason ?? 'nothing was visited', ...found }
  const led =
    new URL(rest.url).host !== app.host ||
    (chain.length > 1 && /log-?in|sign-?in|auth/i.test(new URL(rest.url).pathname))
  if (led) return { ok: false, reason: `${app.host}/ leads to a log-in: ${inWords(rest)}`, ...found }
  if (rest.status === 400 || rest.status === 401 || rest.status >= 500)
    return { ok: false, reason: inWords(rest), ...found }
  return { ok: true, rest, ...found }
}
