/** What an auth service is told of a request, made visible: as one header of the request that goes on to the gateway. */
import type { HeaderLine } from '../plan/case.ts'
import { pathOf } from './access.ts'
import type { AuthAnswer, ProxyRequest } from './request.ts'
import { askSessions, type SessionStore } from './session.ts'

/** From the auth service to the proxy, and from the proxy to the gateway. Only for paths below `shownBelow`: other cases look for texts that stand in it. */
export const authHopHeader = 'X-Conformance-Auth-Hop'
export const shownBelow = '/auth-hop/'

/** A question to the auth service in one line: `GET /auth | Host: app.test | X-Forwarded-Uri: /x`. Of cookies the names alone. */
export function shown(method: string, target: string, lines: readonly HeaderLine[]): HeaderLine {
  const all = lines.map(([name, value]) => `${name}: ${/^cookie$/i.test(name) ? namesOf(value) : value}`)
  return [authHopHeader, [`${method} ${target}`, ...all].map(printable).join(' | ')]
}

const namesOf = (cookies: string) =>
  cookies
    .split(';')
    .map((pair) => pair.split('=', 1)[0]?.trim())
    .join('; ')

/** Percent-encoded where it would end the header line, or look like the sign between two lines. */
const printable = (text: string) =>
  text.replaceAll(
    /[^\x20-\x24\x26-\x7b\x7d\x7e]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )

/** Unusual answers to a user who is signed in, for paths below `/auth-answer/`. */
const unusual = ['none', 'empty', 'two', 'redirect'] as const
type Unusual = (typeof unusual)[number]

export function unusualAnswer(target: string): Unusual | undefined {
  const asked = /\/auth-answer\/([a-z]+)/.exec(target)?.[1]
  return unusual.find((one) => one === asked)
}

/** The name of the user whom the gateway allows, as the second of two in an answer. */
export const secondName = 'alice@example.test'

/** The auth service of the reference proxy. */
export function askAuthService(sessions: SessionStore, request: ProxyRequest): AuthAnswer {
  const answer = askSessions(sessions, request)
  const how = answer.kind === 'user' ? unusualAnswer(pathOf(request.target)) : undefined
  if (answer.kind !== 'user' || how === undefined) return answer
  const { subject, email } = answer.user
  switch (how) {
    case 'none':
    case 'empty':
      return { kind: 'user', user: { subject } }
    case 'two':
      return { kind: 'user', user: { subject, unusableEmail: `${email},${secondName}` } }
    case 'redirect':
      return { kind: 'unavailable', reason: 'the auth service answered 302, which is neither yes nor no' }
  }
}
