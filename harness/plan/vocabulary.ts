/** The words of a case that formats, command line and code share. Their meaning for authors is in `scenario-schema.ts`. */

/** `websocket-h2` is a WebSocket opened by an extended CONNECT over HTTP/2 (RFC 8441). */
export const transports = ['http', 'websocket', 'h2', 'websocket-h2'] as const
export type Transport = (typeof transports)[number]

/** Features without which nothing can be sent over a transport. */
const transportNeeds: Readonly<Record<Transport, readonly string[]>> = {
  http: [],
  websocket: [],
  h2: ['h2'],
  'websocket-h2': ['h2', 'websocket-h2'],
}

/** What of these needs is missing among `features`: nothing where the transport can be used. */
export function missingFor(transport: Transport, features: readonly string[]): readonly string[] {
  return transportNeeds[transport].filter((need) => !features.includes(need))
}

/** Whether a request over it opens a WebSocket. */
export const opensWebSocket = (transport: Transport) => transport === 'websocket' || transport === 'websocket-h2'

export const levels = ['must', 'should', 'info'] as const
export type Level = (typeof levels)[number]

/** By which claim of theirs a proxy names users to the gateway. `local-part` is what stands before the @ of the e-mail address. */
export const userForms = ['email', 'local-part', 'preferred_username', 'name', 'sub'] as const
export type UserForm = (typeof userForms)[number]

/** Who the client is signed in as at the proxy. */
export const principals = ['anonymous', 'alice', 'bob', 'no-email'] as const
export type Principal = (typeof principals)[number]

/** Where the client is. `internet` talks to the proxy's public side, all others connect to the gateway itself. */
export const vantages = ['internet', 'lan', 'proxy-host', 'gateway-loopback', 'gateway-own-address'] as const
export type Vantage = (typeof vantages)[number]

/** What the client connects to. */
export const destinations = ['proxy', 'gateway', 'auth', 'sidecar', 'sidecar-tls'] as const
export type Destination = (typeof destinations)[number]

/** What of a request a case may allow the proxy to change. */
export const changeable = ['method', 'path', 'query', 'body', 'headers'] as const
export type Changeable = (typeof changeable)[number]

export const families = [
  'identity',
  'spoofing',
  'alias',
  'hop-by-hop',
  'attribution',
  'forward-auth',
  'path',
  'websocket',
  'smuggling',
  'bypass',
  'loopback',
  'session',
  'gateway',
] as const
export type Family = (typeof families)[number]

/** Name and value as they are on the wire: order, case and duplicates are kept. */
export type HeaderLine = readonly [name: string, value: string]
