/** How a gateway judges the `connect` frame of a WebSocket (docs/gateways.md#g6-websocket). */
import { z } from 'zod'
import type { Verdict } from '../recording/arrival.ts'
import { isLoopback } from './addresses.ts'
import { decide } from './decision.ts'
import { headerText } from './header-lines.ts'
import { originAllowed, sameHostOrigin } from './origin.ts'
import type { Decision, Evidence, Policy } from './policy.ts'
import { capped } from './scopes.ts'

export const connectSchema = z.looseObject({
  minProtocol: z.int(),
  maxProtocol: z.int(),
  client: z.looseObject({ id: z.string().min(1), mode: z.string().min(1), buildId: z.string().optional() }),
  role: z.string().default('operator'),
  scopes: z.array(z.string()).default([]),
  /** Only its presence counts: the reference gateway verifies no signature, since a fresh device needs pairing anyway. */
  device: z.looseObject({ id: z.string() }).optional(),
  auth: z.looseObject({ token: z.string().optional(), password: z.string().optional() }).optional(),
})
export type Connect = z.infer<typeof connectSchema>

/** The handshake's answer on the wire. */
export type ConnectAnswer =
  | { readonly kind: 'hello'; readonly scopes: readonly string[] }
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message: string
      readonly details?: Readonly<Record<string, unknown>>
      readonly close: number
      readonly closeReason: string
    }

export type ConnectJudgement = Decision & {
  readonly answer: ConnectAnswer
}

const originMessage =
  'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)'
/** Where the message says more than that it is refused. */
export const refusalMessages: Readonly<Record<string, string>> = {
  password_mismatch: 'unauthorized: gateway password mismatch (provide gateway auth password)',
}
const browserClients = ['openclaw-control-ui', 'openclaw-browser-copilot', 'webchat-ui']

/** What a plain client sends: the judgement of an upgrade before its `connect` is known. */
export function plainConnect({ profile }: Policy): Connect {
  return {
    minProtocol: profile.protocol,
    maxProtocol: profile.protocol,
    client: { id: 'test', mode: 'test' },
    role: 'operator',
    scopes: [],
  }
}

/**
 * Judges one `connect`. The `verdict` is the authentication's own: the identity that was believed, or the real reason.
 * The `answer` is what the client hears, which may hide the reason (`DEVICE_IDENTITY_REQUIRED`) or ask a believed identity for a device or pairing.
 * @param upgrade the upgrade request; the frame's password is added here
 * @param buildId the Control UI build that the gateway serves
 */
