/** Mistakes in who is let through. */
import { octets } from '../../lab/containers/network.ts'
import { claimed, decide, isPublic, pathOf } from '../access.ts'
import { correct } from '../behaviour.ts'
import { valuesOf, without } from '../header-lines.ts'
import { stripUntrusted } from '../header-steps.ts'
import type { ProxyRequest, Settings } from '../request.ts'
import { cookieValues, sessionCookie } from '../session.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'
import { openPaths } from './paths.ts'

/** A route to the gateway without any authentication; only the client's address is the proxy's. */
const open = {
  admit: () => undefined,
  access: () => ({ kind: 'forward' }) as const,
  ...stepsWith(stripUntrusted, (lines) => without('X-Forwarded-For', lines)),
}

/** The user of a machine that has one. */
const operator = { subject: 'operator', email: 'alice@example.test' }

export const accessMutants: readonly Mutant[] = [
  mutant(
    'passthrough',
    'The route to the gateway is configured without any authentication, so every header passes.',
    open,
    { scope: 'total' },
  ),
  mutant('everybody', 'Nobody is asked to log in, and every visitor is named as the same user.', {
    access: (answer, exempt) =>
      answer.kind === 'anonymous' && !exempt ? { kind: 'forward', user: operator } : decide(answer, exempt),
  }),
  mutant(
    'host-is-user',
    'Where users are addresses, the gateway’s own machine is the node of its owner.',
    {
      asking: (ask) => (request) =>
        request.peer.endsWith(`.${octets.gateway}`) ? { kind: 'user', user: operator } : ask(request),
    },
    { level: 'should', runs: 'named-cases' },
  ),
  mutant('ws-unauthenticated', 'Upgrades are routed around the authentication because it broke them once.', {
    access: (answer, exempt, request) =>
      request.transport === 'websocket' && answer.kind === 'anonymous' ? { kind: 'forward' } : decide(answer, exempt),
  }),
  mutant('deny-but-forward', 'The refusal is written to the client but the handler does not return.', {
    access: (answer, exempt) => {
      const access = decide(answer, exempt)
      return access.kind === 'log-in' ? { kind: 'forward-and-log-in' } : access
    },
  }),
  mutant('open-bypass', 'A second listener of the proxy leads to the gateway without authentication.', {
    secondListener: { ...correct, ...open },
  }),
  mutant(
    'open-administration',
    'The administration interface listens on the network instead of loopback.',
    { administration: 'readable' },
    { runs: 'named-cases' },
  ),
  mutant('fail-open', 'An error of the auth service counts as permission.', {
    access: (answer, exempt) => (answer.kind === 'unavailable' ? { kind: 'forward' } : decide(answer, exempt)),
  }),
  mutant('skip-by-header', 'The auth hop believes X-Forwarded-Uri and its like from the client (CVE-2026-40575).', {
    exempt: (request, settings) => correct.exempt(request, settings) || skipsByHeader(request, settings),
  }),
  mutant('address-exempt', 'The auth service exempts local networks, and believes the client’s own X-Forwarded-For.', {
    exempt: (request, settings) =>
      correct.exempt(request, settings) ||
      valuesOf('x-forwarded-for', request.headers).some((address) =>
        /^(127\.|10\.|192\.168\.|169\.254\.)/.test(address),
      ),
  }),
  ...openPaths,
  mutant('public-closed', 'The public route asks for log-in like any other.', { exempt: () => false }),
  mutant(
    'deny-all',
    'Every request that would get through is refused, so the gateway is protected and useless.',
    {
      access: (answer, exempt) => {
        const access = decide(answer, exempt)
        return access.kind === 'forward' ? { kind: 'refuse', status: 403, reason: 'nobody may pass' } : access
      },
    },
    { scope: 'total' },
  ),
  mutant('dead', 'The proxy does not run at all.', { listener: 'none' }, { scope: 'total' }),
  mutant(
    'token-in-query',
    'The session’s own token is accepted in a parameter of the query (caddy-security’s default).',
    { asking: (ask) => (request) => firstKnown(ask(request), () => ask(withCookies(request, queryValues(request)))) },
    { runs: 'named-cases' },
  ),
  mutant(
    'token-in-authorization',
    'The session’s own token is accepted in Authorization, where scripts and logs can reach it.',
    { asking: (ask) => (request) => firstKnown(ask(request), () => ask(withCookies(request, bearers(request)))) },
    { runs: 'named-cases' },
  ),
  mutant(
    'last-cookie',
    'Of two session cookies the first counts for requests and the last for upgrades.',
    { asking: (ask) => (request) => ask(withOneCookie(request)) },
    { level: 'should', runs: 'named-cases' },
  ),
]

function skipsByHeader(request: ProxyRequest, settings: Settings): boolean {
  const paths = ['x-forwarded-uri', 'x-original-url', 'x-original-uri', 'x-rewrite-url']
  return (
    paths.some((name) => isPublic(claimed(name, request) ?? '', settings)) ||
    // CORS preflights and health checks are commonly exempt: CVE-2026-34457.
    ['x-forwarded-method', 'x-original-method'].some((name) => claimed(name, request) === 'OPTIONS') ||
    valuesOf('user-agent', request.headers).some((agent) => agent.startsWith('GoogleHC/'))
  )
}

function firstKnown<Answer extends { readonly kind: string }>(answer: Answer, other: () => Answer): Answer {
  return answer.kind === 'anonymous' ? other() : answer
}

/** The request with each value as a session cookie, or as a cookie line of its own where it has a name already. */
function withCookies(request: ProxyRequest, values: readonly string[]): ProxyRequest {
  const cookies = values.map((value) => (value.includes('=') ? value : `${sessionCookie}=${value}`))
  const [cookie] = cookies.filter((line) => line.startsWith(`${sessionCookie}=`))
  return cookie === undefined ? request : { ...request, headers: [['Cookie', cookie]] }
}

function queryValues({ target }: ProxyRequest): string[] {
  const query = target.slice(pathOf(target).length + 1)
  return [...new URLSearchParams(query)].flatMap(([name, value]) => [value, `${name}=${value}`])
}

function bearers({ headers }: ProxyRequest): string[] {
  return valuesOf('authorization', headers).map((value) => value.replace(/^\S+ /, ''))
}

function withOneCookie(request: ProxyRequest): ProxyRequest {
  const ids = cookieValues(sessionCookie, request)
  const id = request.transport === 'websocket' ? ids.at(-1) : ids[0]
  return id === undefined ? request : { ...request, headers: [['Cookie', `${sessionCookie}=${id}`]] }
}
