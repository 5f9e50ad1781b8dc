/** Checks of the gateway that stop what a proxy lets through, by the refusal in which they show. */

/** The name of a safeguard, from the gateway's refusal. */
export function checkOf(reason: string): string {
  const missing = /^trusted_proxy_missing_header_(.+)$/.exec(reason)?.[1]
  if (missing !== undefined) return `required header ${missing}`
  return checks[reason] ?? `${otherwise}${reason}`
}

const checks: Readonly<Record<string, string>> = {
  trusted_proxy_user_not_allowed: 'allowUsers',
  trusted_proxy_user_missing: 'identity required',
  trusted_proxy_origin_not_allowed: 'origin check',
  proxy_attribution_required: 'client address required',
  trusted_proxy_untrusted_source: 'trustedProxies',
  trusted_proxy_loopback_source: 'loopback refused',
  trusted_proxy_local_interface_source: 'own address refused',
  pairing_required: 'pairing',
}

const otherwise = 'refused with '

/** A check of its own, not a refusal for some other reason such as a malformed request. */
export const isSafeguard = (check: string) => !check.startsWith(otherwise)
