/** A session of its own is opened, ended, and tried again. */
import type { Finding, Stage } from '../../harness/stage.ts'

/** `login.log-out` in proxy.yaml. Where there is none, the cases are unsupported. */
const page = '{log-out}'

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
      : { met: false, says: 'the log-out page removed no cookie' },
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
  const headers = [['Accept', 'text/html']] as const
  const { exchange } = await stage.send({ method: 'GET', target: page, headers }, { cookie: before })
  const removed = (exchange.response?.headers ?? [])
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .flatMap(([, line]) => (removes(line) ? [line.split('=', 1)[0]] : []))
  const after = cookiesIn(before)
    .filter(({ name }) => !removed.includes(name))
    .map(({ pair }) => pair)
    .join('; ')
  return { before, after }
}

async function gateClosed(stage: Stage, cookie: string, what: string): Promise<Finding> {
  const { mark } = await stage.send({}, { cookie })
  const arrived = (await stage.arrived()).filter(({ target }) => target.includes(mark))
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
