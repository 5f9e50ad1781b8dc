/** Signs in with a new session, logs out, and sends a request with the old session. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

/** `login.log-out` in proxy.yaml. Where there is none, the cases are unsupported. */
const page = '{log-out}'

type LoggedOut = {
  /** The session's cookies before log-out. */
  readonly before: string
  /** The cookies that a browser keeps after log-out. */
  readonly after: string
}

export async function browser(stage: Stage): Promise<readonly Finding[]> {
  const { before, after } = await logOut(stage)
  const gone = cookiesIn(before).filter(({ name }) => !cookiesIn(after).some((kept) => kept.name === name))
  return [
    gone.length > 0
      ? { met: true, says: `log-out removed ${gone.map(({ name }) => name).join(', ')}` }
      : { met: false, says: 'the log-out page removed no cookie', about: { kind: 'answer' } },
    await gateClosed(stage, after, 'a request with the cookies that the browser keeps'),
  ]
}

export async function replay(stage: Stage): Promise<readonly Finding[]> {
  const { before } = await logOut(stage)
  return [await gateClosed(stage, before, 'a request with a copy of the cookie')]
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
  const arrived = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  return arrived.length === 0
    ? { met: true, says: `${what} did not arrive` }
    : { met: false, says: `${what} still arrived at the gateway`, about: { kind: 'reached', who: 'alice' } }
}

function cookiesIn(header: string): { readonly name: string; readonly pair: string }[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => ({ name: pair.split('=', 1)[0] ?? pair, pair }))
}

/** RFC 6265 5.3: an expiry in the past, or no time to live. An empty value removes the session as well. */
function removes(line: string): boolean {
  const maxAge = /;\s*max-age=(-?\d+)/i.exec(line)?.[1]
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1]
  if (maxAge !== undefined) return Number(maxAge) <= 0
  if (expires !== undefined && Date.parse(expires) < Date.now()) return true
  return /^[^=]+=(;|$)/.test(line)
}
