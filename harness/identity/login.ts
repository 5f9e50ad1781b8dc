/**
 * Headless log-in: follows a proxy's own redirects through the provider and back, keeping cookies. The same code for every proxy;
 * what differs between them is only what they answer.
 */
import { performance } from 'node:perf_hooks'
import { follow, inWords, placeOf } from './follow.ts'
import { type Hop, renderChain } from './login-chain.ts'
import type { UserName } from './users.ts'
import { Visitor, type VisitorSettings } from './visitor.ts'

type LogInSettings = Omit<VisitorSettings, 'user' | 'provider' | 'deadlineMs'> & {
  readonly user: UserName
  /** Where to begin. A list: the next is tried when the one before leads to no provider. One page stands for `usualStarts` of it. */
  readonly start: string | readonly string[]
  /** Default `idp.test`. */
  readonly provider?: string
  /** Address of the proxy's log-in pages, where they are on a host of their own. */
  readonly portal?: string
  /** Cookies that the browser has already, `NAME=VALUE; …`, for the app's host. */
  readonly brings?: string
  /** For one answer, default 10 000. */
  readonly deadlineMs?: number
}

/** The session after a log-in. */
type SessionCookies = {
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

/** The page itself; then oauth2-proxy's own start, for a proxy that answers 401 instead of redirecting (the nginx snippet as documented); then the portal. */
export function usualStarts(page: string, portal?: string): string[] {
  const { pathname, search, origin } = new URL(page)
  const back = (start: string, to: string) => `${start}${start.includes('?') ? '&' : '?'}rd=${encodeURIComponent(to)}`
  return [
    page,
    back(`${origin}/oauth2/start`, pathname + search),
    ...(portal === undefined ? [] : [back(portal, page)]),
  ]
}

/**
 * Signs `user` in. Succeeds when, after a trip through the provider, the app's own page no longer leads to the log-in. Which host set a cookie,
 * and where, does not matter: a portal on another host sets one for the parent domain.
 * Never rejects for what proxy, provider or network do: `ok: false` carries the sentence and the chain.
 */
export async function logIn(settings: LogInSettings): Promise<LogIn> {
  const { start, provider = 'idp.test', portal, deadlineMs = 10_000 } = settings
  const since = performance.now()
  const starts = typeof start === 'string' ? usualStarts(start, portal) : start
  const app = new URL(starts[0] ?? '')
  const places: Places = { app, provider, ...(portal !== undefined && { portal: new URL(portal).host }) }
  await using visitor = new Visitor({ ...settings, provider, deadlineMs })
  visitor.bring(settings.brings, app)
  const chain: Hop[] = []
  let reason: string | undefined = 'there is no page to begin at'
  for (const page of starts) {
    const { way, reason: stopped } = await follow(new URL(page), visitor)
    reason = stopped ?? whyNotBack(way, places)
    chain.push(...way)
    if (passed(way, provider)) break
  }
  const rest = chain.at(-1)
  const ended = (why: string | undefined): LogIn => {
    const found = { cookies: sessionOf(visitor, app), chain, ms: performance.now() - since }
    return why === undefined && rest !== undefined
      ? { ok: true, rest, ...found }
      : { ok: false, reason: why ?? 'nothing was visited', ...found }
  }
  if (reason !== undefined) return ended(reason)
  const { way: again, reason: stopped } = await follow(new URL('/', app), visitor)
  const outside = stopped ?? whyNotSignedIn(again, chain, places, visitor)
  // Where it fails, the second visit is what shows it.
  if (outside !== undefined) chain.push(...again)
  return ended(outside)
}

/** The reason with the chain below it, for people. */
export function describeFailure(failed: Extract<LogIn, { ok: false }>): string {
  return [failed.reason, ...renderChain(failed.chain).split('\n')].join('\n  ')
}

type Places = { readonly app: URL; readonly provider: string; readonly portal?: string }

/** `undefined` where the visit came through the provider to a page that is there. */
function whyNotBack(way: readonly Hop[], { provider }: Places): string | undefined {
  const rest = way.at(-1)
  if (rest === undefined) return 'nothing was visited'
  if (!passed(way, provider)) return `${inWords(rest)} without a visit to the provider ${provider}`
  return rest.status >= 500 ? `the way back ended with ${rest.status} at ${placeOf(rest)}` : undefined
}

/** `undefined` where the app's page, visited once more, is the app's. */
function whyNotSignedIn(
  again: readonly Hop[],
  chain: readonly Hop[],
  { app, provider, portal }: Places,
  visitor: Visitor,
): string | undefined {
  const [rest, was] = [again.at(-1), chain.at(-1)]
  if (rest === undefined || was === undefined) return 'nothing was visited'
  const led = again.some(({ url }) => {
    const { host, hostname } = new URL(url)
    return (hostname === provider || host === portal) && host !== app.host
  })
  if (led) return `${inWords(was)}, and ${app.host}/ still leads to the log-in${whyLost([...chain, ...again], app)}`
  if (new URL(rest.url).host !== app.host) return `${app.host}/ led to ${placeOf(rest)}, which answered ${rest.status}`
  if (rest.status >= 500) return `the way back ended with ${rest.status} at ${placeOf(rest)}`
  // A proxy that answers strangers 401 and a gateway that answers this user 401 differ in that only the log-in leaves something to show.
  const atProvider = ({ url }: Hop) => new URL(url).hostname === provider
  const before = new Set(chain.slice(0, chain.findIndex(atProvider)).flatMap(({ setCookies }) => setCookies))
  const after = new Set(chain.slice(chain.findLastIndex(atProvider) + 1).flatMap(({ setCookies }) => setCookies))
  const left = sessionOf(visitor, app).names.some((name) => after.has(name) && !before.has(name))
  if (rest.status === 401 && !left) return `${inWords(rest)}, and the log-in left no cookie for it`
  return undefined
}

/** What is likely to have kept a session from being made, where the way shows it. */
export function whyLost(way: readonly Pick<Hop, 'url' | 'status'>[], app: URL): string {
  const plain = way
    .map(({ url }) => new URL(url))
    .find(({ protocol, hostname }) => protocol === 'http:' && hostname === app.hostname)
  if (app.protocol === 'https:' && plain !== undefined)
    return `. The way led from https to ${plain.origin}, where no cookie marked Secure is kept: the proxy takes itself for the public address (nginx: absolute_redirect off)`
  const refused = way.find(({ status, url }) => status === 400 && new URL(url).searchParams.has('redirect_uri'))
  const asked = refused === undefined ? undefined : new URL(refused.url).searchParams.get('redirect_uri')
  return asked === undefined || asked === null
    ? ''
    : `. The provider refused redirect_uri ${asked}: it is not one that the log-in is configured with`
}

function passed(chain: readonly Hop[], provider: string): boolean {
  return chain.some(({ url }) => new URL(url).hostname === provider)
}

/** What a visit left for the app. */
export function sessionOf({ jar }: Visitor, app: URL): SessionCookies {
  return {
    header: (url) => jar.getCookieStringSync(url),
    names: jar.getCookiesSync(app.href).map(({ key }) => key),
  }
}