export function judgeConnect(
  connect: Connect,
  upgrade: Omit<Evidence, 'password' | 'transport'>,
  policy: Policy,
  buildId: string,
): ConnectJudgement {
  const { profile } = policy
  const decision = decide(
    { ...upgrade, transport: 'websocket', ...(connect.auth?.password && { password: connect.auth.password }) },
    policy,
  )
  if (connect.minProtocol > profile.protocol || connect.maxProtocol < profile.protocol) {
    const answer = error('INVALID_REQUEST', 'protocol mismatch', 1002, {
      code: 'PROTOCOL_MISMATCH',
      expectedProtocol: profile.protocol,
    })
    return { attribution: decision.attribution, verdict: refusedBy('PROTOCOL_MISMATCH', 1002), answer }
  }
  if (!socketOriginAllowed(connect, upgrade, policy)) {
    const answer = error('INVALID_REQUEST', originMessage, 1008, { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' })
    return { attribution: decision.attribution, verdict: refusedBy('CONTROL_UI_ORIGIN_NOT_ALLOWED', 1008), answer }
  }
  const { verdict } = decision
  if (verdict.kind === 'refused') return { ...decision, answer: refusalAnswer(verdict.reason, connect, policy) }
  return { ...decision, answer: welcome(verdict, decision, connect, upgrade, policy, buildId) }
}

function socketOriginAllowed(connect: Connect, upgrade: Pick<Evidence, 'headers'>, policy: Policy): boolean {
  const browser = browserClients.includes(connect.client.id) || connect.client.mode === 'webchat'
  switch (policy.profile.checksSocketOrigin) {
    case 'none':
      return true
    case 'browser-clients':
      if (!browser) return true
      break
    case 'all':
      break
  }
  if (browser && headerText(upgrade.headers, 'origin') === undefined) return false
  return originAllowed(upgrade.headers, policy)
}

/** Without a device and without credentials every failure looks the same; with either, the reason is told. */
function refusalAnswer(reason: string, connect: Connect, { profile }: Policy): ConnectAnswer {
  const credentials = Boolean(connect.auth?.token || connect.auth?.password)
  if (!connect.device && !credentials) return deviceRequired(profile.detailsOnWire)
  const details = { code: detailsCode(reason, profile.missingHeaderCode), authReason: reason }
  const message = refusalMessages[reason] ?? 'unauthorized'
  return error('INVALID_REQUEST', message, 1008, profile.detailsOnWire ? details : undefined, 'unauthorized')
}

function detailsCode(reason: string, missingHeaderCode: string): string {
  if (reason.startsWith('trusted_proxy_missing_header_')) return missingHeaderCode
  if (reason === 'password_mismatch') return 'AUTH_PASSWORD_MISMATCH'
  if (reason === 'rate_limited') return 'AUTH_RATE_LIMITED'
  return 'AUTH_UNAUTHORIZED'
}

/** A believed identity still needs a device on some gateways, and a fresh device needs pairing on all. */
function welcome(
  verdict: Extract<Verdict, { kind: 'accepted' }>,
  decision: Decision,
  connect: Connect,
  upgrade: Omit<Evidence, 'password' | 'transport'>,
  policy: Policy,
  buildId: string,
): ConnectAnswer {
  const { config, profile } = policy
  const byPassword = verdict.method === 'password'
  const silent = connect.device !== undefined && pairsSilently(decision, connect, upgrade, policy)
  const approved = connect.device && verdict.method === 'trusted-proxy' && approvedScopes(connect, policy)
  if (approved) return { kind: 'hello', scopes: capped(approved, upgrade.headers, policy) }
  if (connect.device && !silent && decision.attribution.kind !== 'direct-local') {
    return error(
      'NOT_PAIRED',
      profile.pairingMessage,
      1008,
      profile.detailsOnWire ? { code: 'PAIRING_REQUIRED' } : undefined,
    )
  }
  if (!connect.device && profile.deviceless === 'refused') return deviceRequired(profile.detailsOnWire)
  if (profile.checksControlUiBuild && staleControlUi(connect, upgrade, buildId)) {
    return error(
      'UNAVAILABLE',
      'protocol mismatch: Control UI updated; reload this page to continue',
      1008,
      { code: 'PROTOCOL_MISMATCH' },
      'protocol mismatch: Control UI updated; reload this page',
    )
  }
  if (silent)
    // Whatever it asks for, up to operator.admin.
    return { kind: 'hello', scopes: connect.scopes }
  const keeps = byPassword
    ? profile.passwordScopes === 'kept' || connect.client.mode === 'backend'
    : profile.declaredScopes === 'kept'
  const declared = keeps ? connect.scopes : []
  const granted = byPassword ? [] : (config.identityScopes[verdict.user] ?? [])
  return { kind: 'hello', scopes: capped([...new Set([...declared, ...granted])], upgrade.headers, policy) }
}

/**
 * What `deviceAutoApprove` gives a new device of a browser or a native app: what it asks for, as far as the list goes, or the whole list
 * (docs/gateways.md#g6-4-devices-and-pairing). @returns nothing where the device has to be paired
 */
function approvedScopes({ client, role, scopes }: Connect, { config }: Policy): readonly string[] | undefined {
  const { autoApprovedScopes: most } = config
  const byUser = browserClients.includes(client.id) || client.mode === 'webchat' || client.mode === 'ui'
  if (most === undefined || role !== 'operator' || !byUser) return undefined
  return scopes.length === 0 ? most : scopes.filter((scope) => most.includes(scope))
}

/** The attributed address and `Host` decide whether a new device is local (docs/gateways.md#g6-4-devices-and-pairing). */
function pairsSilently(
  { attribution }: Decision,
  connect: Connect,
  upgrade: Pick<Evidence, 'headers'>,
  { profile }: Policy,
): boolean {
  if (profile.silentPairing.includes('everybody')) return true
  if (profile.silentPairing.includes('control-ui') && connect.client.id === 'openclaw-control-ui') return true
  if (!profile.silentPairing.includes('local')) return false
  const hostname = URL.parse(`http://${headerText(upgrade.headers, 'host') ?? ''}`)?.hostname ?? ''
  const localHost = hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
  return localHost && attribution.kind === 'trusted-proxy' && isLoopback(attribution.client)
}

function staleControlUi(connect: Connect, upgrade: Pick<Evidence, 'headers'>, buildId: string): boolean {
  if (connect.client.id !== 'openclaw-control-ui' || !sameHostOrigin(upgrade.headers)) return false
  return connect.client.buildId !== buildId && connect.client.buildId !== 'dev'
}

function refusedBy(reason: string, close: number): Verdict {
  return { kind: 'refused', reason, close }
}

function deviceRequired(withDetails: boolean): ConnectAnswer {
  const details = withDetails ? { code: 'DEVICE_IDENTITY_REQUIRED' } : undefined
  return error('NOT_PAIRED', 'device identity required', 1008, details)
}

function error(
  code: string,
  message: string,
  close: number,
  details?: Readonly<Record<string, unknown>>,
  closeReason = message,
): ConnectAnswer {
  return { kind: 'error', code, message, ...(details && { details }), close, closeReason }
}
