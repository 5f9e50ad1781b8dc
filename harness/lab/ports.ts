/** Ports that mean something inside every environment. */

/** Every gateway listens here (OpenClaw's default). */
export const gatewayPort = 18_789
/** The proxy's side service listens here (oauth2-proxy's default). */
export const authPort = 4180
/** A sidecar hears the proxy in front of it here: plainly, or over TLS. */
export const sidecarPorts = { sidecar: 8080, 'sidecar-tls': 8443 } as const
