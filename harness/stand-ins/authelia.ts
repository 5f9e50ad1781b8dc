/**
 * Stands in for Authelia's authorization endpoints (three, and the one that they followed) and for its portal. The Go module of the real server cannot be built: one of its
 * dependencies is in no registry. Whatever runs behind it is a result on the proxies around it, never on Authelia.
 * Sources: https://www.authelia.com/reference/guides/proxy-authorization/ and internal/handlers/handler_authz*.go of authelia/authelia
 * (statuses, headers, order of the checks); https://www.authelia.com/configuration/session/introduction/ (the cookie).
 * Nothing here was compared with the running server. Other than there: the portal is a form, for the real one is a script that posts
 * JSON; there is one factor, one rule (every user may visit every address of the domain), and no ban after wrong passwords.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { HeaderLine } from '../plan/case.ts'
import { pathOf } from '../reference-proxy/access.ts'
import { type Answer, redirect, textAnswer } from '../reference-proxy/answer.ts'
import { valuesOf } from '../reference-proxy/header-lines.ts'
import type { ProxyRequest } from '../reference-proxy/request.ts'
import { cookieValues } from '../reference-proxy/session.ts'
import { answering } from './answering.ts'
import { formPage } from './authelia-form.ts'
import { askedOf, type Implementation, implementationOf } from './authelia-target.ts'

type AutheliaUser = {
  readonly username: string
  readonly displayName: string
  /** The first address of the user's entry. Empty: none. */
  readonly email: string
  readonly groups: readonly string[]
}

type AutheliaSettings = {
  /** `session.cookies[].domain`: every host below it is protected, and the session is for all of them. */
  readonly domain: string
  /** `session.cookies[].authelia_url`, without a path. */
  readonly portal: string
  readonly users: readonly AutheliaUser[]
  readonly isPassword: (username: string, password: string) => boolean
}

export const autheliaCookie = 'authelia_session'

/** A server that nobody has told to listen. */
export function createAuthelia({ domain, portal, users, isPassword }: AutheliaSettings): Server {
  const sessions = new Map<string, AutheliaUser>()
  const isProtected = ({ hostname }: URL) => hostname === domain || hostname.endsWith(`.${domain}`)
  const cookie = (value: string, life = '') =>
    `${autheliaCookie}=${value}; Domain=${domain}; Path=/; HttpOnly; Secure; SameSite=Lax${life}`

  async function answerTo(request: ProxyRequest): Promise<Answer> {
    const implementation = implementationOf(request.target)
    if (implementation !== undefined) return judge(implementation, request)
    switch (pathOf(request.target)) {
      case '/':
        return formPage(request.target)
      case '/api/firstfactor':
        return await firstFactor(request)
      case '/logout':
        for (const id of cookieValues(autheliaCookie, request)) sessions.delete(id)
        return redirect('/', [['Set-Cookie', cookie('', '; Max-Age=0')]])
      default:
        return textAnswer(404, 'the portal has no such page')
    }
  }

  /** The request under judgement is the one that the proxy describes, whoever wrote the description. */
  function judge(implementation: Implementation, request: ProxyRequest): Answer {
    const asked = askedOf(implementation, request)
    if (asked === undefined || !isProtected(asked.url)) return textAnswer(400, 'no request to judge')
    const basic = basicUser(request)
    if (basic === 'wrong')
      return textAnswer(401, 'wrong user name or password', [
        ['WWW-Authenticate', 'Basic realm="Authorization Required"'],
      ])
    const user = basic ?? sessionUser(request)
    if (user !== undefined) return textAnswer(200, 'signed in', remoteHeaders(user))
    // The older endpoint knows its portal from the proxy alone.
    const told = implementation === 'legacy' ? new URL(request.target, portal).searchParams.get('rd') : portal
    const location = URL.parse(told ?? '')
    if (location === null) return textAnswer(401, 'not signed in')
    location.searchParams.set('rd', asked.url.href)
    location.searchParams.set('rm', asked.method)
    return { ...redirect(location.href), status: unauthorized(implementation, asked.method, request) }
  }

  /** By name or address, as with `authentication_backend.file.search.email`. */
  const userNamed = (name: string) =>
    users.find(({ username, email }) => name !== '' && [username, email].includes(name))

  /** Strategy "HeaderAuthorization" with the scheme Basic: first of the two that each endpoint has. Another scheme says nothing. */
  function basicUser(request: ProxyRequest): AutheliaUser | 'wrong' | undefined {
    const [, encoded] = /^basic +(\S+)$/i.exec(valuesOf('authorization', request.headers)[0] ?? '') ?? []
    if (encoded === undefined) return undefined
    const [, name = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
    return (isPassword(name, password) ? userNamed(name) : undefined) ?? 'wrong'
  }

  /** A request with two session cookies has none: which of them the real server reads was not looked up. */
  function sessionUser(request: ProxyRequest): AutheliaUser | undefined {
    const [id, second] = cookieValues(autheliaCookie, request)
    return id === undefined || second !== undefined ? undefined : sessions.get(id)
  }

  /** A session of its own for every log-in, whatever cookie the browser brought. It leads back to a protected address only (CWE-601). */
  async function firstFactor(request: ProxyRequest): Promise<Answer> {
    const form = new URLSearchParams((await request.body?.()) ?? '')
    const username = form.get('username') ?? ''
    const user = userNamed(username)
    if (request.method !== 'POST' || user === undefined || !isPassword(username, form.get('password') ?? ''))
      return textAnswer(401, 'wrong user name or password')
    for (const id of cookieValues(autheliaCookie, request)) sessions.delete(id)
    const id = randomBytes(24).toString('base64url')
    sessions.set(id, user)
    const wanted = URL.parse(form.get('targetURL') ?? '')
    const target = wanted?.protocol === 'https:' && isProtected(wanted) ? wanted.href : '/'
    return redirect(target, [['Set-Cookie', cookie(id)]])
  }

  return answering(answerTo)
}

/** nginx's auth_request can redirect nobody: 401 with the address in Location. A program is told, a browser is sent. */
function unauthorized(implementation: Implementation, method: string, request: ProxyRequest): number {
  const isScript = valuesOf('x-requested-with', request.headers)[0]?.toLowerCase() === 'xmlhttprequest'
  const accepted = (valuesOf('accept', request.headers)[0] ?? '').split(',').map((one) => one.split(';')[0]?.trim())
  const isBrowser = !isScript && (accepted.includes('text/html') || accepted[0] === '*/*')
  if (implementation === 'auth-request' || !isBrowser) return 401
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 302 : 303
}

/** All four for every user, and empty where the entry has nothing. */
function remoteHeaders({ username, groups, displayName, email }: AutheliaUser): HeaderLine[] {
  return [
    ['Remote-User', username],
    ['Remote-Groups', groups.join(',')],
    ['Remote-Name', displayName],
    ['Remote-Email', email],
  ]
}
