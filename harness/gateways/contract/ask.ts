/** Sends a contract vector to a gateway, reference or real, and compares what comes back. Needs nothing but a way to dial. */
import { Agent, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import WebSocket from 'ws'
import { z } from 'zod'
import type { HeaderLine } from '../../plan/case.ts'
import { refusalMessages } from '../rules/connect.ts'
import { freshDevice } from './signed-device.ts'
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
export type Heard =
  | { readonly kind: 'http'; readonly status: number; readonly body: string }
  | { readonly kind: 'hello'; readonly scopes: readonly string[] | undefined }
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
  const socket = await target.dial(vector.from)
  try {
    return vector.over === 'http'
      ? await askHttp(vector, headers, socket, target)
      : await askWebSocket(vector, headers, socket, target)
  } finally {
    socket.destroy()
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
    return expected.scopes && told ? `hello-ok [${[...expected.scopes].sort().join(' ')}]` : 'hello-ok'
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
      return 'accepted' in expected && expected.scopes && heard.scopes
        ? `hello-ok [${[...heard.scopes].sort().join(' ')}]`
        : 'hello-ok'
    case 'error': {
      const reason = expected.heard ? '' : `, ${heard.reason}`
      return `close ${heard.close}: ${heard.message}${reason}`
    }
  }
}

function askHttp(
  vector: Extract<Vector, { over: 'http' }>,
  headers: readonly HeaderLine[],
  socket: Duplex,
  { deadlineMs }: Target,
): Promise<Heard> {
  const body = vector.method === 'POST' ? '{}' : ''
  const password: HeaderLine[] = vector.password ? [['Authorization', `Bearer ${passwordOf(vector)}`]] : []
  const lines: HeaderLine[] = [['Host', 'gateway:18789'], ...headers, ...password]
  if (body) lines.push(['Content-Type', 'application/json'], ['Content-Length', String(body.length)])
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      agent: new OneSocket(socket),
      method: vector.method,
      path: vector.target,
      headers: lines.flat(),
      signal: AbortSignal.timeout(deadlineMs),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ kind: 'http', status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      )
    })
    request.end(body)
  })
}

/** Raw header lines reach the wire as they are only with a socket of one's own. */
class OneSocket extends Agent {
  readonly #socket: Duplex

  constructor(socket: Duplex) {
    super({ keepAlive: false })
    this.#socket = socket
  }

  override createConnection(): Duplex {
    return this.#socket
  }
}

const frameSchema = z.looseObject({
  type: z.string(),
  event: z.string().optional(),
  id: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z
    .looseObject({
      nonce: z.string().optional(),
      auth: z.looseObject({ scopes: z.array(z.string()).optional() }).nullish(),
    })
    .optional(),
  error: z
    .looseObject({
      message: z.string(),
      details: z.looseObject({ code: z.string().optional(), authReason: z.string().optional() }).optional(),
    })
    .optional(),
})

function askWebSocket(
  vector: Extract<Vector, { over: 'websocket' }>,
  headers: readonly HeaderLine[],
  socket: Duplex,
  target: Target,
): Promise<Heard> {
  const client = new WebSocket('ws://gateway:18789/', {
    headers: foldLines(headers),
    createConnection: () => socket,
    perMessageDeflate: false,
    handshakeTimeout: target.deadlineMs,
  })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${vector.id}: no answer within ${target.deadlineMs} ms`)),
      target.deadlineMs,
    )
    const finish = (heard: Heard) => {
      clearTimeout(timer)
      client.terminate()
      resolve(heard)
    }
    let refused: z.infer<typeof frameSchema>['error']
    client.on('error', reject)
    client.on('unexpected-response', (_request, response) => {
      response.resume()
      finish({ kind: 'http', status: response.statusCode ?? 0, body: '' })
    })
    client.on('message', (message) => {
      const frame = frameSchema.parse(JSON.parse(message.toString()))
      if (frame.event === 'connect.challenge')
        client.send(JSON.stringify(connectFrame(vector, target.protocol, frame.payload?.nonce ?? '')))
      if (frame.type !== 'res') return
      if (frame.ok) finish({ kind: 'hello', scopes: frame.payload?.auth?.scopes })
      refused = frame.error
    })
    client.on('close', (close, reason) =>
      finish({
        kind: 'error',
        message: refused?.message ?? reason.toString(),
        code: refused?.details?.code,
        reason: refused?.details?.authReason,
        close,
      }),
    )
  })
}

function connectFrame(
  { connect, ...vector }: Extract<Vector, { over: 'websocket' }>,
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
    type: 'req',
    id: '1',
    method: 'connect',
    params: {
      minProtocol: spoken,
      maxProtocol: spoken,
      client: { id: clientId, version: '1.0.0', platform: 'linux', mode },
      role,
      ...(scopes && { scopes }),
      ...(connect.device && {
        device: freshDevice({ clientId, mode, role, scopes: scopes ?? [], ...auth, nonce }),
      }),
      ...(Object.keys(auth).length > 0 && { auth }),
    },
  }
}

function foldLines(lines: readonly HeaderLine[]): Record<string, string[]> {
  const folded: Record<string, string[]> = {}
  for (const [name, value] of lines) folded[name] = [...(folded[name] ?? []), value]
  return folded
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
