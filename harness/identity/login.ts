/**
 * Headless log-in: follows a proxy's own redirects through the provider and back, keeping cookies. The same code for every proxy;
 * what differs between them is only what they answer.
 */
import { performance } from 'node:perf_hooks'
import { type Hop, renderChain } from './login-chain.ts'
import type { UserName } from './users.ts'
import { Visitor, type VisitorSettings } from './visitor.ts'

export type LogInSettings = Omit<VisitorSettings, 'user' | 'provider' | 'deadlineMs'> & {
  readonly user: UserName
  /** Where to begin. A list: the next is tried when the one before leads to no provider. One page stands for `usualStarts` of it. */
  readonly start: string | readonly string[]
  /** Default `idp.test`. */
  readonly provider?: string
  /** For one answer, default 10 000. */
  readonly deadlineMs?: number
}

/** The session after a log-in. */
export type SessionCookies = {
  /** Value of the `Cookie` header for a URL; empty when no cookie belongs there. */
  readonly header: (url: string) => string
  /** Names of the cookies that belong to the app. */
  readonly names: readonly string[]
}

export type LogIn =
  | {
      readonly ok: true
      readonly cookies: SessionCookies
      /** Where it came to rest, and with which status: the gateway's own refusal of a signed-in user is a log-in too. */
      readonly rest: Hop
      readonly ms: number
      readonly chain: readonly Hop[]
    }
  | {
      readonly ok: false
      /** One sentence. */
      readonly reason: string
      readonly chain: readonly Hop[]
      /** What the log-in left behind nevertheless: a half-made session is sent along by a browser as well. */
      readonly cookies: SessionCookies
      readonly ms: number
    }

const redirects = new Set([301, 302, 303, 307, 308])
const hopLimit = 15

/** The page itself; then oauth2-proxy's own start, for a proxy that answers 401 instead of redirecting (the nginx snippet as documented). */
export function usualStarts(page: string): string[] {
  const { pathname, search, origin } = new URL(page)
  return [page, `${origin}/oauth2/start?rd=${encodeURIComponent(pathname + search)}`]
}

/**
 * Signs `user` in. Succeeds when, after a trip through the provider, the visit comes to rest on the app's host with a status below 500
 * and with a cookie for the app that was set after that trip, by the app or by a portal on another host.
 * Never rejects for what proxy, provider or network do: `ok: false` carries the sentence and the chain.
 */
export async function logIn(settings: LogInSettings): Promise<LogIn> {
  const { start, provider = 'idp.test', deadlineMs = 10_000 } = settings
  const since = performance.now()
  const chain: Hop[] = []
  const starts = typeof start === 'string' ? usualStarts(start) : start
  const app = new URL(starts[0] ?? '')
  await using visitor = new Visitor({ ...settings, provider, deadlineMs })
  let reason = 'there is no page to begin at'
  for (const page of starts) {
    const before = chain.length
    reason = (await follow(new URL(page), visitor, chain)) ?? judge(chain.slice(before), app, provider, visitor) ?? ''
    if (reason === '' || passed(chain.slice(before), provider)) break
  }
  const cookies = sessionOf(visitor, app)
  const ms = performance.now() - since
  const rest = chain.at(-1)
  return reason === '' && rest !== undefined
    ? { ok: true, cookies, rest, ms, chain }
    : { ok: false, reason, cookies, ms, chain }
}

/** The reason with the chain below it, for people. */
export function describeFailure(failed: Extract<LogIn, { ok: false }>): string {
  return [failed.reason, ...renderChain(failed.chain).split('\n')].join('\n  ')
}

/** Walks until there is nowhere to go; says why when it has to stop before. */
async function follow(start: URL, visitor: Visitor, chain: Hop[]): Promise<string | undefined> {
  let url: URL | null = start
  for (let hops = 0; hops <= hopLimit; hops += 1) {
    let hop: Hop
    try {
      hop = await visitor.get(url)
    } catch (error) {
      return `GET ${url.origin}${url.pathname} failed: ${causeOf(error)}`
    }
    chain.push(hop)
    const { status, location } = hop
    if (!redirects.has(status) || location === undefined) return undefined
    url = URL.parse(location, url)
    if (url === null || !/^https?:$/.test(url.protocol)) return `the redirect to ${location} leads nowhere`
  }
  return `still redirected after ${hopLimit} redirects`
}

/** `undefined` when the log-in stands. */
function judge(chain: readonly Hop[], app: URL, provider: string, visitor: Visitor): string | undefined {
  const rest = chain.at(-1)
  if (rest === undefined) return 'nothing was visited'
  const { status, url } = rest
  const { host, pathname } = new URL(url)
  if (!passed(chain, provider))
    return `${host}${pathname} answered ${status} without a visit to the provider ${provider}`
  if (host !== app.host) return `it came to rest at ${host}${pathname} (${status}), not back at ${app.host}`
  if (status >= 500) return `the way back ended with ${status} at ${host}${pathname}`
  const after = chain.slice(chain.findLastIndex((hop) => new URL(hop.url).hostname === provider) + 1)
  // Set by any host: a portal on another one sets a cookie for the parent domain. Kept means that the app would get it.
  const set = after.flatMap((hop) => hop.setCookies)
  const kept = new Set(sessionOf(visitor, app).names)
  // A refused log-in clears its own temporary cookies: set, but not kept.
  if (!set.some((name) => kept.has(name))) return `${host}${pathname} answered ${status} and set no session cookie`
  return undefined
}

function passed(chain: readonly Hop[], provider: string): boolean {
  return chain.some(({ url }) => new URL(url).hostname === provider)
}

function sessionOf({ jar }: Visitor, app: URL): SessionCookies {
  return {
    header: (url) => jar.getCookieStringSync(url),
    names: jar.getCookiesSync(app.href).map(({ key }) => key),
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
