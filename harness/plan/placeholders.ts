/**
 * Placeholders in scenario strings: `{alice}`, `{identity:_}`, `{long:100}`. Whatever looks like one but is not known is a mistake: a typing error
 * would be sent as it is, and the case would test something else. Other braces (`{}`, `{"tool":…}`, `{http.auth.user.email}`) are text.
 * An entry of a list with `{required}` in it (a header line, a value, a reason) stands for one entry per required header.
 */
import type { ArrivalExpectation, Expectation, HeaderLine, Send, VerdictExpectation } from './case.ts'
import { type Credentials, withOwnLine } from './credentials.ts'
import { cellMark } from './marks.ts'

/** What one environment, and one cell in it, put into the strings of a case. */
export type PlaceholderContext = Credentials & {
  /** The trusted header in the spelling of the proxy's documentation. */
  readonly identity: string
  /** Made afresh per cell; looks like the users of the environment. */
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
  /** The gateway's local password. */
  readonly password: string
  /** Where a session is ended; empty where the variant names nothing. */
  readonly logOut: string
  /** Names of the headers that the gateway requires. */
  readonly required: readonly string[]
}

/** Known placeholders with their meaning, for `explain` and for near misses. */
export const placeholders: Readonly<Record<string, string>> = {
  identity: "the identity header, in the spelling of the proxy's documentation",
  'identity:_': 'the same with _ for every -; with - for every _ where it has no -',
  'identity:.': 'the same with . for every - and _',
  'identity:lower': 'the same in lower case',
  'identity:upper': 'the same in upper case',
  'identity:alternating': 'the same in alternating lower and upper case: x-fOrWaRdEd-uSeR',
  'identity:mixed': 'the same with _ for the first - only, or - for the first _',
  evil: 'a new value for each cell that looks like the names of users: an e-mail address, or a name without @',
  alice: 'name of alice as the proxy puts it into the identity header (by default her e-mail address)',
  bob: 'the same of bob',
  client: 'address of the client on the internet',
  lan: "address of a neighbour in the gateway's network",
  proxy: 'address from which the proxy connects to the gateway: 127.0.0.1 for a sidecar',
  gateway: 'address of the gateway',
  host: 'public host name of the proxy',
  mark: 'mark of the request; in `target` the mark of its cell, the same for all its requests',
  cookie:
    "Cookie header of the case's user. In `raw` a line `Cookie: {cookie}` becomes the line that the user's log-in has instead, such as Authorization; with a client certificate there is none",
  password: "the gateway's local password",
  required:
    'in an entry of a list: the entry is repeated, once for each header that the gateway requires; without required headers there is no such entry',
  'required-value':
    'in the value of a header line whose name is {required}: the value with which the gateway is satisfied',
  'other:NAME':
    'as the name of a header line: NAME; there is no such line where NAME is the trusted header itself, in whatever spelling',
  'log-out': 'path or address that ends the session (login.log-out in proxy.yaml)',
  'long:N': 'N times the letter a',
}

const shape = /\{([a-z][a-z-]*)(?::([\w.-]*))?\}/g

/** Placeholders of a text that are not known, as written. */
export function unknownPlaceholders(text: string): string[] {
  return [...text.matchAll(shape)].flatMap(([whole, name = '', argument]) => (isKnown(name, argument) ? [] : [whole]))
}

function isKnown(name: string, argument: string | undefined): boolean {
  if (name === 'long') return argument !== undefined && /^[1-9]\d{0,6}$/.test(argument)
  if (name === 'other') return argument !== undefined && argument !== ''
  return Object.hasOwn(placeholders, argument === undefined ? name : `${name}:${argument}`)
}

/** Puts the context's values in. Unknown placeholders stay as they are: the loader has refused them. */
export function fill(text: string, context: PlaceholderContext): string {
  return text.replaceAll(shape, (whole: string, name: string, argument?: string) => {
    if (!isKnown(name, argument)) return whole
    if (name === 'long') return 'a'.repeat(Number(argument))
    if (name === 'other') return argument ?? whole
    if (argument !== undefined) return respell(context.identity, argument)
    return plain(name, context) ?? whole
  })
}

/** Another spelling of the name that a server with CGI-like variables takes for the same, also of one that is written with `_`. */
function respell(header: string, how: string): string {
  switch (how) {
    case '_':
      return header.includes('-') ? header.replaceAll('-', '_') : header.replaceAll('_', '-')
    case '.':
      return header.replaceAll(/[-_]/g, '.')
    case 'mixed':
      return header.replace(/[-_]/, (sign) => (sign === '-' ? '_' : '-'))
    case 'lower':
      return header.toLowerCase()
    case 'upper':
      return header.toUpperCase()
    case 'alternating':
      return [...header].map((letter, at) => (at % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase())).join('')
    default:
      return header
  }
}

function plain(name: string, context: PlaceholderContext): string | undefined {
  const { logOut, required: _listed, header: _line, certificate: _shown, ...texts } = context
  return Object.entries({ ...texts, 'log-out': logOut }).find(([key]) => key === name)?.[1]
}

