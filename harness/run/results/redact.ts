/**
 * Keeps credentials out of evidence. What an attacker sends stays readable; what would let a reader sign in does not:
 * cookie values, passwords, bearer tokens, signed tokens, authorization codes, private keys, and every secret the run made.
 */
import { BroadcastChannel, isMainThread } from 'node:worker_threads'
import { secretSearch } from './secret-search.ts'

/** @returns the text without secrets. Marks look like `[redacted:cookie]`. */
export type Redact = (text: string) => string

/**
 * @param secrets values that must not stand anywhere: as they are, encoded (percent, base64, hexadecimal, JSON), in another case, broken over lines
 * or in parts of 12 characters and more. Shorter than six characters they are ignored: they would hit ordinary words.
 */
export function redactor(secrets: readonly string[]): Redact {
  const known = redactors.get(secrets)
  if (known !== undefined) return known
  const search = secretSearch(secrets)
  const redacted = (text: string) => {
    let rest = text
    for (const [start, end] of search(text).toReversed())
      rest = `${rest.slice(0, start)}[redacted:secret]${rest.slice(end)}`
    return patterns.reduce((now, [pattern, replacement]) => now.replace(pattern, replacement), rest)
  }
  const lines = new Map<string, string>()
  const redact = (text: string) => {
    if (text.length > longestRemembered) return redacted(text)
    const known = lines.get(text)
    if (known !== undefined) return known
    if (lines.size === mostRemembered) lines.clear()
    const line = redacted(text)
    lines.set(text, line)
    return line
  }
  redactors.set(secrets, redact)
  return redact
}

/** Most header lines come a thousand times: each of them is searched once. In characters. */
const longestRemembered = 200
const mostRemembered = 5000

/** Making one takes longer than using it. */
const redactors = new WeakMap<readonly string[], Redact>()

/** All secrets of this process; a new array whenever one is added. */
let remembered: readonly string[] = []

/** Each environment lives in a thread, and what goes wrong beside it is told by the process's first one. */
const channel = new BroadcastChannel('conformance-secrets')
channel.unref()
if (isMainThread) channel.onmessage = ({ data }) => note(String(data))

/** From here on the value is a secret: `redactKnown` removes it. For what a run makes, sessions that it holds, and what a deployment brings along. */
export function rememberSecret(value: string): void {
  if (note(value) && !isMainThread) channel.postMessage(value)
}

function note(value: string): boolean {
  if (remembered.includes(value)) return false
  remembered = [...remembered, value]
  return true
}

/** The values of a `Cookie` header. */
export function rememberCookies(header: string): void {
  for (const [, value = ''] of header.matchAll(/=([^;]+)/g)) rememberSecret(value.trim())
}

export const knownSecrets = (): readonly string[] => remembered

/** For whatever leaves this process as text: reasons, notes, failures. */
export const redactKnown: Redact = (text) => redactor(remembered)(text)

type Replacement = (all: string, ...groups: string[]) => string

const patterns: readonly (readonly [RegExp, Replacement])[] = [
  // Names stay, they are part of what a reader must see.
  [
    /(?<![\w-])(cookie(?:[ \t]*:| arrived as ))(.*)/gi,
    (_all, name = '', value = '') => `${name}${withoutCookieValues(value)}`,
  ],
  [
    /(?<![\w-])(set-cookie[ \t]*:[ \t]*[^=;\r\n]*=)([^;\r\n]*)/gi,
    (_all, name = '', value = '') => `${name}${value === '' ? '' : '[redacted:cookie]'}`,
  ],
  [
    /(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:(?!-----END)[\s\S])*/g,
    (_all, begin = '') => `${begin}[redacted:private-key]`,
  ],
  [/\b(bearer[ \t]+)(?!\[redacted)[\w.~+/=-]+/gi, (_all, scheme = '') => `${scheme}[redacted:token]`],
  [/^((?:proxy-)?authorization[ \t]*:[ \t]*basic[ \t]+)\S+/gim, (_all, scheme = '') => `${scheme}[redacted:password]`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, () => '[redacted:token]'],
  [
    /("(?:password|token|client_secret|id_token|access_token|refresh_token)"\s*:\s*")(?:[^"\\]|\\.)*(")/gi,
    (_all, name = '', end = '') => `${name}[redacted:password]${end}`,
  ],
  [
    /([?&](?:code|access_token|id_token|client_secret|password)=)[^&\s"']+/gi,
    (_all, name = '') => `${name}[redacted:token]`,
  ],
]

function withoutCookieValues(value: string): string {
  return value.replace(/([^=;\s]+=)([^;\r\n"]*)/g, (_all, name: string, secret: string) =>
    secret.trim() === '' ? `${name}${secret}` : `${name}[redacted:cookie]`,
  )
}

/** One header line's value. */
export function redactLine(redact: Redact, [name, value]: readonly [string, string]): readonly [string, string] {
  const line = redact(`${name}: ${value}`)
  // A mark never holds a line's own `name: `, so what follows it is the value.
  return [name, line.startsWith(`${name}: `) ? line.slice(name.length + 2) : redact(value)]
}
