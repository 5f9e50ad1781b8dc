/** Sends a contract vector to a gateway, reference or real, and compares what comes back. Needs nothing but a way to dial. */
import type { Duplex } from 'node:stream'
import { connect, greet } from '../../clients/gateway-protocol.ts'
import { Http1Connection, sendHttp1 } from '../../clients/http1.ts'
import { freshDevice } from '../../clients/signed-device.ts'
import type { Peer } from '../../clients/tls.ts'
import { type Limits, usualLimits } from '../../clients/wire.ts'
import type { HeaderLine, Send } from '../../plan/case.ts'
import { refusalMessages } from '../rules/connect.ts'
import type { ReloadVector, SocketEnd } from './reload-vectors.ts'
import type { Outcome, Station, Vector } from './vector.ts'
import { vectorConfigs, vectorPassword } from './vector-configs.ts'

export type Addresses = { readonly proxy: string; readonly gateway: string; readonly intruder: string }

export type Target = {
  readonly dial: (from: Station) => Promise<Duplex>
  readonly addresses: Addresses
  /** Protocol of the gateway's WebSocket. */
  readonly protocol: 3 | 4
  /** Milliseconds for one answer. */
  readonly deadlineMs: number
}

/** What the client of a vector heard. */
type Heard =
  | { readonly kind: 'http'; readonly status: number; readonly body: string }
  | { readonly kind: 'hello'; readonly scopes: readonly string[] | undefined; readonly controlUiUrl?: string }
  | {
      readonly kind: 'error'
      readonly message: string
      readonly code: string | undefined
      readonly reason: string | undefined
      readonly close: number
    }

/** What every configuration of the vectors has, and what a caller may add to. */
export type VectorConfig = {
  readonly gateway: {
    readonly trustedProxies: readonly string[]
    readonly auth: {
      readonly trustedProxy: {
        readonly userHeader: string
        readonly requiredHeaders?: readonly string[]
        readonly allowUsers?: readonly string[]
      }
    }
  }
}

/** The configuration with the addresses filled in. */
export function configOf(name: Vector['config'], addresses: Addresses): VectorConfig {
  return JSON.parse(fill(JSON.stringify(vectorConfigs[name]), addresses))
}

/**
 * Sends one vector and returns what came back.
 * @throws when nothing came back by the deadline
 */
export async function send(vector: Vector, target: Target): Promise<Heard> {
  const headers = vector.headers.map(([name, value]): HeaderLine => [name, fill(value, target.addresses)])
  const peer: Peer = { dial: () => target.dial(vector.from), host: 'gateway', port: 18_789 }
  const limits = { ...usualLimits, deadlineMs: target.deadlineMs }
  return vector.over === 'http'
    ? await askHttp(vector, headers, peer, limits)
    : await askWebSocket(vector, headers, peer, limits, target.protocol)
}

