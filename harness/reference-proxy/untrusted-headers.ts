/** The names that only the proxy may write: whatever a client sends under them is dropped (docs/gateways.md#g9-2-the-proxy-replaces-identity-headers). */

/** Folded prefixes of whole families: identity, forwarding, and what gateways read as their own. */
const families = [
  'x-forwarded-',
  'x-original-',
  'x-rewrite-',
  'x-auth-request-',
  'x-pomerium-',
  'x-authentik-',
  'x-token-',
  'x-envoy-',
  'x-webauth-',
  'x-vouch-',
  'x-amzn-oidc-',
  'x-ms-client-principal',
  'oidc-claim-',
  'x-openclaw-',
  'x-coderclaw-',
  'x-mayros-',
  'x-builderforce-',
  'cf-access-',
  'tailscale-',
  'remote-',
]

const names = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-remote-user',
  'client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'x-user',
  'x-email',
  'x-userinfo',
  'x-access-token',
  'x-id-token',
  'x-jwt-assertion',
  'x-conformance-auth-hop',
  'x-goog-authenticated-user-email',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/**
 * @param name the header name in the spelling to judge: as received, or folded to judge every spelling at once
 * @param identity the trusted header's name, lower case
 */
export function isUntrusted(name: string, identity: string): boolean {
  return name === identity || names.has(name) || families.some((prefix) => name.startsWith(prefix))
}
