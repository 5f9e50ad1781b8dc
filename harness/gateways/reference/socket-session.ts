/** One WebSocket after its 101: challenge, `connect`, the answer, and the few methods that tell who the gateway takes one for. */
import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { RawData, WebSocket } from 'ws'
import { z } from 'zod'
import { type Connect, type ConnectAnswer, type ConnectJudgement, connectSchema } from '../rules/connect.ts'
import type { Policy } from '../rules/policy.ts'
import { permits } from '../rules/scopes.ts'

type SessionContext = {
  readonly policy: Policy
  /** Judges the frame and records the verdict; resolves when the readers of the recording have it. */
  readonly judge: (connect: Connect) => Promise<ConnectJudgement>
  /** Called once when the connection stops being unauthenticated, whichever way. */
  readonly settled: () => void
  /** Milliseconds without `connect` after which the gateway closes with 1000. */
  readonly connectDeadlineMs: number
}

const frameSchema = z.looseObject({
  type: z.literal('req'),
  id: z.string(),
  method: z.string(),
  params: z.unknown().optional(),
})
type Frame = z.infer<typeof frameSchema>
type Session = { readonly judgement: ConnectJudgement; readonly scopes: readonly string[] }

/** Serves the socket until it closes. */
export function serveSocket(socket: WebSocket, context: SessionContext): void {
  let session: Session | undefined
  let turn = Promise.resolve()
  const timer = setTimeout(() => socket.close(1000), context.connectDeadlineMs)
  const settle = () => {
    clearTimeout(timer)
    context.settled()
  }
  const take = async (message: RawData): Promise<void> => {
    const frame = parseFrame(message)
    if (session) {
      if (frame) send(socket, response(frame, session, context.policy))
      return
    }
    clearTimeout(timer)
    const connect = frame?.method === 'connect' ? connectSchema.safeParse(frame.params) : undefined
    if (!frame || !connect?.success) {
      if (frame) send(socket, failure(frame.id, 'INVALID_REQUEST', 'invalid handshake: first request must be connect'))
      socket.close(1008, 'invalid request frame')
      return
    }
    const judgement = await context.judge(connect.data)
    session = greet(socket, frame.id, judgement, connect.data, context.policy)
    settle()
  }
  // Frames are taken one after the other: a request behind `connect` waits for its judgement.
  socket.on('message', (message) => {
    turn = turn.then(() => take(message)).catch(() => socket.close(1011))
  })
  // `ws` closes by itself with the right code (1009 for a frame over 64 KiB).
  socket.on('error', () => {})
  socket.on('close', settle)
  send(socket, { type: 'event', event: 'connect.challenge', payload: { nonce: randomUUID(), ts: Date.now() } })
}

export const notAWorker = 'invalid-handshake'

/** The WebSocket of workers asks for nothing and takes no identity: whatever comes first, it is no worker's (docs/gateways.md#g8-3-paths-without-an-identity). */
export function refuseWorker(socket: WebSocket, settled: () => void): void {
  socket.once('message', () => socket.close(1008, notAWorker))
  socket.on('error', () => {})
  socket.on('close', settled)
}

function greet(
  socket: WebSocket,
  id: string,
  judgement: ConnectJudgement,
  connect: Connect,
  policy: Policy,
): Session | undefined {
  const { answer } = judgement
  if (answer.kind === 'error') {
    send(socket, failure(id, answer.code, answer.message, answer.details))
    socket.close(answer.close, answer.closeReason)
    return undefined
  }
  send(socket, { type: 'res', id, ok: true, payload: hello(judgement, answer, connect, policy) })
  return { judgement, scopes: answer.scopes }
}

function hello(
  { verdict, attribution }: ConnectJudgement,
  answer: Extract<ConnectAnswer, { kind: 'hello' }>,
  connect: Connect,
  { profile, config }: Policy,
): unknown {
  const user = verdict.kind === 'accepted' && verdict.method !== 'password' ? verdict.user : undefined
  const presence = {
    ...(profile.tellsIdentity && user !== undefined && { user: { id: user, email: user } }),
    ...(attribution.kind === 'trusted-proxy' && { ip: attribution.client }),
    mode: connect.client.mode,
    reason: 'connect',
    ts: Date.now(),
  }
  const method = verdict.kind === 'accepted' ? verdict.method : undefined
  const auth = { ...(profile.helloAuth === 'method' && { method }), role: connect.role, scopes: answer.scopes }
  return {
    type: 'hello-ok',
    protocol: profile.protocol,
    server: { version: 'reference', connId: randomUUID() },
    features: { methods: ['health', 'status', 'users.self'], events: ['connect.challenge', 'presence'] },
    snapshot: { presence: [presence], health: {}, uptimeMs: Math.round(performance.now()) },
    ...(profile.helloAuth !== 'none' && { auth }),
    ...(profile.surface === 'current' && config.publicOrigin !== undefined && { controlUiUrl: config.publicOrigin }),
    policy: { maxPayload: 65_536, maxBufferedBytes: 1_048_576, tickIntervalMs: 30_000 },
  }
}

function response(frame: Frame, { judgement, scopes }: Session, { profile }: Policy): unknown {
  const ok = (payload: unknown) => ({ type: 'res', id: frame.id, ok: true, payload })
  // Up to 2026.3.28 a session without declared scopes may do everything (docs/gateways.md#g7-2-scopes-of-a-websocket).
  const mayRead = profile.helloAuth === 'none' || permits(scopes, 'operator.read')
  const forbidden = failure(frame.id, 'INVALID_REQUEST', 'missing scope: operator.read')
  switch (frame.method) {
    case 'health':
      return ok({ ok: true })
    case 'status':
      return mayRead ? ok({ sessions: { count: 0 } }) : forbidden
    case 'users.self': {
      if (!profile.tellsIdentity) break
      if (!mayRead) return forbidden
      const { verdict } = judgement
      const user = verdict.kind === 'accepted' && verdict.method !== 'password' ? verdict.user : undefined
      return ok({ profile: user === undefined ? null : { id: user, emails: [user] } })
    }
  }
  return failure(frame.id, 'INVALID_REQUEST', `unknown method: ${frame.method}`)
}

function failure(id: string, code: string, message: string, details?: Readonly<Record<string, unknown>>): unknown {
  return { type: 'res', id, ok: false, error: { code, message, ...(details && { details }) } }
}

function parseFrame(message: RawData): Frame | undefined {
  try {
    const parsed = frameSchema.safeParse(JSON.parse(message.toString()))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function send(socket: WebSocket, value: unknown): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(value))
}
