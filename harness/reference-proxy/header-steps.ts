/**
 * The way of the header lines through the proxy, as small pure steps in a fixed order. A mutant replaces one of them,
 * or their order.
 */
import type { HeaderLine } from '../plan/case.ts'
import { assertionHeader } from './assertion.ts'
import { shown, shownBelow } from './auth-hop.ts'
import { foldName, membersOf, valuesOf, without } from './header-lines.ts'
import type { ProxyRequest, Settings, User } from './request.ts'
import { sessionCookie } from './session.ts'
import { isUntrusted } from './untrusted-headers.ts'

export type StepContext = {
  readonly request: ProxyRequest
  /** Absent on public routes and wherever else nobody was authenticated. */
  readonly user?: User
  readonly settings: Settings
}

export type HeaderStep = (lines: readonly HeaderLine[], context: StepContext) => readonly HeaderLine[]

/** RFC 9110 7.6.1, and `Expect`, which this proxy has answered itself. `Content-Length` and `Host` carry the message and cannot be nominated away. */
const hopByHop = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const ownFraming = new Set(['content-length', 'host'])

/** Drops what belongs to this hop and what the client nominated, before the proxy writes anything of its own (CVE-2024-45410). */
export const dropHopByHop: HeaderStep = (lines) => {
  const nominated = new Set(membersOf('connection', lines).filter((name) => !ownFraming.has(name)))
  return lines.filter(([name]) => !hopByHop.has(name.toLowerCase()) && !nominated.has(name.toLowerCase()))
}

/** Drops every spelling of every name that only the proxy may write. */
export const stripUntrusted: HeaderStep = (lines, { settings }) => {
  const identity = foldName(settings.identity)
  return lines.filter(([name]) => !isUntrusted(foldName(name), identity))
}

/** Writes the user of the session; nothing where there is none. */
export const assertIdentity: HeaderStep = (lines, { user, settings }) =>
  user?.email ? [...lines, [settings.identity, user.email]] : lines

/** Vouches for the user in a way that the gateway can check by itself. */
export const assertSigned: HeaderStep = (lines, { user, settings }) =>
  user?.email ? [...lines, [assertionHeader, settings.assertions.of(user.email)]] : lines

/** What the auth service is told: the request as it is, and nothing that the client says of it. */
export const describedToAuth = ({ request, settings }: StepContext): readonly HeaderLine[] => [
  ['Host', settings.host],
  ['X-Forwarded-Method', request.method],
  ['X-Forwarded-Uri', request.target],
  ['X-Forwarded-Host', settings.host],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-For', request.peer],
]

/** @param described the lines that the auth service gets */
export const showing =
  (described: (context: StepContext) => readonly HeaderLine[]): HeaderStep =>
  (lines, context) =>
    context.user && context.request.target.startsWith(shownBelow)
      ? [...lines, shown('GET', '/oauth2/auth', described(context))]
      : lines

export const showAuthHop = showing(describedToAuth)

/** Writes who is really there: the peer of the connection, and how it came. */
export const attributeClient: HeaderStep = (lines, { request, settings }) => [
  ...lines,
  ['X-Forwarded-For', request.peer],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', settings.host],
]

/** The session, or what stands for it, is a secret between browser and proxy; the gateway has no use for it. */
export const dropSessionCookie: HeaderStep = (lines, { settings: { credentials = {} } }) =>
  lines.flatMap(([name, value]): HeaderLine[] => {
    if (name.toLowerCase() === credentials.header) return []
    if (name.toLowerCase() !== 'cookie') return [[name, value]]
    const own = [sessionCookie, credentials.cookie]
    const kept = value.split(';').filter((pair) => !own.includes(pair.split('=')[0]?.trim()))
    return kept.length ? [[name, kept.join(';').trim()]] : []
  })

/** Keeps the public `Host`: the gateway compares it with `Origin`. Exactly one line, as admitted. */
export const keepHost: HeaderStep = (lines, { settings }) => [['Host', settings.host], ...without('host', lines)]

/** For mutants: the step is forgotten. */
export const keepAll: HeaderStep = (lines) => lines

export const correctSteps: readonly HeaderStep[] = [
  dropHopByHop,
  stripUntrusted,
  assertIdentity,
  assertSigned,
  showAuthHop,
  attributeClient,
  dropSessionCookie,
  keepHost,
]

/** The header lines for the gateway. */
export function forwardedLines(steps: readonly HeaderStep[], context: StepContext): readonly HeaderLine[] {
  return steps.reduce((lines, step) => step(lines, context), context.request.headers)
}

/** The client's own lines of the trusted header: what a correct proxy never forwards. */
export function receivedIdentity({ request, settings }: StepContext): HeaderLine[] {
  return valuesOf(settings.identity, request.headers).map((value) => [settings.identity, value])
}
