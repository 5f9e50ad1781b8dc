/** Sessions of the reference proxy: in memory, shareable between a correct proxy and its mutants, so that one log-in serves all. */
import { randomBytes } from 'node:crypto'
import { valuesOf } from './header-lines.ts'
import type { AuthAnswer, ProxyRequest, User } from './request.ts'

/** RFC 6265bis 4.1.3.2: a `__Host-` cookie can be neither set by a sibling domain nor over plain HTTP. */
export const sessionCookie = '__Host-conformance'
export const loginCookie = '__Host-conformance-login'

/** What a log-in in progress must remember until the provider sends the browser back. */
type PendingLogin = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Same-site path to return to. */
  readonly returnTo: string
}

/** The limit of the auth service on the cookies it is asked about; above it, it fails as a real one does (nginx: 431 or 500). */
const cookieLimit = 8192

export class SessionStore {
  readonly #users = new Map<string, User>()
  readonly #pending = new Map<string, PendingLogin>()

  /** @returns the session's unguessable id, the cookie's value */
  open(user: User, id = randomBytes(24).toString('base64url')): string {
    this.#users.set(id, user)
    return id
  }

  user(id: string): User | undefined {
    return this.#users.get(id)
  }

  close(id: string): void {
    this.#users.delete(id)
  }

  /** @returns the id that binds the log-in to the browser that began it (RFC 6749 10.12) */
  begin(login: PendingLogin): string {
    const id = randomBytes(24).toString('base64url')
    this.#pending.set(id, login)
    return id
  }

  /** For a mutant: a log-in by its state alone, whichever browser began it. */
  takeByState(state: string | null): PendingLogin | undefined {
    const [id] = [...this.#pending].find(([, login]) => login.state === state) ?? []
    return id === undefined ? undefined : this.take(id)
  }

  /** A log-in is finished once, or never. */
  take(id: string): PendingLogin | undefined {
    const login = this.#pending.get(id)
    this.#pending.delete(id)
    return login
  }
}

/** Values of one cookie over all `Cookie` lines. */
export function cookieValues(name: string, request: Pick<ProxyRequest, 'headers'>): string[] {
  return valuesOf('cookie', request.headers)
    .flatMap((line) => line.split(';'))
    .flatMap((pair) => {
      const at = pair.indexOf('=')
      return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
    })
}

/** `Set-Cookie` value; without `value` the cookie is removed. */
export function setCookie(name: string, value?: string): string {
  const life = value === undefined ? '; Max-Age=0' : ''
  return `${name}=${value ?? ''}; Path=/; Secure; HttpOnly; SameSite=Lax${life}`
}

/** The user of the request's session. A request with two session cookies has none: a planted cookie could win over the user's own. */
export function askSessions(sessions: SessionStore, request: ProxyRequest): AuthAnswer {
  const size = valuesOf('cookie', request.headers).reduce((total, value) => total + value.length, 0)
  if (size > cookieLimit) return { kind: 'unavailable', reason: `the cookies exceed ${cookieLimit} bytes` }
  const [id, second] = cookieValues(sessionCookie, request)
  const user = id === undefined || second !== undefined ? undefined : sessions.user(id)
  return user ? { kind: 'user', user } : { kind: 'anonymous' }
}
