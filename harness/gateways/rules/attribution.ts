/** Attribution: whose request this is on the network, before any authentication (docs/gateways.md#g2-attribution). */

import type { HeaderLine } from '../../plan/case.ts'
import type { Attribution } from '../recording/arrival.ts'
import { canonicalAddress, covers, hopAddress, isLoopback } from './addresses.ts'
import { headerText, headerValue } from './header-lines.ts'
import type { Policy } from './policy.ts'

/** Names that show that a request was forwarded, whatever their value (docs/gateways.md#g2-2-proxy-headers). */
export function isProxyHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return (
    lower === 'forwarded' ||
    lower === 'x-real-ip' ||
    lower.startsWith('x-forwarded-') ||
    lower.startsWith('tailscale-user-') ||
    lower === 'tailscale-funnel-request' ||
    lower === 'tailscale-headers-info'
  )
}

/** Whether the peer is listed in `trustedProxies`. */
export function isTrustedPeer(peer: string, { config, profile }: Policy): boolean {
  return config.trustedProxies.some((entry) => covers(entry, peer, profile.mappedRanges))
}

/**
 * Attributes a request to the peer itself or to the client behind a trusted proxy.
 * @param peer the TCP peer's address, never from a header
 */
export function attribute(peer: string, headers: readonly HeaderLine[], policy: Policy): Attribution {
  const forwarded = headers.some(([name]) => isProxyHeader(name))
  if (isLoopback(peer) && !forwarded) return { kind: 'direct-local' }
  if (isTrustedPeer(peer, policy)) {
    const client = clientAddress(headers, policy)
    return client ? { kind: 'trusted-proxy', client } : { kind: 'unattributable-proxy' }
  }
  return forwarded ? { kind: 'unattributable-proxy' } : { kind: 'direct-remote' }
}

/** `Forwarded` (RFC 7239) is evidence of a proxy but never parsed for the address. */
function clientAddress(headers: readonly HeaderLine[], policy: Policy): string | undefined {
  const hops = (headerValue(headers, 'x-forwarded-for') ?? '')
    .split(',')
    .map(hopAddress)
    .filter((hop) => hop !== undefined)
  const client = chosenHop(hops, policy)
  if (client) return client
  const realIp = policy.config.allowRealIpFallback ? headerText(headers, 'x-real-ip') : undefined
  const address = realIp && canonicalAddress(realIp)
  return address && !isLoopback(address) ? address : undefined
}

function chosenHop(hops: readonly string[], policy: Policy): string | undefined {
  switch (policy.profile.clientHop) {
    case 'leftmost':
      return hops[0]
    case 'rightmost-untrusted':
      return hops.findLast((hop) => !isTrustedPeer(hop, policy))
    case 'rightmost-untrusted-remote':
      return hops.findLast((hop) => !isLoopback(hop) && !isTrustedPeer(hop, policy))
  }
}
