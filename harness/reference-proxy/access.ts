/** Who is let through, and which paths are exempt from log-in. */
import { foldName, valuesOf } from './header-lines.ts'
import type { Access, AuthAnswer, ProxyRequest, Settings } from './request.ts'

/** Only a path that reads the same to everybody can be exempt from log-in; any other spelling needs it (RFC 3986 6.2.2). */
export function isPublic(target: string, settings: Settings): boolean {
  const path = pathOf(target)
  // Dot segments, empty segments, parameters, backslashes and any percent-encoding: somebody may read another path.
  if (/\/\.{1,2}(\/|$)|\/\/|[;\\%]/.test(path)) return false
  return path === settings.publicPath || path.startsWith(`${settings.publicPath}/`)
}

/** The decision. Whatever is not a user with an e-mail address on a working auth service does not reach the gateway. */
export function decide(answer: AuthAnswer, exempt: boolean): Access {
  if (exempt) return { kind: 'forward' }
  switch (answer.kind) {
    case 'unavailable':
      return { kind: 'refuse', status: 503, reason: answer.reason }
    case 'anonymous':
      return { kind: 'log-in' }
    case 'user':
      return answer.user.email
        ? { kind: 'forward', user: answer.user }
        : { kind: 'refuse', status: 403, reason: 'the provider named no e-mail address' }
  }
}

/** Somebody looking at a page can be sent to log in; a program can only be told. */
export function isNavigation(request: ProxyRequest): boolean {
  if (request.transport === 'websocket' || request.method !== 'GET') return false
  const [mode] = valuesOf('sec-fetch-mode', request.headers)
  if (mode !== undefined) return mode === 'navigate'
  const accept = valuesOf('accept', request.headers).join(',')
  return accept === '' || accept.includes('text/html') || accept.includes('*/*')
}

/** The target without its query. */
export function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? target
}

/** The target without a token in its query: whatever it is worth, it is the proxy's to look at, and ends up in logs (RFC 6750 2.3, 5.3). */
export function withoutToken(target: string): string {
  const [path = '', ...rest] = target.split('?')
  if (rest.length === 0) return target
  const parameters = rest.join('?').split('&')
  const kept = parameters.filter((parameter) => !/^access_token(=|$)/i.test(parameter))
  if (kept.length === parameters.length) return target
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

/** First value of the header in any spelling, for those who believe it. */
export function claimed(name: string, request: ProxyRequest): string | undefined {
  return request.headers.find(([header]) => foldName(header) === name)?.[1]
}
