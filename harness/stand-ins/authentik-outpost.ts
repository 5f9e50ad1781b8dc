/**
 * Stands in for the endpoints of an authentik proxy outpost that forward auth needs: the real server is an image with a database of its own.
 * Whatever runs behind it is a result on the proxies around it, never on authentik.
 * Source: https://docs.goauthentik.io/add-secure-apps/providers/proxy/ and authentik's tests; nothing here was compared with the real server.
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
    switch (pathOf(request.target)) {
      case `${prefix}/auth/traefik`:
        return await judge(request)
      case `${prefix}/callback`:
        return await logIn.finish(request)
      default:
        return textAnswer(404, 'the outpost has no such page')
    }
  }

  /** The request under judgement is the one that the proxy describes, whoever wrote the description. */
  async function judge(request: ProxyRequest): Promise<Answer> {
    const [uri, ...rest] = ['uri', 'host', 'proto'].map((name) => valuesOf(`x-forwarded-${name}`, request.headers)[0])
    if (!uri || rest.some((value) => !value)) return textAnswer(500, 'configuration error')
    const asked = askSessions(sessions, request)
    switch (asked.kind) {
      case 'unavailable':
        return textAnswer(500, asked.reason)
      case 'user':
        return textAnswer(200, 'signed in', identityHeaders(asked.user, openid.issuer))
      case 'anonymous': {
        if (unauthenticatedPaths.some((expression) => expression.test(pathOf(uri))))
          return textAnswer(200, 'open to all')
        const page = sameSitePath(uri)
        return await logIn.begin(page, stateFor(page))
      }
    }
  }

  return answering(answerTo)
}

/** Carries the wanted page, as authentik's does; that it comes back to the letter is checked against what the browser's log-in began with. */
function stateFor(page: string): string {
  return `${randomBytes(24).toString('base64url')}.${Buffer.from(page).toString('base64url')}`
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
