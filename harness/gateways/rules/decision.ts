/** Identity: which user the request is accepted as, and the password fallback (docs/gateways.md#g3-identity). */

import type { HeaderLine } from '../../plan/case.ts'
import type { Attribution, Verdict } from '../recording/arrival.ts'
import { canonicalAddress, isLoopback } from './addresses.ts'
import { attribute, isTrustedPeer } from './attribution.ts'
import { headerText, headerValue } from './header-lines.ts'
import { originAllowed } from './origin.ts'
import type { Decision, Evidence, Policy } from './policy.ts'

/** Refusal reasons whose HTTP answer is not 401. */
const statusOf: Readonly<Record<string, number>> = { proxy_attribution_required: 403, rate_limited: 429 }

/** The opaque HTTP status of a refusal: 403 for attribution, 429 for the rate limit, 401 for everything else. */
function refusalStatus(reason: string): number {
  return statusOf[reason] ?? 401
}

/** The password in `Authorization: Bearer …`. */
export function bearerPassword(headers: readonly HeaderLine[]): string | undefined {
  return /^bearer\s+(.+)$/i.exec(headerText(headers, 'authorization') ?? '')?.[1]?.trim()
}

/** Decides one request, in the gateway's order. On a WebSocket the origin belongs to `connect` and is not looked at here. */
export function decide(evidence: Evidence, { decideInstead, ...policy }: Policy): Decision {
  if (decideInstead) return decideInstead(evidence, policy)
  const attribution = attribute(evidence.peer, evidence.headers, policy)
  const refuse = (reason: string): Decision => ({ attribution, verdict: refusal(reason, evidence.transport) })
  if (policy.profile.attribution === 'enforced' && attribution.kind === 'unattributable-proxy') {
    // Before any authentication: on an upgrade too the answer is HTTP 403, and no 101.
    return { attribution, verdict: { kind: 'refused', reason: 'proxy_attribution_required', status: 403 } }
  }
  const identity = identify(evidence, attribution, policy)
  if (identity.kind === 'refused') {
    return passwordFallback(evidence, attribution, policy) ?? refuse(identity.reason)
  }
  if (
    policy.profile.attribution === 'enforced' &&
    identity.method === 'trusted-proxy' &&
    attribution.kind !== 'trusted-proxy'
  ) {
    return refuse('proxy_attribution_required')
  }
  if (evidence.transport === 'http' && policy.profile.checksHttpOrigin && !originAllowed(evidence.headers, policy)) {
    return refuse('trusted_proxy_origin_not_allowed')
  }
  return { attribution, verdict: identity }
}

/** Checks 1 to 6, without the fallback (docs/gateways.md#g3-1-order-of-the-checks). */
function identify(evidence: Evidence, attribution: Attribution, policy: Policy): Verdict {
  const { config, profile } = policy
  const no = (reason: string): Verdict => refusal(reason, evidence.transport)
  const peer = canonicalAddress(evidence.peer)
  if (!peer || !isTrustedPeer(peer, policy)) return no('trusted_proxy_untrusted_source')

  const claimed = headerValue(evidence.headers, config.userHeader)
  // openclaw#26007: only a direct local request without the user header; a forwarded anonymous one must stay anonymous.
  // docs/gateways.md#g4-3-proposed-loopbackuser
  if (config.loopbackUser && attribution.kind === 'direct-local' && claimed === undefined) {
    return allowed(config.loopbackUser, policy)
      ? { kind: 'accepted', user: config.loopbackUser, method: 'loopback-user' }
      : no('trusted_proxy_user_not_allowed')
  }
  if (isLoopback(peer)) {
    if (profile.refusesLoopbackSource && !config.allowLoopback) return no('trusted_proxy_loopback_source')
  } else if (profile.refusesOwnAddress) {
    if (!evidence.ownAddresses) return no('trusted_proxy_local_interface_check_failed')
    if (evidence.ownAddresses.some((own) => canonicalAddress(own) === peer)) {
      return no('trusted_proxy_local_interface_source')
    }
  }
  const missing = config.requiredHeaders.find((name) => headerText(evidence.headers, name) === undefined)
  if (missing !== undefined) return no(`trusted_proxy_missing_header_${missing}`)
  const user = claimed?.trim()
  if (!user) return no('trusted_proxy_user_missing')
  if (!allowed(user, policy)) return no('trusted_proxy_user_not_allowed')
  return { kind: 'accepted', user, method: 'trusted-proxy' }
}

/** Exact and case-sensitive; an empty list allows everyone. */
function allowed(user: string, { config }: Policy): boolean {
  return config.allowUsers.length === 0 || config.allowUsers.includes(user)
}

/** Only for a clean local connection, only when a password is configured and the client sends one. */
function passwordFallback(evidence: Evidence, attribution: Attribution, policy: Policy): Decision | undefined {
  const { config, profile } = policy
  if (!profile.passwordFallback || attribution.kind !== 'direct-local') return undefined
  if (!config.password || !evidence.password) return undefined
  if (evidence.passwordLocked) return { attribution, verdict: refusal('rate_limited', evidence.transport) }
  if (evidence.password !== config.password) {
    return { attribution, verdict: refusal('password_mismatch', evidence.transport), passwordTried: 'wrong' }
  }
  return {
    attribution,
    verdict: { kind: 'accepted', user: 'local', method: 'password' },
    passwordTried: 'right',
  }
}

function refusal(reason: string, transport: 'http' | 'websocket'): Extract<Verdict, { kind: 'refused' }> {
  // On a WebSocket the refusal comes after the 101: an error frame to `connect`, then close 1008.
  return transport === 'http'
    ? { kind: 'refused', reason, status: refusalStatus(reason) }
    : { kind: 'refused', reason, close: 1008 }
}
