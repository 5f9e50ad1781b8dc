/** Ports of the gateway and of the reference proxy. Those of a real proxy's services are found by looking (`environments/listeners.ts`). */

/** Every gateway listens here (OpenClaw's default). */
export const gatewayPort = 18_789
/** The reference proxy's side service listens here (oauth2-proxy's default). */
export const authPort = 4180
/** Administration of the reference proxy, where a mutant opens it (Caddy's default). */
export const administrationPort = 2019
/** The reference proxy's sidecar hears the proxy in front of it here: plainly, or over TLS. */
export const sidecarPorts = { sidecar: 8080, 'sidecar-tls': 8443 } as const
