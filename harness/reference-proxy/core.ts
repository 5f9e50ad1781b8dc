/** From a request to what happens with it: the part of the proxy that is the same for HTTP/1.1, HTTP/2 and WebSocket. */
import { isNavigation, pathOf } from './access.ts'
import { originForm } from './admission.ts'
import { type Answer, redirect, textAnswer } from './answer.ts'
import { keysPath } from './assertion.ts'
import type { Behaviour } from './behaviour.ts'
import { forwardedLines } from './header-steps.ts'
import { type LogIn, sameSitePath } from './log-in.ts'
import type { Core, Outcome } from './outcome.ts'
import { formPage, type Recognition, refusalFor } from './recognition.ts'
import type { Authenticate, ProxyRequest, Settings } from './request.ts'
import { cookieValues, type SessionStore, sessionCookie, setCookie } from './session.ts'

type Parts = {
  readonly settings: Settings
  readonly sessions: SessionStore
  readonly logIn: LogIn
  readonly ask: Authenticate
  /** Absent: users log in at an OpenID provider. */
  readonly recognition?: Recognition
}

/** One behaviour over the shared parts. */
export function createCore(behaviour: Behaviour, parts: Parts): Core {
  const { settings, logIn, ask, recognition } = parts
  const authenticate = behaviour.asking(ask)
  const answer = (what: Answer): Outcome => ({ kind: 'answer', answer: what })

  async function invitation(request: ProxyRequest): Promise<Answer> {
    if (recognition !== undefined) return refusalFor(recognition, request, isNavigation(request))
    return isNavigation(request) ? logIn.begin(sameSitePath(request.target)) : textAnswer(401, 'log in first')
  }

  return async (received) => {
    const refusal = behaviour.admit(received, settings)
    if (refusal) {
      return answer(textAnswer(refusal.status, refusal.reason, [['Connection', 'close']]))
    }
    const request = { ...received, target: originForm(received.target, settings) ?? received.target }
    const page = await ownPage(request, behaviour, parts)
    if (page) return answer(page)

    const exempt = behaviour.exempt(request, settings)
    const access = behaviour.access(await authenticate(request), exempt, request)
    switch (access.kind) {
      case 'refuse':
        return answer(textAnswer(access.status, access.reason))
      case 'log-in':
        return answer(await invitation(request))
      case 'forward':
      case 'forward-and-log-in': {
        const user = access.kind === 'forward' ? access.user : undefined
        return {
          kind: 'forward',
          target: behaviour.target(request.target),
          lines: forwardedLines(behaviour.steps, { request, settings, ...(user && { user }) }),
          ...(access.kind === 'forward-and-log-in' && { instead: await invitation(request) }),
        }
      }
    }
  }
}

/** The auth service dialled directly: says whether there is a session, names nobody, leads nowhere. */
export function createAuthCore(ask: Authenticate): Core {
  const statuses = { user: 202, anonymous: 401, unavailable: 503 } as const
  return async (request) => {
    const { kind } = ask(request)
    return { kind: 'answer', answer: textAnswer(statuses[kind], kind === 'user' ? 'there is a session' : kind) }
  }
}

/** The proxy's own pages. Everything below `/oauth2/` is its own: what is not a page there is not forwarded either. */
async function ownPage(
  request: ProxyRequest,
  behaviour: Behaviour,
  { settings, sessions, logIn, recognition }: Parts,
): Promise<Answer | undefined> {
  const path = pathOf(request.target)
  if (recognition !== undefined && path !== '/logout') {
    if (recognition.kind === 'form' && path === '/login') return await formPage(recognition, sessions, request)
    return path.startsWith('/oauth2/') ? textAnswer(404, 'no such page of the proxy') : undefined
  }
  switch (path) {
    case '/oauth2/callback':
      return logIn.finish(request)
    case keysPath:
      return { status: 200, headers: [['Content-Type', 'application/json']], body: settings.assertions.keySet }
    case '/login':
    case '/oauth2/start': {
      const wanted = new URL(request.target, `https://${settings.host}`).searchParams.get('rd') ?? '/'
      return logIn.begin(behaviour.returnTo === 'anywhere' ? wanted : sameSitePath(wanted))
    }
    case '/logout':
    case '/oauth2/sign_out':
      if (behaviour.logOut === 'ends-session') {
        for (const id of cookieValues(sessionCookie, request)) sessions.close(id)
      }
      return redirect('/', [['Set-Cookie', setCookie(sessionCookie)]])
    default:
      return request.target.startsWith('/oauth2/') ? textAnswer(404, 'no such page of the proxy') : undefined
  }
}
