/** A session of its own is opened, ended, and tried again. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

/** Reference proxy, oauth2-proxy, caddy-security, Pomerium. */
const pages = ['/logout', '/oauth2/sign_out', '/auth/logout', '/.pomerium/sign_out']

type LoggedOut = {
  /** The session's cookies as they were. */
  readonly before: string
  /** What a browser has left of them. */
  readonly after: string
}

export async function browser(stage: Stage): Promise<readonly Finding[]> {
  const { before, after } = await logOut(stage)
  const gone = cookiesIn(before).filter(({ name }) => !cookiesIn(after).some((kept) => kept.name === name))
  return [
    gone.length > 0
      ? { met: true, says: `log-out removed ${gone.map(({ name }) => name).join(', ')}` }
      : { met: false, says: `no log-out page removed a cookie (${pages.join(', ')})` },
    await gateClosed(stage, after, 'what the browser has left'),
  ]
}

export async function replay(stage: Stage): Promise<readonly Finding[]> {
  const { before } = await logOut(stage)
  return [await gateClosed(stage, before, 'a copy of the cookie')]
}

async function logOut(stage: Stage): Promise<LoggedOut> {
  const visit = await stage.logIn('alice')
  if (!visit.ok) throw new Error(`alice could not sign in: ${visit.reason}`)
  const before = visit.cookies.header(`https://${stage.host}/`)
  let after = before
  for (const target of pages) {
    const headers = [['Accept', 'text/html']] as const
    const { exchange } = await stage.send({ method: 'GET', target, headers }, { cookie: after })
    const removed = (exchange.response?.headers ?? [])
      .filter(([name]) => name.toLowerCase() === 'set-cookie')
      .flatMap(([, line]) => (removes(line) ? [line.split('=', 1)[0]] : []))
    after = cookiesIn(after)
      .filter(({ name }) => !removed.includes(name))
      .map(({ pair }) => pair)
      .join('; ')
  }
  return { before, after }
}

async function gateClosed(stage: Stage, cookie: string, what: string): Promise<Finding> {
  const { mark } = await stage.send({}, { cookie })
  const arrived = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  return arrived.length === 0
    ? { met: true, says: `${what} opens nothing any more` }
    : { met: false, says: `${what} still opens the gateway` }
}

function cookiesIn(header: string): { readonly name: string; readonly pair: string }[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => ({ name: pair.split('=', 1)[0] ?? pair, pair }))
}

/** RFC 6265 5.3: an expiry in the past, or no time to live. An empty value is worth nothing either. */
function removes(line: string): boolean {
  const maxAge = /;\s*max-age=(-?\d+)/i.exec(line)?.[1]
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1]
  if (maxAge !== undefined) return Number(maxAge) <= 0
  if (expires !== undefined && Date.parse(expires) < Date.now()) return true
  return /^[^=]+=(;|$)/.test(line)
}
