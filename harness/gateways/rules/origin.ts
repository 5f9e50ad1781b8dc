/** The gateway's rule on browser origins (docs/gateways.md#g5-browser-origin). */
import type { HeaderLine } from '../../plan/case.ts'
import { isPrivateAddress } from './addresses.ts'
import { headerText } from './header-lines.ts'
import type { Policy } from './policy.ts'

/** `true` without an `Origin` line: only browsers send one, and only they can be abused by another site. */
export function originAllowed(headers: readonly HeaderLine[], { config }: Policy): boolean {
  const origin = headerText(headers, 'origin')
  if (origin === undefined) return true
  if (config.allowedOrigins.includes('*')) return true
  const parsed = URL.parse(origin)
  if (!parsed || parsed.origin === 'null') return false
  const lower = origin.toLowerCase()
  if (config.allowedOrigins.some((entry) => entry.trim().toLowerCase() === lower)) return true
  return parsed.host === headerText(headers, 'host')?.toLowerCase() && isPrivateHost(parsed.hostname)
}

/** Whether the page was loaded from the very host that it talks to. */
export function sameHostOrigin(headers: readonly HeaderLine[]): boolean {
  const origin = URL.parse(headerText(headers, 'origin') ?? '')
  return origin !== null && origin.host === headerText(headers, 'host')?.toLowerCase()
}

function isPrivateHost(hostname: string): boolean {
  if (hostname.endsWith('.local') || hostname.endsWith('.ts.net')) return true
  return isPrivateAddress(hostname.replace(/^\[|\]$/g, ''))
}
