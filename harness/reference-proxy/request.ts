/** What the reference proxy works on: one request of a client, and what it knows of the user behind it. */
import type { HeaderLine } from '../plan/case.ts'
import type { Assertions } from './assertion.ts'

export type ProxyRequest = {
  readonly transport: 'http' | 'websocket'
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** As received: order, case and duplicates kept. */
  readonly headers: readonly HeaderLine[]
  /** The network's own knowledge of who dialled, never a header. */
  readonly peer: string
  /** Subject of the client's certificate, where it is one of the authority that the proxy trusts. */
  readonly subject?: string
  /** The whole body, for a page of the proxy's own. HTTP/1.1 only. */
  readonly body?: () => Promise<string>
  /** The client's connection, which other requests may share; of it only the sameness is used. */
  readonly connection?: object
}

/** Empty claims are absent. */
export type User = {
  readonly subject: string
  /** Names the user to the gateway: an address that is verified by the provider and one plain address, or another claim (`LogInOptions.form`). */
  readonly email?: string
  /** An address that the provider calls unverified. */
  readonly unverifiedEmail?: string
  /** A claim that is not one plain address. */
  readonly unusableEmail?: string
  readonly username?: string
  readonly fullName?: string
  /** As the provider signed it; a user who was not signed in by one has none. */
  readonly idToken?: string
}

/** What every step may know of the set-up. */
export type Settings = {
  /** The header that the gateway trusts, in the spelling that is sent. */
  readonly identity: string
  /** The public host name. */
  readonly host: string
  /** Where nobody needs to log in: this path and what is below it. */
  readonly publicPath: string
  /** Lines that users show to the proxy alone, beside its session cookie. */
  readonly credentials?: { readonly header?: string; readonly cookie?: string }
  /** `host:port` of the gateway, for the proxy that forgets to keep the public `Host`. */
  readonly gateway: string
  readonly assertions: Assertions
}

/** The answer of the proxy's auth service to "who is this?". */
export type AuthAnswer =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'unavailable'; readonly reason: string }

export type Authenticate = (request: ProxyRequest) => AuthAnswer

/** What becomes of a request. */
export type Access =
  | { readonly kind: 'forward'; readonly user?: User }
  /** A mistake only: the client is refused, the gateway is asked all the same. */
  | { readonly kind: 'forward-and-log-in' }
  | { readonly kind: 'log-in' }
  | { readonly kind: 'refuse'; readonly status: number; readonly reason: string }
