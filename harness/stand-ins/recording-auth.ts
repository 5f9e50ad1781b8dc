/**
 * An auth service that shows what it was told, with the addresses and the answers of oauth2-proxy. Whatever runs with it is a result on the
 * proxy in front, never on oauth2-proxy. Feature `auth-hop` in scenarios/features.yaml says what it does below which path.
 */
import type { Server } from 'node:http'
import type { HeaderLine } from '../plan/case.ts'
import { pathOf } from '../reference-proxy/access.ts'
import { type Answer, redirect, textAnswer } from '../reference-proxy/answer.ts'
import { secondName, shown, shownBelow, unusualAnswer } from '../reference-proxy/auth-hop.ts'
import { valuesOf } from '../reference-proxy/header-lines.ts'
import { LogIn, type LogInOptions, sameSitePath } from '../reference-proxy/log-in.ts'
import type { ProxyRequest } from '../reference-proxy/request.ts'
import { askSessions, cookieValues, SessionStore, sessionCookie, setCookie } from '../reference-proxy/session.ts'
import { answering } from './answering.ts'

/** Either may be the one that a proxy copies. */
const identityHeaders = ['X-Auth-Request-Email', 'X-Forwarded-User']

/** A server that nobody has told to listen. @param options.host the application's public host */
export function createRecordingAuth({ host, ...openid }: Omit<LogInOptions, 'callback'> & { host: string }): Server {
  const sessions = new SessionStore()
  const logIn = new LogIn({ ...openid, callback: `https://${host}/oauth2/callback` }, sessions)

  async function answerTo(request: ProxyRequest): Promise<Answer> {
    switch (pathOf(request.target)) {
      case '/oauth2/callback':
        return await logIn.finish(request)
      case '/oauth2/start': {
        const wanted = new URL(request.target, `https://${host}`).searchParams.get('rd') ?? '/'
        return await logIn.begin(sameSitePath(wanted))
      }
      case '/oauth2/sign_out':
        for (const id of cookieValues(sessionCookie, request)) sessions.close(id)
        return redirect('/', [['Set-Cookie', setCookie(sessionCookie)]])
      default:
        return await judge(request)
    }
  }

  async function judge(request: ProxyRequest): Promise<Answer> {
    const told = ['x-forwarded-uri', 'x-original-url', 'x-original-uri'].flatMap((name) =>
      valuesOf(name, request.headers).map((address) => address.replace(/^https?:\/\/[^/]*/, '')),
    )
    const asked = askSessions(sessions, request)
    if (asked.kind === 'unavailable') return textAnswer(500, asked.reason)
    if (asked.kind === 'anonymous')
      return request.target.startsWith('/oauth2/')
        ? textAnswer(401, 'log in first')
        : await logIn.begin(sameSitePath(told[0] ?? '/'))
    const email = asked.user.email ?? ''
    const unusual = told.map(unusualAnswer).find((one) => one !== undefined)
    const named = (values: readonly string[]) =>
      identityHeaders.flatMap((name) => values.map((value): HeaderLine => [name, value]))
    const seen = told.some((address) => address.startsWith(shownBelow))
      ? [shown(request.method, request.target, request.headers)]
      : []
    switch (unusual) {
      case 'none':
        return textAnswer(202, 'signed in')
      case 'empty':
        return textAnswer(202, 'signed in', named(['']))
      case 'two':
        return textAnswer(202, 'signed in', named([email, secondName]))
      case 'redirect':
        return redirect('/', named([email]))
      case undefined:
        return textAnswer(email === '' ? 403 : 202, 'signed in', [...named([email]), ...seen])
    }
  }

  return answering(answerTo)
}