/** Entries with `{required}` in them once per required header, all others as they are. */
function repeated<Entry>(
  entries: readonly Entry[],
  { required }: PlaceholderContext,
  put: (entry: Entry, text: (text: string) => string) => Entry,
): Entry[] {
  return entries.flatMap((entry) => {
    let found = false
    const look = (text: string) => {
      found ||= text.includes('{required}')
      return text
    }
    put(entry, look)
    return found ? required.map((name) => put(entry, (text) => text.replaceAll('{required}', name))) : [entry]
  })
}

/** Whether a line stands although it may be named after another proxy's header, `{other:NAME}`, which is the trusted one here. */
function isNotTheIdentity({ identity }: PlaceholderContext): (line: HeaderLine) => boolean {
  return ([name]) => {
    const other = /^\{other:([\w.-]+)\}$/.exec(name)?.[1]
    return other === undefined || foldName(other) !== foldName(identity)
  }
}

/** Names that some server would read as the same header. */
const foldName = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')

function requiredValue(header: string, { host, client }: PlaceholderContext): string {
  switch (header.toLowerCase()) {
    case 'x-forwarded-proto':
      return 'https'
    case 'x-forwarded-host':
      return host
    case 'x-forwarded-for':
      return client
    default:
      return 'any'
  }
}

/** One request with everything filled in. */
export function fillSend(send: Send, context: PlaceholderContext): Send {
  const put = (text: string) => fill(text, context)
  const all = (texts: readonly string[]) => fillAll(texts, context)
  const lines = (list: readonly HeaderLine[]) =>
    repeated(
      list.filter(isNotTheIdentity(context)),
      context,
      ([name, value], text): HeaderLine => [text(name), text(value)],
    ).map(
      ([name, value]): HeaderLine => [
        put(name),
        put(value.replaceAll('{required-value}', requiredValue(name, context))),
      ],
    )
  return {
    ...send,
    ...(send.method !== undefined && { method: put(send.method) }),
    ...(send.target !== undefined && { target: fill(send.target, { ...context, mark: cellMark(context.mark) }) }),
    ...(send.host !== undefined && { host: all(send.host) }),
    ...(send.headers !== undefined && { headers: lines(send.headers) }),
    ...(send.connection !== undefined && { connection: all(send.connection) }),
    ...(send.body !== undefined && { body: put(send.body) }),
    ...(send.trailers !== undefined && { trailers: lines(send.trailers) }),
    ...(send.clientId !== undefined && { clientId: put(send.clientId) }),
    ...(send.clientMode !== undefined && { clientMode: put(send.clientMode) }),
    ...(send.raw !== undefined && {
      raw: send.raw.map((bytes) => withOwnLine(bytes, context, put)),
      // What is not in the bytes, a certificate, is shown where the bytes ask for the user's session.
      ...(context.certificate && !send.raw.some((bytes) => bytes.includes('{cookie}')) && { cookie: false }),
    }),
  }
}

function fillAll(texts: readonly string[], context: PlaceholderContext): string[] {
  return repeated(texts, context, (text, change) => change(text)).map((text) => fill(text, context))
}

/** An expectation with everything filled in, header names included. */
export function fillExpectation({ arrives, verdict, client }: Expectation, context: PlaceholderContext): Expectation {
  return {
    ...(arrives !== undefined && { arrives: fillArrival(arrives, context) }),
    ...(verdict !== undefined && { verdict: fillVerdict(verdict, context) }),
    ...(client !== undefined && {
      client: {
        ...client,
        ...(client.without !== undefined && { without: fillAll(client.without, context) }),
        ...(client.headers !== undefined && {
          headers: fillRecord(client.headers, context, (part) => fill(part, context)),
        }),
      },
    }),
  }
}

function fillArrival(arrives: ArrivalExpectation, context: PlaceholderContext): ArrivalExpectation {
  if (arrives === 'never') return arrives
  const put = (text: string) => fill(text, context)
  const all = (texts: readonly string[]): readonly string[] => fillAll(texts, context)
  return {
    ...arrives,
    ...(typeof arrives.identity === 'object' && { identity: all(arrives.identity) }),
    ...(arrives.without !== undefined && { without: all(arrives.without) }),
    ...(arrives.absent !== undefined && { absent: all(arrives.absent) }),
    ...(arrives.headers !== undefined && { headers: fillRecord(arrives.headers, context, all) }),
    ...(arrives.client !== undefined && { client: put(arrives.client) }),
    ...(arrives.host !== undefined && { host: put(arrives.host) }),
    ...(arrives.target !== undefined && { target: put(arrives.target) }),
  }
}

function fillVerdict(verdict: VerdictExpectation, context: PlaceholderContext): VerdictExpectation {
  if (verdict === 'unreached') return verdict
  if ('accepted' in verdict) return { accepted: fill(verdict.accepted, context) }
  if ('only' in verdict) return { only: fill(verdict.only, context) }
  return verdict.refused === true ? verdict : { refused: fillAll(verdict.refused, context) }
}

/** Header names of a mapping are entries too. */
function fillRecord<Value>(
  record: Readonly<Record<string, Value>>,
  context: PlaceholderContext,
  value: (value: Value) => Value,
): Record<string, Value> {
  const entries = repeated(Object.entries(record), context, ([name, inner], text): [string, Value] => [
    text(name),
    inner,
  ])
  return Object.fromEntries(entries.map(([name, inner]) => [fill(name, context), value(inner)]))
}
