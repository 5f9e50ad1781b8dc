/** A case in words, from the same data that runs: what the client does and what is expected. For `explain` and for reports. */
import {
  type ArrivalExpectation,
  type Case,
  type ClientExpectation,
  type Destination,
  type Expectation,
  opensWebSocket,
  type Principal,
  type Send,
  type Vantage,
  type VerdictExpectation,
} from './case.ts'
import { oneOf } from './yaml/near-misses.ts'

const who: Readonly<Record<Principal, string>> = {
  anonymous: 'a visitor who is not signed in',
  alice: 'alice, signed in at the proxy',
  bob: 'bob, signed in at the proxy',
  'no-email': 'a signed-in user without an e-mail claim',
}

const where: Readonly<Record<Vantage, string>> = {
  internet: 'from the internet',
  lan: "from a neighbour in the gateway's network",
  'proxy-host': "from the proxy's own address",
  'gateway-loopback': "from the gateway's loopback",
  'gateway-own-address': "from the gateway's own network address",
}

const whom: Readonly<Record<Destination, string>> = {
  proxy: 'asks the proxy',
  gateway: 'asks the gateway itself',
  auth: "asks the proxy's side service",
  sidecar: 'asks the sidecar behind the proxy',
  'sidecar-tls': 'asks the sidecar behind the proxy over TLS',
}

/** `Alice, signed in at the proxy, asks the proxy from the internet.` */
export function clientWords({ as, from, to }: Case): string {
  const comma = as === 'alice' || as === 'bob' ? ',' : ''
  return capital(`${who[as]}${comma} ${whom[to]} ${where[from]}.`)
}

/** What is expected, one sentence per requirement, with who observes it. */
export function expectationWords({
  arrives,
  verdict,
  client,
}: Expectation): { readonly at: 'gateway' | 'verdict' | 'client'; readonly sentence: string }[] {
  return [
    ...(arrives === undefined ? [] : arrivalWords(arrives).map((sentence) => ({ at: 'gateway' as const, sentence }))),
    ...(verdict === undefined ? [] : [{ at: 'verdict' as const, sentence: verdictWords(verdict) }]),
    ...(client === undefined ? [] : answerWords(client).map((sentence) => ({ at: 'client' as const, sentence }))),
  ]
}

function arrivalWords(arrives: ArrivalExpectation): string[] {
  if (arrives === 'never') return ['Nothing of this arrives.']
  const { count, identity, aliases, without, absent, headers, client, host, target, changed } = arrives
  return [
    count === 'any'
      ? 'Requests may arrive or not; of those that do:'
      : count === undefined
        ? 'Every request arrives exactly once.'
        : `Exactly ${count} requests arrive.`,
    ...(identity === undefined ? [] : [identityWords(identity)]),
    ...(aliases === undefined ? [] : ['No other spelling of the identity header (_ or . for -) is there.']),
    ...(without === undefined ? [] : [`No header, trailer or target contains ${oneOf(without)}.`]),
    ...(absent === undefined ? [] : [`There is no line of ${oneOf(absent)}.`]),
    ...Object.entries(headers ?? {}).map(
      ([name, values]) => `${name} is exactly ${values.length === 0 ? 'absent' : values.join(', then ')}.`,
    ),
    ...(client === undefined ? [] : [`The gateway attributes the request to ${client}.`]),
    ...(host === undefined ? [] : [`Host is ${host}.`]),
    ...(target === undefined ? [] : [`The request target is ${target}.`]),
    ...(changed === undefined ? [] : [`The proxy may change: ${changed.join(', ')}. The rest arrives as it was sent.`]),
  ]
}

function identityWords(identity: NonNullable<Exclude<ArrivalExpectation, 'never'>['identity']>): string {
  if (identity === 'blank-or-absent') return 'The identity header is absent, or all its lines are blank.'
  if (identity.length === 0) return 'There is no line of the identity header.'
  return identity.length === 1
    ? `The identity header is one line, ${identity[0]}.`
    : `The identity header is ${identity.length} lines: ${identity.join(', ')}.`
}

