/**
 * Stands in for the endpoints of an authentik proxy outpost that forward auth needs: the real server is an image with a database of its own.
 * Whatever runs behind it is a result on the proxies around it, never on authentik.
 * Sources: https://docs.goauthentik.io/add-secure-apps/providers/proxy/ (server_traefik, server_caddy, server_nginx, server_envoy), and
 * internal/outpost/proxyv2/application/mode_forward.go, mode_common.go and their tests; nothing here was compared with the real server.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { HeaderLine } from '../plan/case.ts'
import { pathOf } from '../reference-proxy/access.ts'
import { type Answer, textAnswer } from '../reference-proxy/answer.ts'
import { valuesOf } from '../reference-proxy/header-lines.ts'
import { LogIn, type LogInOptions, sameSitePath } from '../reference-proxy/log-in.ts'
import type { ProxyRequest, User } from '../reference-proxy/request.ts'
import { askSessions, SessionStore } from '../reference-proxy/session.ts'
import { answering } from './answering.ts'

type OutpostSettings = Omit<LogInOptions, 'callback'> & {
  /** The application's public host: the callback lives under it, not under a name of the outpost's. */
  readonly host: string
  /** "Unauthenticated Paths": expressions over the path of `X-Forwarded-Uri`. */
  readonly unauthenticatedPaths: readonly RegExp[]
}

const prefix = '/outpost.goauthentik.io'

/** Redirect URI of the application, query included. */
export function outpostCallback(host: string): string {
  return `https://${host}${prefix}/callback?X-authentik-auth-callback=true`
}

/** A server that nobody has told to listen. */
export function createOutpost({ host, unauthenticatedPaths, ...openid }: OutpostSettings): Server {
  const sessions = new SessionStore()
  const logIn = new LogIn({ ...openid, callback: outpostCallback(host) }, sessions)

  async function answerTo(request: ProxyRequest): Promise<Answer> {
    const path = pathOf(request.target)
    const headers = new Map(
      request.headers.map(([name]) => [name.toLowerCase(), valuesOf(name, request.headers)[0] ?? '']),
    )
    switch (path) {
      case `${prefix}/auth/traefik`:
      case `${prefix}/auth/caddy`:
        return await judge(request, forwardedPage(headers), 'redirect')
      case `${prefix}/auth/nginx`:
        return await judge(request, originalPage(headers), 'refuse')
      case `${prefix}/start`:
        return await logIn.begin(...begun(new URL(request.target, 'http://outpost').searchParams.get('rd') ?? '/'))
      case `${prefix}/callback`:
        return await logIn.finish(request)
    }
    // Envoy asks for the same path below this one.
    if (path.startsWith(`${prefix}/auth/envoy`))
      return await judge(request, request.target.slice(`${prefix}/auth/envoy`.length), 'redirect')
    return textAnswer(404, 'the outpost has no such page')
  }

  /** @param page path and query of the request under judgement, as the proxy describes it, whoever wrote the description */
  async function judge(
    request: ProxyRequest,
    page: string | undefined,
    others: 'redirect' | 'refuse',
  ): Promise<Answer> {
    if (page === undefined) return textAnswer(500, 'configuration error')
    const asked = askSessions(sessions, request)
    switch (asked.kind) {
      case 'unavailable':
        return textAnswer(500, asked.reason)
      case 'user':
        return textAnswer(200, 'signed in', identityHeaders(asked.user, openid.issuer))
      case 'anonymous':
        if (unauthenticatedPaths.some((expression) => expression.test(pathOf(page))))
          return textAnswer(200, 'open to all')
        // nginx's auth_request can redirect nobody: its configuration leads to /start.
        return others === 'refuse' ? textAnswer(401, 'unauthorized request') : await logIn.begin(...begun(page))
    }
  }

  return answering(answerTo)
}

type Headers = ReadonlyMap<string, string>

/** What Traefik and Caddy say. */
function forwardedPage(headers: Headers): string | undefined {
  const [uri, ...rest] = ['uri', 'host', 'proto'].map((name) => headers.get(`x-forwarded-${name}`))
  return !uri || rest.some((value) => !value) ? undefined : uri
}

/** What nginx says. authentik looks for X-Original-URI first, which is what ingress-nginx sends; its page for nginx sets X-Original-URL alone. */
function originalPage(headers: Headers): string | undefined {
  const uri = headers.get('x-original-uri')
  if (uri) return uri
  const url = URL.parse(headers.get('x-original-url') ?? '')
  return url === null ? undefined : url.pathname + url.search
}

/** Where a log-in returns to, and its state, which carries that, as authentik's does; that it comes back to the letter is checked against what the browser's log-in began with. */
function begun(wanted: string): [page: string, state: string] {
  const page = sameSitePath(wanted)
  return [page, `${randomBytes(24).toString('base64url')}.${Buffer.from(page).toString('base64url')}`]
}

/** All of them are always set, and empty where the claim is: a client's own line never survives beside `authResponseHeaders`. */
function identityHeaders({ subject, email, username, fullName, idToken }: User, issuer: string): HeaderLine[] {
  return [
    ['X-authentik-username', username ?? ''],
    ['X-authentik-groups', ''],
    ['X-authentik-entitlements', ''],
    ['X-authentik-email', email ?? ''],
    ['X-authentik-name', fullName ?? ''],
    ['X-authentik-uid', subject],
    ['X-authentik-jwt', idToken ?? ''],
    ['X-authentik-meta-jwks', `${issuer}/jwks`],
    ['X-authentik-meta-outpost', 'stand-in'],
    ['X-authentik-meta-provider', 'stand-in'],
    ['X-authentik-meta-app', 'conformance'],
    ['X-authentik-meta-version', 'stand-in'],
  ]
}
