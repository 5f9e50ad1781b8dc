/** The gateway's configuration for one environment, in OpenClaw's own JSON shape (gateways.md "Running it"). */
import type { Variant } from '../plan/proxy.ts'
import { users } from '../identity/users.ts'

/** @param proxyAddress the only address that the gateway is told to trust */
export function gatewayConfig(variant: Variant, proxyAddress: string, password: string): unknown {
  return {
    gateway: {
      mode: 'local',
      port: 18789,
      bind: 'lan',
      trustedProxies: [proxyAddress],
      auth: {
        mode: 'trusted-proxy',
        password,
        trustedProxy: {
          userHeader: variant.identity.toLowerCase(),
          requiredHeaders: variant.requiredHeaders,
          allowUsers: [users.alice.email],
        },
        identityScopes: { [users.alice.email]: ['operator.read'] },
      },
      controlUi: { allowedOrigins: [`https://${variant.host}`] },
    },
  }
}
