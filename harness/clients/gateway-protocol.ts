/**
 * The gateway's own handshake after a 101, which shows whether the client was accepted, and as which user (docs/gateways.md#g6-1-upgrade-and-connect):
 * `connect.challenge`, `connect`, hello-ok or an error with the reason, then `users.self` as the oracle of who.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ClientVerdict, Ending } from './exchange.ts'
import { notTheGateway } from './probe.ts'
import { freshDevice } from './signed-device.ts'
import type { FrameSocket, SocketEvent } from './websocket-frames.ts'

export type ConnectAs = {
  readonly clientId: string
  readonly clientMode: string
  /** Absent: a token that no gateway knows, because without any credential every refusal reads `DEVICE_IDENTITY_REQUIRED`. */
  readonly password?: string
  /** Shown and signed; then `operator.admin` is asked for. */
  readonly device?: 'fresh'
}

type Conversation = {
  readonly verdict: ClientVerdict
  /** How the gateway closed; absent where the client left first. */
  readonly close?: Close
  readonly ending?: Ending
  /** What kept the conversation from its end, in one sentence. */
  readonly fault?: string
}

type Close = { readonly code: number; readonly reason: string }

const errorSchema = z.looseObject({
  code: z.string().optional(),
  message: z.string().optional(),
  details: z.looseObject({ code: z.string().optional(), authReason: z.string().optional() }).nullish(),
})
const frameSchema = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z.unknown().optional(),
  error: errorSchema.nullish(),
})
export type Frame = z.infer<typeof frameSchema>

const presenceSchema = z.looseObject({
  instanceId: z.string().nullish(),
  ip: z.string().nullish(),
  user: z.looseObject({ email: z.string().nullish() }).nullish(),
})
const helloSchema = z.looseObject({
  controlUiUrl: z.string().nullish(),
  auth: z.looseObject({ method: z.string().nullish(), scopes: z.array(z.string()).nullish() }).nullish(),
  snapshot: z.looseObject({ presence: z.array(presenceSchema).nullish() }).nullish(),
})
const selfSchema = z.looseObject({ profile: z.looseObject({ emails: z.array(z.string()) }).nullish() })

const controlUi = 'openclaw-control-ui'

/** How the gateway answered `connect`. */
type Greeting =
  | { readonly kind: 'hello'; readonly hello: z.infer<typeof helloSchema> }
  | { readonly kind: 'refused'; readonly error: z.infer<typeof errorSchema>; readonly close?: Close }
  /** No answer came: it closed first, or something broke. */
  | { readonly kind: 'broken'; readonly fault: string; readonly close?: Close; readonly ending: Ending }

/**
 * Waits for the challenge, connects, and waits for the answer; after a refusal also for the close. Does not reject; the caller
 * calls `socket.expire()` at the deadline.
 * @param as how to connect, or the parameters of `connect` as a whole, made of the challenge's nonce
 */
export async function greet(
  socket: FrameSocket,
  as: ConnectAs | ((nonce: string) => unknown),
  instanceId = randomUUID(),
): Promise<Greeting> {
  const challenge = await frameThat(socket, ({ event }) => event === 'connect.challenge')
  if (challenge.kind !== 'frame') return broken(challenge, 'connect.challenge')
  const nonce = challengeSchema.safeParse(challenge.frame.payload).data?.nonce ?? ''
  return await connect(socket, typeof as === 'function' ? as(nonce) : connectParameters(as, instanceId, nonce))
}

/** Connects without a challenge, and waits as `greet` does. */
export async function connect(socket: FrameSocket, parameters: unknown): Promise<Greeting> {
  socket.send(requestFrame('connect', 'connect', parameters))
  const answer = await frameThat(socket, ({ id }) => id === 'connect')
  if (answer.kind !== 'frame') return broken(answer, 'an answer to connect')
  if (answer.frame.ok === true) return { kind: 'hello', hello: helloSchema.safeParse(answer.frame.payload).data ?? {} }
  const farewell = await frameThat(socket, () => false)
  return { kind: 'refused', error: answer.frame.error ?? {}, ...closeOf(farewell) }
}

const challengeSchema = z.looseObject({ nonce: z.string() })

