/**
 * The gateway's own handshake after a 101, which alone tells whether anybody was let in, and as whom (docs/gateways.md#g6-1-upgrade-and-connect):
 * `connect.challenge`, `connect`, hello-ok or an error with the reason, then `users.self` as the oracle of who.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { freshDevice } from '../gateways/contract/signed-device.ts'
import type { ClientVerdict } from './exchange.ts'
import { notTheGateway } from './probe.ts'
import type { FrameSocket, SocketEvent } from './websocket-frames.ts'

export type ConnectAs = {
  readonly clientId: string
  readonly clientMode: string
  /** Absent: a token that no gateway knows, because without any credential every refusal reads `DEVICE_IDENTITY_REQUIRED`. */
  readonly password?: string
  /** Shown and signed; then `operator.admin` is asked for. */
  readonly device?: 'fresh'
}

export type Conversation = {
  readonly verdict: ClientVerdict
  /** How the gateway closed; absent where the client left first. */
  readonly close?: { readonly code: number; readonly reason: string }
  /** What kept the conversation from its end, in one sentence. */
  readonly fault?: string
}

const frameSchema = z.looseObject({
  type: z.string(),
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z.unknown().optional(),
  error: z
    .looseObject({
      code: z.string().optional(),
      message: z.string().optional(),
      details: z.looseObject({ code: z.string().optional(), authReason: z.string().optional() }).nullish(),
    })
    .nullish(),
})
type Frame = z.infer<typeof frameSchema>

const presenceSchema = z.looseObject({
  instanceId: z.string().nullish(),
  ip: z.string().nullish(),
  user: z.looseObject({ email: z.string().nullish() }).nullish(),
})
const helloSchema = z.looseObject({
  auth: z.looseObject({ method: z.string().nullish() }).nullish(),
  snapshot: z.looseObject({ presence: z.array(presenceSchema).nullish() }).nullish(),
})
const selfSchema = z.looseObject({ profile: z.looseObject({ emails: z.array(z.string()) }).nullish() })

const controlUi = 'openclaw-control-ui'

/** Goes through the handshake once. Does not reject; `socket` must be told of its deadline by its owner. */
export async function converse(socket: FrameSocket, as: ConnectAs): Promise<Conversation> {
  const challenge = await frameThat(socket, ({ event }) => event === 'connect.challenge')
  if (challenge.kind !== 'frame') return broken(challenge, 'connect.challenge')
  const instanceId = randomUUID()
  // The Control UI must not show a token: its refusals would name the token, not the identity.
  const credentials = as.password !== undefined || as.clientId !== controlUi
  ask(socket, 'connect', 'connect', connectParameters(as, instanceId, nonceOf(challenge.frame)))
  const answer = await frameThat(socket, ({ id }) => id === 'connect')
  if (answer.kind !== 'frame') return broken(answer, 'an answer to connect')
  if (answer.frame.ok !== true) {
    const farewell = await frameThat(socket, () => false)
    return { verdict: refusal(answer.frame, credentials), ...closeOf(farewell) }
  }
  const hello = helloSchema.safeParse(answer.frame.payload)
  const entries = hello.data?.snapshot?.presence ?? []
  // A gateway that tells no instance apart has only this connection's entry, if any.
  const own =
    entries.find((entry) => entry.instanceId === instanceId) ?? (entries.length === 1 ? entries[0] : undefined)
  ask(socket, 'self', 'users.self', {})
  const self = await frameThat(socket, ({ id }) => id === 'self')
  const emails = self.kind === 'frame' ? selfSchema.safeParse(self.frame.payload).data?.profile?.emails : undefined
  const user = hello.data?.auth?.method === 'password' ? 'local' : (emails?.[0] ?? own?.user?.email)
  return {
    verdict: { kind: 'accepted', ...(user && { user }), ...(own?.ip && { client: own.ip }) },
    ...(self.kind === 'frame' ? {} : closeOf(self)),
  }
}

/** @param nonce of the challenge, for the device's signature */
export function connectParameters(
  { clientId, clientMode, password, device }: ConnectAs,
  instanceId: string,
  nonce = '',
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

const challengeSchema = z.looseObject({ nonce: z.string() })

function nonceOf({ payload }: Frame): string | undefined {
  return challengeSchema.safeParse(payload).data?.nonce
}

/** Refusals that come after authentication: the identity was believed, but the client is no paired device or an old page. */
const afterAuthentication = /device identity required|pairing required|Control UI updated/i

function refusal({ error }: Frame, credentials: boolean): ClientVerdict {
  const message = error?.message ?? ''
  // With credentials shown a failed authentication is told as such first, so these mean that it succeeded.
  if (credentials && afterAuthentication.test(message)) return { kind: 'accepted' }
  const opaque = message === 'unauthorized' ? undefined : message
  const reason = error?.details?.authReason ?? error?.details?.code ?? opaque ?? undefined
  return { kind: 'refused', ...(reason && { reason }) }
}

type Heard = { readonly kind: 'frame'; readonly frame: Frame } | Exclude<SocketEvent, { kind: 'text' }>

/** Passes over everything else: ticks, health, presence. */
async function frameThat(socket: FrameSocket, wanted: (frame: Frame) => boolean): Promise<Heard> {
  for (;;) {
    const event = await socket.next()
    if (event.kind !== 'text') return event
    const frame = parse(event.text)
    if (frame !== undefined && wanted(frame)) return { kind: 'frame', frame }
  }
}

function broken(event: Exclude<SocketEvent, { kind: 'text' }>, awaited: string): Conversation {
  switch (event.kind) {
    case 'close': {
      const verdict: ClientVerdict =
        event.code === 1008 ? { kind: 'refused', ...(event.reason && { reason: event.reason }) } : notTheGateway
      return { verdict, ...closeOf(event) }
    }
    case 'end':
      return { verdict: notTheGateway, fault: `the WebSocket ended before ${awaited} came` }
    case 'deadline':
      return { verdict: notTheGateway, fault: `no ${awaited} came over the WebSocket in time` }
  }
}

function closeOf(event: Heard): Pick<Conversation, 'close'> {
  return event.kind === 'close' ? { close: { code: event.code, reason: event.reason } } : {}
}

function ask(socket: FrameSocket, id: string, method: string, params: unknown): void {
  socket.send(JSON.stringify({ type: 'req', id, method, params }))
}

function parse(text: string): Frame | undefined {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
