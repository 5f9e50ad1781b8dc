/** Cases whose failure an anonymous client sees from outside: without a session, the gateway answers a question with a random name in it. Pure. */
import type { Case, HeaderLine, Send } from '../../plan/case.ts'
import { fillSend, type PlaceholderContext } from '../../plan/placeholders.ts'

/** Stand for what only the reader knows; each language puts its own variables in their place. */
export const tokens = { user: 'TPC_USER', host: 'TPC_HOST' } as const

export type OutsideRequest = {
  readonly target: string
  readonly headers: readonly HeaderLine[]
}

export type OutsideCase = {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly refs: readonly string[]
  readonly level: Case['level']
  readonly requests: readonly OutsideRequest[]
}

/** Of the deployment that is asked. */
type Trusted = { readonly identity: string; readonly requiredHeaders: readonly string[] }

/** Where the question goes, and what the gateway answers to whoever is let in: OpenClaw, CoderClaw, Mayros and the reference gateway alike. */
export const question = { method: 'POST', target: '/tools/invoke', answers: 'Tool not available: ' } as const
/** JSON; the name of a tool that there is not is the mark. */
export const bodyWith = (mark: string) => `{"tool":"${mark}"}`

/** The case as requests, or `undefined` where its failure does not show, or where no command line and no template can send it. */
export function outsideCase(one: Case, trusted: Trusted): OutsideCase | undefined {
  const { id, title, why, refs, level } = one
  const isSeen =
    one.over.includes('http') &&
    one.as === 'anonymous' &&
    one.from === 'internet' &&
    one.to === 'proxy' &&
    one.step === undefined &&
    one.needs.length === 0 &&
    demandsSilence(one.expect)
  if (!isSeen) return undefined
  const requests = one.send.map((send) => requestOf(send, contextFor(trusted)))
  return requests.every((request) => request !== undefined) ? { id, title, why, refs, level, requests } : undefined
}

/** Nothing may reach the gateway, or nobody may be accepted there. */
function demandsSilence({ arrives, verdict }: Case['expect']): boolean {
  return (
    arrives === 'never' ||
    verdict === 'unreached' ||
    (typeof verdict === 'object' && 'only' in verdict && verdict.only === 'nobody')
  )
}

const expressible: ReadonlySet<string> = new Set(['target', 'headers', 'method'])

function requestOf(send: Send, context: PlaceholderContext): OutsideRequest | undefined {
  const { target = question.target, headers = [], method = question.method } = fillSend(send, context)
  const isPlain =
    Object.keys(send).every((key) => expressible.has(key)) &&
    method === question.method &&
    /^[\x21-\x7e]+$/.test(target) &&
    // What frames the request is the client's own.
    headers.every(([name, value]) => /^[\w.-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value) && !framing.test(name))
  return isPlain ? { target, headers } : undefined
}

const framing = /^(host|content-length|content-type|transfer-encoding|connection|upgrade|expect|te|trailer)$/i

/** Addresses of networks for documentation (RFC 5737). */
function contextFor({ identity, requiredHeaders }: Trusted): PlaceholderContext {
  return {
    identity,
    evil: 'stranger@attacker.test',
    alice: tokens.user,
    bob: tokens.user,
    client: '198.51.100.7',
    lan: '192.0.2.8',
    proxy: '192.0.2.2',
    gateway: '192.0.2.3',
    host: tokens.host,
    mark: 'mark',
    cookie: '',
    password: '',
    logOut: '',
    required: requiredHeaders,
  }
}