/** Goes through the handshake once, and asks as which user the gateway accepted. Does not reject. */
export async function converse(socket: FrameSocket, as: ConnectAs): Promise<Conversation> {
  const instanceId = randomUUID()
  const greeting = await greet(socket, as, instanceId)
  switch (greeting.kind) {
    case 'broken':
      return brokenConversation(greeting)
    case 'refused': {
      // The Control UI must not show a token: its refusals would name the token, not the identity.
      const credentials = as.password !== undefined || as.clientId !== controlUi
      return { verdict: refusal(greeting.error, credentials), ...(greeting.close && { close: greeting.close }) }
    }
    case 'hello':
  }
  const { auth, snapshot } = greeting.hello
  const entries = snapshot?.presence ?? []
  // A gateway that does not distinguish instances has at most this connection's entry.
  const own =
    entries.find((entry) => entry.instanceId === instanceId) ?? (entries.length === 1 ? entries[0] : undefined)
  socket.send(requestFrame('self', 'users.self', {}))
  const self = await frameThat(socket, ({ id }) => id === 'self')
  const emails = self.kind === 'frame' ? selfSchema.safeParse(self.frame.payload).data?.profile?.emails : undefined
  const user = auth?.method === 'password' ? 'local' : (emails?.[0] ?? own?.user?.email)
  return {
    verdict: { kind: 'accepted', ...(user && { user }), ...(own?.ip && { client: own.ip }) },
    ...(self.kind === 'frame' ? {} : closeOf(self)),
  }
}

/** Close code 1008 is a refusal by the gateway; other codes may come from any peer. */
function brokenConversation({ close, fault, ending }: Extract<Greeting, { kind: 'broken' }>): Conversation {
  if (close === undefined) return { verdict: notTheGateway, ending, fault }
  const { code, reason } = close
  return { verdict: code === 1008 ? { kind: 'refused', ...(reason && { reason }) } : notTheGateway, close }
}

/** @param nonce of the challenge, for the device's signature */
function connectParameters(
  { clientId, clientMode, password, device }: ConnectAs,
  instanceId: string,
  nonce: string,
): unknown {
  const client = { id: clientId, version: '1.0.0', platform: 'linux', mode: clientMode, instanceId }
  const token = password === undefined && clientId !== controlUi ? 'of-no-gateway' : undefined
  const auth = password !== undefined ? { password } : token !== undefined ? { token } : undefined
  const role = 'operator'
  const scopes = ['operator.admin']
  const signed = { clientId, mode: clientMode, role, scopes, ...(token !== undefined && { token }), nonce }
  // Protocol 3 up to 2026.4.27 and in the CoderClaw lineage, 4 from 2026.5.12: a range that has both is taken by all.
  return {
    minProtocol: 3,
    maxProtocol: 4,
    client,
    role,
    ...(auth && { auth }),
    ...(device && { scopes, device: freshDevice(signed) }),
  }
}

/** Refusals that come after authentication: the identity was believed, but the client is no paired device or an old page. */
const afterAuthentication = /device identity required|pairing required|Control UI updated/i

function refusal(error: z.infer<typeof errorSchema>, credentials: boolean): ClientVerdict {
  const message = error.message ?? ''
  // With credentials, a failed authentication is reported before these, so these mean that it succeeded.
  if (credentials && afterAuthentication.test(message)) return { kind: 'accepted' }
  const opaque = message === 'unauthorized' ? undefined : message
  const reason = error.details?.authReason ?? error.details?.code ?? opaque ?? undefined
  return { kind: 'refused', ...(reason && { reason }) }
}

type Heard = { readonly kind: 'frame'; readonly frame: Frame } | Exclude<SocketEvent, { kind: 'text' | 'pong' }>

/** Passes over everything else: ticks, health, presence. */
async function frameThat(socket: FrameSocket, wanted: (frame: Frame) => boolean): Promise<Heard> {
  for (;;) {
    const event = await socket.next()
    switch (event.kind) {
      case 'pong':
        continue
      case 'text': {
        const frame = parseFrame(event.text)
        if (frame !== undefined && wanted(frame)) return { kind: 'frame', frame }
        continue
      }
      default:
        return event
    }
  }
}

function broken(event: Exclude<Heard, { kind: 'frame' }>, awaited: string): Extract<Greeting, { kind: 'broken' }> {
  switch (event.kind) {
    case 'close': {
      const fault = `the WebSocket closed with ${event.code} before ${awaited} came`
      return { kind: 'broken', fault, ending: 'closed', ...closeOf(event) }
    }
    case 'end':
      return { kind: 'broken', fault: `the WebSocket ended before ${awaited} came`, ending: 'closed' }
    case 'deadline':
      return { kind: 'broken', fault: `no ${awaited} came over the WebSocket in time`, ending: 'unfinished' }
  }
}

function closeOf(event: Heard): { readonly close?: Close } {
  return event.kind === 'close' ? { close: { code: event.code, reason: event.reason } } : {}
}

/** A request of the gateway's protocol as text. */
export function requestFrame(id: string, method: string, params: unknown): string {
  return JSON.stringify({ type: 'req', id, method, params })
}

/** `undefined` for what is no frame of the gateway's protocol. */
export function parseFrame(text: string): Frame | undefined {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