/** The vector's WebSocket, opened through the proxy. `closed` resolves with the words of its end, or when `untilLate` does. */
export async function openSocket(
  { headers, connect: as }: Pick<ReloadVector, 'headers' | 'connect'>,
  target: Target,
): Promise<AsyncDisposable & { readonly closed: (untilLate: AbortSignal) => Promise<SocketEnd> }> {
  const peer: Peer = { dial: () => target.dial('proxy'), host: 'gateway', port: 18_789 }
  const limits = { ...usualLimits, deadlineMs: target.deadlineMs }
  await using opening = new AsyncDisposableStack()
  const connection = opening.use(new Http1Connection(peer, limits))
  const { exchange, socket } = await connection.upgrade(withHost(headers), context, 'websocket')
  if (socket === undefined)
    throw new Error(exchange.fault ?? `the upgrade was answered with ${exchange.response?.status ?? 'nothing'}`)
  const timer = setTimeout(() => socket.expire(), limits.deadlineMs)
  const greeting = await greet(socket, (nonce) => connectParameters({ connect: as }, target.protocol, nonce))
  clearTimeout(timer)
  if (greeting.kind !== 'hello') throw new Error(`the gateway refused connect: ${JSON.stringify(greeting)}`)
  const open = opening.move()
  return {
    async closed(untilLate) {
      untilLate.addEventListener('abort', () => socket.expire(), { once: true })
      for (;;) {
        const event = await socket.next()
        if (event.kind === 'close') return `close ${event.code}`
        if (event.kind === 'end') throw new Error('the WebSocket ended without a close')
        if (event.kind === 'deadline') return 'stays open'
      }
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}

/** What was expected and what was heard, in the same words where they are the same. */
export function compared(vector: Vector, expected: Outcome, heard: Heard): { expected: string; heard: string } {
  return {
    expected: vector.over === 'http' ? httpWords(expected) : webSocketWords(expected, heard),
    heard: words(heard, expected),
  }
}

function httpWords(expected: Outcome): string {
  return `HTTP ${expected.status ?? defaultStatus(expected)}`
}

function defaultStatus(expected: Outcome): number {
  if ('accepted' in expected) return 400
  return expected.refused === 'proxy_attribution_required' ? 403 : 401
}

function webSocketWords(expected: Outcome, heard: Heard): string {
  if (expected.status !== undefined) return `HTTP ${expected.status}`
  if ('accepted' in expected && !expected.heard) {
    // Up to 2026.3.28 hello-ok tells no scopes.
    const told = heard.kind !== 'hello' || heard.scopes !== undefined
    return helloWords(told ? expected.scopes : undefined, expected.controlUiUrl)
  }
  if ('accepted' in expected) return `close 1008: ${expected.heard}`
  const message = expected.heard ?? `${refusalMessages[expected.refused] ?? 'unauthorized'}, ${expected.refused}`
  return `close ${expected.close ?? 1008}: ${message}`
}

function words(heard: Heard, expected: Outcome): string {
  switch (heard.kind) {
    case 'http':
      return `HTTP ${heard.status}`
    case 'hello':
      return 'accepted' in expected
        ? helloWords(
            expected.scopes && heard.scopes,
            expected.controlUiUrl === undefined ? undefined : (heard.controlUiUrl ?? 'none'),
          )
        : 'hello-ok'
    case 'error': {
      const reason = expected.heard ? '' : `, ${heard.reason}`
      return `close ${heard.close}: ${heard.message}${reason}`
    }
  }
}

function helloWords(scopes: readonly string[] | undefined, controlUiUrl: string | undefined): string {
  const may = scopes === undefined ? '' : ` [${[...scopes].sort().join(' ')}]`
  return `hello-ok${may}${controlUiUrl === undefined ? '' : `, controlUiUrl ${controlUiUrl}`}`
}

async function askHttp(
  vector: Extract<Vector, { over: 'http' }>,
  headers: readonly HeaderLine[],
  peer: Peer,
  limits: Limits,
): Promise<Heard> {
  const { method, target, password } = vector
  const send = { method, target, headers, ...(password && { password }) }
  const { response, fault, ending } = await sendHttp1(peer, send, context, 'http', limits)
  if (response === undefined || ending !== undefined) throw new Error(`${vector.id}: ${fault ?? ending}`)
  return { kind: 'http', status: response.status, body: response.body }
}

async function askWebSocket(
  vector: Extract<Vector, { over: 'websocket' }>,
  headers: readonly HeaderLine[],
  peer: Peer,
  limits: Limits,
  protocol: Target['protocol'],
): Promise<Heard> {
  await using connection = new Http1Connection(peer, limits)
  const { target } = vector
  const upgrade = { ...withHost(headers), ...(target !== undefined && { target }) }
  const { exchange, socket } = await connection.upgrade(upgrade, context, 'websocket')
  if (socket === undefined) {
    const { response, fault, ending } = exchange
    if (response === undefined) throw new Error(`${vector.id}: ${fault ?? ending}`)
    return { kind: 'http', status: response.status, body: response.body }
  }
  const timer = setTimeout(() => socket.expire(), limits.deadlineMs)
  const parameters = (nonce: string) => connectParameters(vector, protocol, nonce)
  const greeting = await (vector.connect.unasked ? connect(socket, parameters('')) : greet(socket, parameters))
  clearTimeout(timer)
  if (greeting.kind === 'hello') {
    const { auth, controlUiUrl } = greeting.hello
    return { kind: 'hello', scopes: auth?.scopes ?? undefined, ...(controlUiUrl && { controlUiUrl }) }
  }
  const error = greeting.kind === 'refused' ? greeting.error : undefined
  const { close } = greeting
  if (close === undefined) {
    throw new Error(`${vector.id}: ${greeting.kind === 'broken' ? greeting.fault : 'refused, and not closed'}`)
  }
  return {
    kind: 'error',
    message: error?.message ?? close.reason,
    code: error?.details?.code,
    reason: error?.details?.authReason,
    close: close.code,
  }
}

/** `Host` is a line that the client has already: a vector's own takes its place. */
function withHost(headers: readonly HeaderLine[]): Pick<Send, 'headers' | 'host'> {
  const host = headers.filter(([name]) => name === 'Host').map(([, value]) => value)
  return { headers: headers.filter(([name]) => name !== 'Host'), ...(host.length > 0 && { host }) }
}

/** Whoever asks a gateway itself speaks to it by its own name. */
const context = { host: 'gateway:18789', cookie: '', mark: '', password: vectorPassword }

function connectParameters(
  { connect, ...vector }: Pick<Extract<Vector, { over: 'websocket' }>, 'connect' | 'password'>,
  protocol: 3 | 4,
  nonce: string,
): unknown {
  const spoken = connect.protocol === 'other' ? 7 - protocol : protocol
  const { clientId, mode, scopes } = connect
  const role = 'operator'
  const auth = {
    ...(connect.bogusToken && { token: 'bogus' }),
    ...(vector.password && { password: passwordOf(vector) }),
  }
  return {
    minProtocol: spoken,
    maxProtocol: spoken,
    client: { id: clientId, version: '1.0.0', platform: 'linux', mode },
    role,
    ...(scopes && { scopes }),
    ...(connect.device && {
      device: freshDevice({ clientId, mode, role, scopes: scopes ?? [], ...auth, nonce }),
    }),
    ...(Object.keys(auth).length > 0 && { auth }),
  }
}

function passwordOf({ password }: Pick<Vector, 'password'>): string {
  return password === 'right' ? vectorPassword : `not-${vectorPassword}`
}

function fill(text: string, addresses: Addresses): string {
  return text
    .replaceAll('{proxy}', addresses.proxy)
    .replaceAll('{gateway}', addresses.gateway)
    .replaceAll('{intruder}', addresses.intruder)
}
