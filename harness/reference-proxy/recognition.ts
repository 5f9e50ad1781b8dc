/** How the proxy knows its users where no OpenID provider signs them in: by what they show with every request, or by its own form. */
import { randomBytes } from 'node:crypto'
import type { SignIn } from '../plan/sign-in.ts'
import { type Answer, redirect, textAnswer } from './answer.ts'
import { valuesOf } from './header-lines.ts'
import { sameSitePath } from './log-in.ts'
import type { AuthAnswer, ProxyRequest, User } from './request.ts'
import { askSessions, cookieValues, type SessionStore, sessionCookie, setCookie } from './session.ts'

export type Recognition = {
  readonly kind: Exclude<SignIn['kind'], 'openid'>
  /** Of the header or the cookie. */
  readonly name?: string
  /** Who shows what: `Basic …`, a token, the subject of a certificate, an address, `NAME:PASSWORD` in a form. */
  readonly users: ReadonlyMap<string, User>
  /** Nobody is asked: this is who comes. */
  readonly everybody?: User
}

/** Lines that a user shows and the gateway must not see. */
export function credentialNames({ kind, name }: Recognition): { readonly header?: string; readonly cookie?: string } {
  if (kind === 'basic') return { header: 'authorization' }
  if (name === undefined) return {}
  return kind === 'header' ? { header: name.toLowerCase() } : { cookie: name }
}

/** The user behind a request. Two credentials are none: which of them counts would be a guess. */
export function recognise(recognition: Recognition, sessions: SessionStore, request: ProxyRequest): AuthAnswer {
  const { kind, name = '', users, everybody } = recognition
  const known = (shown: readonly (string | undefined)[]): AuthAnswer => {
    const [first, second] = shown
    const user = first === undefined || second !== undefined ? undefined : users.get(first)
    return user === undefined ? { kind: 'anonymous' } : { kind: 'user', user }
  }
  switch (kind) {
    case 'form':
      return askSessions(sessions, request)
    case 'basic':
      return known(valuesOf('authorization', request.headers))
    case 'header':
      return known(valuesOf(name, request.headers))
    case 'cookie':
      return known(cookieValues(name, request))
    case 'address':
      return known([request.peer])
    case 'certificate':
      return known([request.subject])
    case 'none':
      return everybody === undefined ? { kind: 'anonymous' } : { kind: 'user', user: everybody }
  }
}

/** What a stranger is told. */
export function refusalFor({ kind }: Recognition, request: ProxyRequest, isPage: boolean): Answer {
  if (kind === 'form' && isPage) return redirect(`/login?rd=${encodeURIComponent(sameSitePath(request.target))}`)
  const challenge = kind === 'basic' ? ([['WWW-Authenticate', 'Basic realm="conformance"']] as const) : []
  return textAnswer(401, 'log in first', challenge)
}

const formCookie = '__Host-conformance-form'

/** The page with the form, and what it posts. A hidden value binds it to the browser that got it (CWE-352). */
export async function formPage(
  recognition: Recognition,
  sessions: SessionStore,
  request: ProxyRequest,
): Promise<Answer> {
  if (request.method === 'POST') return await posted(recognition, sessions, request)
  const token = randomBytes(16).toString('hex')
  const back = new URL(request.target, 'https://app.test').searchParams.get('rd') ?? '/'
  const page = `<!doctype html><title>Log in</title><form method="post" action="/login"><input type="hidden" name="csrf" value="${token}"><input type="hidden" name="rd" value="${escaped(sameSitePath(back))}"><input name="username"><input type="password" name="password"><button>Log in</button></form>`
  return {
    status: 200,
    headers: [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Length', String(Buffer.byteLength(page))],
      ['Cache-Control', 'no-store'],
      ['Set-Cookie', setCookie(formCookie, token)],
    ],
    body: page,
  }
}

async function posted({ users }: Recognition, sessions: SessionStore, request: ProxyRequest): Promise<Answer> {
  const fields = new URLSearchParams((await request.body?.()) ?? '')
  const [token] = cookieValues(formCookie, request)
  if (token === undefined || fields.get('csrf') !== token) return textAnswer(403, 'this browser was given no such form')
  const user = users.get(`${fields.get('username')}:${fields.get('password')}`)
  if (user === undefined) return textAnswer(403, 'name or password is wrong')
  return redirect(sameSitePath(fields.get('rd') ?? '/'), [
    ['Set-Cookie', setCookie(sessionCookie, sessions.open(user))],
    ['Set-Cookie', setCookie(formCookie)],
  ])
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
