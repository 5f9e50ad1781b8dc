/**
 * Placeholders in scenario strings: `{alice}`, `{identity:_}`, `{long:100}`. Whatever looks like one but is not known is a mistake (a typo would be sent
 * literally and prove nothing); other braces (`{}`, `{"tool":…}`, `{http.auth.user.email}`) are text.
 */
import type { ArrivalExpectation, Expectation, HeaderLine, Send, VerdictExpectation } from './case.ts'
import { cellMark } from './marks.ts'

/** What one environment, and one cell in it, put into the strings of a case. */
export type PlaceholderContext = {
  /** The trusted header in the spelling of the proxy's documentation. */
  readonly identity: string
  /** Made afresh per cell; looks like an e-mail address. */
  readonly evil: string
  readonly alice: string
  readonly bob: string
  /** Addresses of the internet and the lan vantage point, of the proxy and of the gateway. */
  readonly client: string
  readonly lan: string
  readonly proxy: string
  readonly gateway: string
  /** The proxy's public host name. */
  readonly host: string
  /** Of one request, so that its arrival is found again. The target of an ordinary request carries its cell's. */
  readonly mark: string
  /** Value of the Cookie header of the case's user; empty when anonymous. */
  readonly cookie: string
  /** The gateway's local password. */
  readonly password: string
}

/** Known placeholders with their meaning, for `explain` and for near misses. */
export const placeholders: Readonly<Record<string, string>> = {
  identity: "the trusted header, in the spelling of the proxy's documentation",
  'identity:_': 'the same with _ for every -',
  'identity:.': 'the same with . for every -',
  'identity:lower': 'the same in lower case',
  'identity:upper': 'the same in upper case',
  'identity:mixed': 'the same with _ for the first - only',
  evil: 'a value made afresh for each cell that looks like an e-mail address',
  alice: 'e-mail address of alice',
  bob: 'e-mail address of bob',
  client: 'address of the client on the internet',
  lan: "address of a neighbour in the gateway's network",
  proxy: 'address from which the proxy dials the gateway: 127.0.0.1 of a sidecar',
  gateway: 'address of the gateway',
  host: 'public host name of the proxy',
  mark: 'mark of the request; in `target` the mark of its cell, the same for all its requests',
  cookie: "Cookie header of the case's user",
  password: "the gateway's local password",
  'long:N': 'N times the letter a',
}

const shape = /\{([a-z][a-z-]*)(?::([\w.-]*))?\}/g

/** Placeholders of a text that are not known, as written. */
export function unknownPlaceholders(text: string): string[] {
  return [...text.matchAll(shape)].flatMap(([whole, name = '', argument]) => (isKnown(name, argument) ? [] : [whole]))
}

function isKnown(name: string, argument: string | undefined): boolean {
  if (name === 'long') return argument !== undefined && /^[1-9]\d{0,6}$/.test(argument)
  return Object.hasOwn(placeholders, argument === undefined ? name : `${name}:${argument}`)
}

/** Puts the context's values in. Unknown placeholders stay as they are: the loader has refused them. */
export function fill(text: string, context: PlaceholderContext): string {
  return text.replaceAll(shape, (whole: string, name: string, argument?: string) => {
    if (!isKnown(name, argument)) return whole
    if (name === 'long') return 'a'.repeat(Number(argument))
    if (argument !== undefined) return respell(context.identity, argument)
    return plain(name, context) ?? whole
  })
}

function respell(header: string, how: string): string {
  switch (how) {
    case '_':
      return header.replaceAll('-', '_')
    case '.':
      return header.replaceAll('-', '.')
    case 'mixed':
      return header.replace('-', '_')
    case 'lower':
      return header.toLowerCase()
    case 'upper':
      return header.toUpperCase()
    default:
      return header
  }
}

function plain(name: string, context: PlaceholderContext): string | undefined {
  return Object.entries(context).find(([key]) => key === name)?.[1]
}

/** One request with everything filled in. */
export function fillSend(send: Send, context: PlaceholderContext): Send {
  const put = (text: string) => fill(text, context)
  const lines = (list: readonly HeaderLine[]) => list.map(([name, value]): HeaderLine => [put(name), put(value)])
  return {
    ...send,
    ...(send.method !== undefined && { method: put(send.method) }),
    ...(send.target !== undefined && { target: fill(send.target, { ...context, mark: cellMark(context.mark) }) }),
    ...(send.host !== undefined && { host: send.host.map(put) }),
    ...(send.headers !== undefined && { headers: lines(send.headers) }),
    ...(send.connection !== undefined && { connection: send.connection.map(put) }),
    ...(send.body !== undefined && { body: put(send.body) }),
    ...(send.trailers !== undefined && { trailers: lines(send.trailers) }),
    ...(send.clientId !== undefined && { clientId: put(send.clientId) }),
    ...(send.clientMode !== undefined && { clientMode: put(send.clientMode) }),
    ...(send.raw !== undefined && { raw: send.raw.map(put) }),
  }
}

/** An expectation with everything filled in, header names included. */
export function fillExpectation(expect: Expectation, context: PlaceholderContext): Expectation {
  const put = (text: string) => fill(text, context)
  const { arrives, verdict, client } = expect
  return {
    ...(arrives !== undefined && { arrives: fillArrival(arrives, put) }),
    ...(verdict !== undefined && { verdict: fillVerdict(verdict, put) }),
    ...(client !== undefined && {
      client: {
        ...client,
        ...(client.without !== undefined && { without: client.without.map(put) }),
        ...(client.headers !== undefined && { headers: mapRecord(client.headers, put, put) }),
      },
    }),
  }
}

function fillArrival(arrives: ArrivalExpectation, put: (text: string) => string): ArrivalExpectation {
  if (arrives === 'never') return arrives
  const all = (texts: readonly string[]) => texts.map(put)
  return {
    ...arrives,
    ...(typeof arrives.identity === 'object' && { identity: all(arrives.identity) }),
    ...(arrives.without !== undefined && { without: all(arrives.without) }),
    ...(arrives.absent !== undefined && { absent: all(arrives.absent) }),
    ...(arrives.headers !== undefined && { headers: mapRecord(arrives.headers, put, all) }),
    ...(arrives.client !== undefined && { client: put(arrives.client) }),
    ...(arrives.host !== undefined && { host: put(arrives.host) }),
    ...(arrives.target !== undefined && { target: put(arrives.target) }),
  }
}

function fillVerdict(verdict: VerdictExpectation, put: (text: string) => string): VerdictExpectation {
  if (verdict === 'unreached') return verdict
  if ('accepted' in verdict) return { accepted: put(verdict.accepted) }
  if ('only' in verdict) return { only: put(verdict.only) }
  return verdict.refused === true ? verdict : { refused: verdict.refused.map(put) }
}

function mapRecord<A, B>(
  record: Readonly<Record<string, A>>,
  name: (text: string) => string,
  value: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [name(key), value(inner)]))
}
