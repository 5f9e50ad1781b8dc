/** The gateway's configuration for one environment, in OpenClaw's own JSON shape (gateways.md "Running it"). */
import { listsLoopback } from '../gateways/known-gateways.ts'
import type { Profile } from '../gateways/profiles.ts'
import { users } from '../identity/users.ts'
import type { Variant } from '../plan/proxy.ts'

/** Whom a local sub-agent is with `loopbackUser` (issue #26007). */
export const loopbackUser = 'openclaw-internal@local'

export type GatewaySetting = {
  readonly variant: Variant
  /** Decide which keys the gateway knows, and whether loopback is a listed proxy beside the real one. */
  readonly rules: Profile
  /** The proxy's: nothing else of the network is trusted. */
  readonly proxyAddress: string
  readonly password: string
  /** Allowed beside alice. */
  readonly furtherUsers?: readonly string[]
  /** Wrong passwords in a minute before the fallback is locked; the gateway's own is 10. */
  readonly wrongPasswords?: number
}

export function gatewayConfig({
  variant,
  rules,
  proxyAddress,
  password,
  furtherUsers = [],
  wrongPasswords,
}: GatewaySetting) {
  const { keys } = rules
  const local = listsLoopback.has(rules.name) || variant.topology === 'sidecar'
  const speaksForLoopback = keys.includes('loopbackUser')
  return {
    gateway: {
      mode: 'local',
      port: 18789,
      bind: 'lan',
      trustedProxies: local ? [proxyAddress, '127.0.0.1', '::1'] : [proxyAddress],
      auth: {
        mode: 'trusted-proxy',
        password,
        ...(wrongPasswords !== undefined && { rateLimit: { maxAttempts: wrongPasswords } }),
        trustedProxy: {
          userHeader: variant.identity.toLowerCase(),
          requiredHeaders: variant.requiredHeaders,
          allowUsers: [users.alice.email, ...furtherUsers, ...(speaksForLoopback ? [loopbackUser] : [])],
          ...(local && keys.includes('allowLoopback') && !speaksForLoopback && { allowLoopback: true }),
          ...(speaksForLoopback && { loopbackUser }),
        },
        ...(keys.includes('identityScopes') && { identityScopes: { [users.alice.email]: ['operator.read'] } }),
      },
      controlUi: { allowedOrigins: [`https://${variant.host}`] },
    },
  }
}