function verdictWords(verdict: VerdictExpectation): string {
  if (verdict === 'unreached') return 'The request does not reach the gateway.'
  if ('accepted' in verdict)
    return verdict.accepted === 'local' ? 'Accepted by the local password.' : `Accepted as ${verdict.accepted}.`
  if ('only' in verdict)
    return verdict.only === 'nobody' ? 'Not accepted as any user.' : `Accepted as ${verdict.only}, or not at all.`
  return verdict.refused === true ? 'Refused.' : `Refused: ${oneOf(verdict.refused)}.`
}

function answerWords({ status, close, login, without, headers }: ClientExpectation): string[] {
  const words = (one: number | string) => (one === 'none' ? 'a closed connection without an answer' : String(one))
  return [
    ...(status === undefined ? [] : [`The answer is ${oneOf(status.map(words))}.`]),
    ...(close === undefined ? [] : [`The WebSocket closes with ${close}.`]),
    ...(login === undefined
      ? []
      : ['The proxy sends the visitor to log in: a redirect, 401 or 403 with a form, never a 2xx.']),
    ...(without === undefined ? [] : [`Nothing in the answer contains ${oneOf(without)}.`]),
    ...Object.entries(headers ?? {}).map(([name, part]) => `${name} of the answer contains ${part}.`),
  ]
}

/**
 * A request as it looks on the wire, for readers: the client's own lines in short, those of the case in full.
 * @param transport of the cell; HTTP/2 is shown like HTTP/1.1
 */
export function requestLines(asked: Case, send: Send, transport: Case['over'][number]): string[] {
  if (send.raw !== undefined) return send.raw.flatMap((bytes) => printable(bytes))
  const upgrade = opensWebSocket(transport)
  const method = send.method ?? (upgrade ? 'GET' : 'POST')
  const target = marked(send.target ?? (upgrade ? '/' : '/tools/invoke'))
  const cookie = send.cookie ?? asked.as !== 'anonymous'
  const password =
    send.password !== undefined && !upgrade
      ? [`Authorization: Bearer <the gateway's password${send.password === 'wrong' ? ', but wrong' : ''}>`]
      : []
  const connection = send.connection ?? (upgrade ? ['Upgrade'] : undefined)
  const body = upgrade
    ? undefined
    : (send.body ?? (send.method === undefined && send.target === undefined ? '{}' : undefined))
  return [
    `${method} ${target} HTTP/${send.version ?? '1.1'}`,
    ...(send.host ?? ['{host}']).map((host) => `Host: ${host}`),
    ...(cookie ? [`Cookie: <session of ${asked.as}>`] : []),
    ...(connection ?? []).map((value) => `Connection: ${value}`),
    ...(upgrade ? ['Upgrade: websocket'] : []),
    ...password,
    ...(send.headers ?? []).flatMap(([name, value]) => printable(`${name}: ${value}`)),
    ...(body === undefined ? [] : ['', shortened(body)]),
    ...(send.trailers === undefined
      ? []
      : ['', ...send.trailers.map(([name, value]) => `${name}: ${value}   (trailer)`)]),
    ...(upgrade && send.password !== undefined ? ['', `connect with auth.password, the ${send.password} one`] : []),
    ...(upgrade && (send.clientId ?? send.clientMode) !== undefined
      ? ['', `connect with client id ${send.clientId ?? 'test'}, mode ${send.clientMode ?? 'test'}`]
      : []),
    ...(upgrade && send.device !== undefined
      ? ['', 'connect with a signed device that the gateway has never seen']
      : []),
  ]
}

/** The client's mark, as `Send.target` describes it. */
function marked(target: string): string {
  return target.includes('{mark}') ? target : `${target}${target.includes('?') ? '&' : '?'}mark={mark}&end=1`
}

/** Lines of raw bytes with what a reader cannot see written out. */
function printable(bytes: string): string[] {
  return bytes
    .split('\r\n')
    .map((line) =>
      line.replaceAll(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
}

const shortened = (text: string) => (text.length > 200 ? `${text.slice(0, 199)}…` : text)

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
