/** The reference proxy's switches, with their correct values. A mutant replaces one of them. */
import type { HeaderLine } from '../plan/case.ts'
import { decide, isPublic, withoutToken } from './access.ts'
import { type Refusal, refusalOf } from './admission.ts'
import { correctSteps, type HeaderStep } from './header-steps.ts'
import type { LogInOptions } from './log-in.ts'
import type { Halves } from './outcome.ts'
import type { Access, AuthAnswer, Authenticate, ProxyRequest, Settings } from './request.ts'

export type Behaviour = {
  /** `none`: the proxy does not run. */
  readonly listener: 'public' | 'none'
  /** A second way in, in plain HTTP, where the correct proxy has only its auth service. */
  readonly secondListener?: Behaviour
  /** An interface that shows the configuration to whoever connects, on a port of its own; a mistake only. */
  readonly administration: 'none' | 'readable'
  /** `strict`: a message that two programs could read in two ways is refused. The others forward such a message, see `ambiguous.ts`. */
  readonly framing: 'strict' | 'keeps-chunked' | 'keeps-length' | 'drops-length-of-get' | 'opaque-target' | 'unfolds'
  /** What becomes of a client's HTTP/1.1 connection after an answer. */
  readonly connections: 'kept' | 'closed'
  readonly admit: (request: ProxyRequest, settings: Settings) => Refusal | undefined
  /** Whose client certificates name a user, where users show some. */
  readonly certificates: 'of-the-authority' | 'of-anybody'
  /** Wraps the question to the auth service; made once per proxy, so it may remember. */
  readonly asking: (ask: Authenticate) => (request: ProxyRequest) => AuthAnswer | Promise<AuthAnswer>
  /** Whether this request needs no log-in. */
  readonly exempt: (request: ProxyRequest, settings: Settings) => boolean
  readonly access: (answer: AuthAnswer, exempt: boolean, request: ProxyRequest) => Access
  /** The path and query that the gateway is asked for. */
  readonly target: (target: string) => string
  readonly steps: readonly HeaderStep[]
  /** Trailers of the client (RFC 9110 6.5.1: dropped unless understood). */
  readonly trailers: 'dropped' | 'merged' | 'forwarded'
  /** What becomes of a CONNECT with a session (RFC 9110 9.3.6). */
  readonly connect: 'refused' | 'tunnelled'
  /** What follows on the connection after an upgrade that the gateway refused. */
  readonly afterRefusedUpgrade: 'closed' | 'forwarded'
  /** The address from which the gateway is dialled. */
  readonly source: 'proxy' | 'loopback'
  /** Lines of an answer that are made of the request's own; a mistake only. */
  readonly reflected: (request: Pick<ProxyRequest, 'headers' | 'target'>) => readonly HeaderLine[]
  readonly logOut: 'ends-session' | 'forgets-cookie'
  readonly returnTo: 'same-site' | 'anywhere'
  /** What a log-in goes wrong by, see `LogInOptions`. */
  readonly logInMistake: 'none' | NonNullable<LogInOptions['mistake']>
  /** Puts something around the decision and the gateway; made once per proxy, so it may remember. */
  readonly wrap: (halves: Halves) => Halves
}

export const correct: Behaviour = {
  listener: 'public',
  administration: 'none',
  framing: 'strict',
  connections: 'kept',
  admit: refusalOf,
  certificates: 'of-the-authority',
  asking: (ask) => ask,
  exempt: (request, settings) => isPublic(request.target, settings),
  access: decide,
  target: withoutToken,
  steps: correctSteps,
  trailers: 'dropped',
  connect: 'refused',
  afterRefusedUpgrade: 'closed',
  source: 'proxy',
  reflected: () => [],
  logOut: 'ends-session',
  returnTo: 'same-site',
  logInMistake: 'none',
  wrap: (halves) => halves,
}
