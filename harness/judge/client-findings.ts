/** The third observation: what the client itself got. */
import type { Exchange, Response } from '../clients/exchange.ts'
import type { ClientExpectation } from '../plan/case.ts'
import type { OwnAbout } from './about.ts'
import type { Finding } from './observation.ts'
import { answerInWords, list, quote, quoteAll } from './words.ts'

/** Holds `client` against one exchange. At least one finding comes back for each key that is present. */
export function clientFindings(expected: ClientExpectation, exchange: Exchange): Finding[] {
  const findings: Finding[] = []
  if (expected.status !== undefined) findings.push(status(expected.status, exchange))
  if (expected.close !== undefined) findings.push(close(expected.close, exchange))
  if (expected.login === true) findings.push(login(exchange))
  for (const value of expected.without ?? []) findings.push(without(value, exchange))
  for (const [name, part] of Object.entries(expected.headers ?? {})) findings.push(header(name, part, exchange))
  return findings
}

function status(wanted: readonly (number | string)[], exchange: Exchange): Finding {
  const says = answerInWords(exchange)
  const { response } = exchange
  const met = wanted.some((one) => (response === undefined ? one === 'none' : matches(one, response.status)))
  if (met) return { met, says, ...(response === undefined && { silent: true }) }
  return {
    met,
    says: `${says}, where ${list(wanted.map(String), 'or')} was expected`,
    about: instead(wanted, exchange),
  }
}

/** What another answer than the expected one means. */
function instead(wanted: readonly (number | string)[], { verdict }: Exchange): OwnAbout {
  const success = wanted.some((one) => /^(1..|2..)$/i.test(String(one)))
  if (success) return { kind: 'turned-away', wanted: 'accepted' }
  // Only the proxy says `none`, and whom the gateway accepts it does not answer with an error.
  if (wanted.includes('none') && verdict.kind !== 'not-the-gateway') return { kind: 'reached' }
  return verdict.kind === 'refused' ? { kind: 'refused', wanted: 'refused' } : { kind: 'answer' }
}

function matches(wanted: number | string, found: number): boolean {
  const text = String(wanted)
  return /^[1-5]xx$/i.test(text) ? text[0] === String(found)[0] : text === String(found)
}

function close(wanted: number, exchange: Exchange): Finding {
  const found = exchange.close?.code
  if (found === wanted) return { met: true, says: `the connection was closed with ${wanted}` }
  const seen = found === undefined ? answerInWords(exchange) : `the connection was closed with ${found}`
  const about: OwnAbout =
    exchange.verdict.kind === 'refused' ? { kind: 'refused', wanted: 'refused' } : { kind: 'answer' }
  return { met: false, says: `${seen}, where close code ${wanted} was expected`, about }
}

/** Sent to log in: the proxy's own 401, or a redirect to another page than the one that was asked for. A log-in page with status 200 is not. */
function login(exchange: Exchange): Finding {
  const { response, verdict } = exchange
  const says = answerInWords(exchange)
  const unmet: Finding = {
    met: false,
    // Who is answered with an error has no way to sign in.
    about: (response?.status ?? 500) >= 400 ? { kind: 'turned-away', wanted: 'accepted' } : { kind: 'answer' },
    says: `${says}, where the proxy should send the visitor to log in (a redirect away, 401, or 403 with a form)`,
  }
  if (response === undefined) return unmet
  if (verdict.kind !== 'not-the-gateway') {
    return {
      met: false,
      about: { kind: 'reached' },
      says: `${says} from the gateway, where the proxy should send the visitor to log in`,
    }
  }
  if (response.status === 401 || leadsAway(response, exchange) || asksToSignIn(response)) return { met: true, says }
  return unmet
}

/** oauth2-proxy's own page where no other is set: refused, and a form that leads to the log-in. With 200, programs would take it for the answer. */
const asksToSignIn = ({ status, body }: Response) => status === 403 && /<form\b[^>]*\baction\s*=/i.test(body)

const redirects = new Set([301, 302, 303, 307, 308])

function leadsAway(response: Response, exchange: Exchange): boolean {
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
  if (location === undefined || !redirects.has(response.status)) return false
  const asked = requested(exchange.sent.toString('latin1'))
  const next = URL.parse(location, asked.href)
  // The same page on another scheme or with another slash is no log-in.
  return next !== null && (next.host !== asked.host || bare(next.pathname) !== bare(asked.pathname))
}

const bare = (path: string) => path.replace(/\/+$/, '')

function requested(sent: string): URL {
  const target = /^\S+ (\S+)/.exec(sent)?.[1] ?? '/'
  const host = /^host:[ \t]*(\S+)/im.exec(sent)?.[1] ?? 'app.test'
  return URL.parse(target, `https://${host}`) ?? new URL('https://app.test/')
}

function without(value: string, exchange: Exchange): Finding {
  const { response, further = [] } = exchange
  if (response === undefined) return { met: true, silent: true, says: answerInWords(exchange) }
  // An answer that nobody asked for may be another user's: it counts like the first.
  const places = [response, ...further].flatMap(({ headers, body, status }) => [
    ...headers.filter((line) => line[1].includes(value)).map(([name]) => `${name} of the answer ${status}`),
    ...(body.includes(value) ? [`the body of the answer ${status}`] : []),
  ])
  if (places.length === 0) return { met: true, says: `the answer is without ${quote(value)}` }
  return { met: false, says: `${quote(value)} came back in ${list(places)}`, about: { kind: 'leaked' } }
}

function header(name: string, part: string, exchange: Exchange): Finding {
  const lines = exchange.response?.headers.filter(([found]) => found.toLowerCase() === name.toLowerCase()) ?? []
  const values = lines.map(([, value]) => value)
  if (values.some((value) => value.includes(part)))
    return { met: true, says: `the answer's ${name} contains ${quote(part)}` }
  return {
    met: false,
    about: { kind: 'answer' },
    says: `the answer's ${name} is ${quoteAll(values)}, where ${quote(part)} was expected in it (${answerInWords(exchange)})`,
  }
}
