/** Raw header lines, read the way Node's HTTP server (and so every gateway of this family) folds them into values. */
import type { HeaderLine } from '../../plan/case.ts'

/** Of these Node keeps the first line and drops the others (node:http, `message.headers`). */
const firstLineWins = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/**
 * The name as the most lenient server could read it: CGI and WSGI read every sign that is no letter or digit as the same one, and blanks before
 * the colon do not count (CVE-2025-64484, CVE-2026-52845).
 */
export function foldName(name: string): string {
  return name
    .trimEnd()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
}

/** Whether two names are the same but for upper and lower case (RFC 9110 5.1). */
export function sameName(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase()
}

/** Name and value pairs of `rawHeaders` or `rawTrailers`. */
export function pairLines(raw: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) lines.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return lines
}

/**
 * The value of a header as the gateway sees it: names compared without case, `_` is not `-`, several lines joined with `, `
 * (`; ` for Cookie), or the first one where HTTP allows only one. `undefined` without such a line.
 */
export function headerValue(lines: readonly HeaderLine[], name: string): string | undefined {
  const wanted = name.trim().toLowerCase()
  const values = lines.filter(([header]) => header.toLowerCase() === wanted).map(([, value]) => value)
  if (values.length === 0) return undefined
  if (firstLineWins.has(wanted)) return values[0]
  return values.join(wanted === 'cookie' ? '; ' : ', ')
}

/** The trimmed value, or `undefined` when missing or blank. */
export function headerText(lines: readonly HeaderLine[], name: string): string | undefined {
  return headerValue(lines, name)?.trim() || undefined
}
