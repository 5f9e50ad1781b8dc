/**
 * What a scenario asks: the vocabulary of a case after loading. Data only; nothing here does I/O.
 * The shapes are inferred from `scenario-schema.ts`, which is also the published JSON Schema.
 */

export const transports = ['http', 'websocket', 'h2'] as const
export type Transport = (typeof transports)[number]

export const levels = ['must', 'should', 'info'] as const
export type Level = (typeof levels)[number]

/** Who the client is signed in as at the proxy. */
export const principals = ['anonymous', 'alice', 'bob', 'no-email'] as const
export type Principal = (typeof principals)[number]

/** Where the client stands. `internet` talks to the proxy's public side, all others dial the gateway itself. */
export const vantages = ['internet', 'lan', 'proxy-host', 'gateway-loopback', 'gateway-own-address'] as const
export type Vantage = (typeof vantages)[number]

/** Whom the client dials. Default: `proxy` from the internet, `gateway` from everywhere else. */
export const destinations = ['proxy', 'gateway', 'auth', 'sidecar', 'sidecar-tls'] as const
export type Destination = (typeof destinations)[number]

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

/** Name and value as they stand (or shall stand) on the wire: order, case and duplicates are kept. */
export type HeaderLine = readonly [name: string, value: string]

/**
 * One request of a case. All strings may carry placeholders, see `placeholders.ts`.
 * Without `raw`, the client writes: request line, `Host`, `Cookie` (of `as`), the transport's own lines, then `headers` in order.
 */
export type Send = {
  /** Default: the gateway's probe (`POST /tools/invoke` with `{}`), `GET` for an upgrade. */
  readonly method?: string
  /** Request target, default the probe's path. The client adds `?mark={mark}&end=1` unless the target already carries `{mark}`. */
  readonly target?: string
  readonly version?: '1.0' | '1.1'
  /** `Host` lines (or `:authority`), default one with the public host name. An empty list sends none. */
  readonly host?: readonly string[]
  readonly headers?: readonly HeaderLine[]
  /** Replaces the client's own `Connection` value. */
  readonly connection?: readonly string[]
  readonly body?: string
  /** Header lines after the last chunk of a chunked body. */
  readonly trailers?: readonly HeaderLine[]
  /** Send or leave out the session cookie; default: sent when `as` is not anonymous. */
  readonly cookie?: boolean
  /** The gateway's local password: HTTP `Authorization: Bearer …`, WebSocket `connect.auth.password`. */
  readonly password?: 'right' | 'wrong'
  /** `client.id` and `client.mode` of the gateway's own `connect` frame; default `test`/`test`. */
  readonly clientId?: string
  readonly clientMode?: string
  /** Shows the gateway a signed device that it has never seen and asks for `operator.admin`. */
  readonly device?: 'fresh'
  /** The exact bytes (latin-1; `\r\n` written out) instead of everything above. One entry per TCP write. */
  readonly raw?: readonly string[]
}

/** Closed vocabulary over the three observations. Every key that is present must hold, for every request of the case. */
export type Expectation = {
  readonly arrives?: ArrivalExpectation
  readonly verdict?: VerdictExpectation
  readonly client?: ClientExpectation
}

/** `never`: nothing of the case reaches the gateway (proved by a fence). An object: at least one request arrived, and on all that did: */
export type ArrivalExpectation =
  | 'never'
  | {
      /** How many requests of the case arrive, default: as many as were sent. `any` allows none, then the other keys speak of what did arrive. */
      readonly count?: number | 'any'
      /**
       * The exact values of the trusted header's lines (name compared case-insensitively), in order. `[]`: no such line.
       * `blank-or-absent`: no line, or only lines without a text, which the gateway takes for none.
       */
      readonly identity?: readonly string[] | 'blank-or-absent'
      /** No line whose name only *folds* to the trusted header's (`_`, `.` for `-`). */
      readonly aliases?: 'none'
      /** Values that stand in no header value (substring), in no trailer and not in the target. */
      readonly without?: readonly string[]
      /** Header names (exact spelling but for case) of which no line arrives. */
      readonly absent?: readonly string[]
      /** Exact values of the named headers' lines. */
      readonly headers?: Readonly<Record<string, readonly string[]>>
      /** The client address that the gateway attributes the request to. */
      readonly client?: string
      readonly host?: string
      /** The request target without the mark. */
      readonly target?: string
      /** What may arrive other than it was sent. Everything else must arrive as it was sent, where an arrival is demanded at all. */
      readonly changed?: readonly Part[]
    }

/** Parts of a request that a proxy passes on as they are. */
export const parts = ['method', 'path', 'query', 'body', 'headers'] as const
export type Part = (typeof parts)[number]

/**
 * `unreached`: the gateway was not asked. `accepted`: as exactly this user (`{alice}`, `local` for the password fallback).
 * `refused`: reached and refused; `true` or the gateway's reason(s). `only`: accepted as this user or not accepted at all (`nobody`: never accepted).
 */
export type VerdictExpectation =
  | 'unreached'
  | { readonly accepted: string }
  | { readonly refused: true | readonly string[] }
  | { readonly only: string }

/** What the client itself gets back. */
export type ClientExpectation = {
  /** Status codes, or classes such as `4xx`; `none` stands for a connection closed without an answer. */
  readonly status?: readonly (number | string)[]
  /** WebSocket close code. */
  readonly close?: number
  /** The proxy sends the visitor to log in: a redirect away from the gateway's page, or 401. Never a 2xx. */
  readonly login?: true
  /** Values that stand nowhere in the answer's head or body. */
  readonly without?: readonly string[]
  /** Response header → substring that one of its lines contains. */
  readonly headers?: Readonly<Record<string, string>>
}

/** One requirement, with everything that its file's defaults supply filled in. */
export type Case = {
  /** `family.topic.case`, stable. */
  readonly id: string
  readonly family: Family
  readonly title: string
  readonly why: string
  readonly refs: readonly string[]
  readonly level: Level
  readonly over: readonly Transport[]
  readonly as: Principal
  readonly from: Vantage
  readonly to: Destination
  /** Requests of the case, at least one. Several: variations that must each meet the expectation, each on a connection of its own. */
  readonly send: readonly Send[]
  readonly expect: Expectation
  /** Features that variant or gateway must have; else `unsupported`. */
  readonly needs: readonly string[]
  /** Cases that must be green; else `blocked`. */
  readonly depends: readonly string[]
  /** Controls: at least one must be green, else a cell that would pass is `blocked`. Empty only where the case itself demands acceptance. */
  readonly controls: readonly string[]
  /** Mutants of the reference proxy that this case must turn red on. */
  readonly caughtBy: readonly string[]
  /** For what YAML cannot say: a module beside the scenario and its exported function. */
  readonly step?: { readonly file: string; readonly function: string }
  readonly source: { readonly file: string; readonly line: number }
}
