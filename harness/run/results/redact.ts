/**
 * Keeps credentials out of evidence. What an attacker sends stays readable; what would let a reader sign in does not:
 * cookie values, passwords, bearer tokens, signed tokens, authorization codes, and every secret the run made.
 */

import { base64Parts } from '../../judge/disguises.ts'

/** @returns the text without secrets. Marks look like `[redacted:cookie]`. */
export type Redact = (text: string) => string

/**
 * @param secrets values that must not stand anywhere, in plain, percent-encoded, JSON-escaped or base64 form. Shorter than six characters they are
 * ignored: they would hit ordinary words.
 */
export function redactor(secrets: readonly string[]): Redact {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= 6).flatMap(spellings))]
  // Longest first: a secret that contains another goes as a whole.
  const longestFirst = forms.sort((a, b) => b.length - a.length)
  return (text) => {
    const plain = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '[redacted:secret]'), text)
    return patterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), plain)
  }
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const encoded = [
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
  // Inside a longer base64 text a secret stands in one of three shifts.
  const shifted = base64Parts(secret)
  return [secret, ...encoded, ...shifted.filter((part) => part.length >= 8)]
}

type Replacement = (all: string, ...groups: string[]) => string

const patterns: readonly (readonly [RegExp, Replacement])[] = [
  // Request line(s): names stay, they are part of what a reader must see.
  [/^(cookie[ \t]*:)(.*)$/gim, (_all, name = '', value = '') => `${name}${withoutCookieValues(value)}`],
  [
    /^(set-cookie[ \t]*:[ \t]*[^=;\r\n]*=)([^;\r\n]*)/gim,
    (_all, name = '', value = '') => `${name}${value === '' ? '' : '[redacted:cookie]'}`,
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
  return value.replace(/([^=;\s]+=)([^;\r\n]*)/g, (_all, name: string, secret: string) =>
    secret.trim() === '' ? `${name}${secret}` : `${name}[redacted:cookie]`,
  )
}

/** One header line's value. */
export function redactLine(redact: Redact, [name, value]: readonly [string, string]): readonly [string, string] {
  const line = redact(`${name}: ${value}`)
  // A mark never holds a line's own `name: `, so what follows it is the value.
  return [name, line.startsWith(`${name}: `) ? line.slice(name.length + 2) : redact(value)]
}

/** Bytes as text (latin-1: one character per byte, nothing lost) and base64, both without secrets. */
export function redactBytes(redact: Redact, bytes: Buffer): { readonly text: string; readonly base64: string } {
  const text = redact(bytes.toString('latin1'))
  return { text, base64: Buffer.from(text, 'latin1').toString('base64') }
}
