/**
 * What names, versions and paths in the formats look like. Many of them become an argument, a path or a line of a report:
 * the grammar keeps flags, path traversal, control characters and markup out of all of these at once.
 */
import { z } from 'zod'

/** For a message: "expected {words}, found …". */
const pattern = (regex: RegExp, words: string) => z.string().regex(regex, words)

/** Any text that is printed as it is: one line or several, no control or direction characters. */
export const text = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^(?:[^\p{Cc}\u202a-\u202e\u2066-\u2069]|[\t\n])*$/u, 'text without control characters')

/** Exact content that a program receives; it cannot carry the byte that ends a string. */
export const content = pattern(/^[^\0]*$/, 'text without NUL')

/** Lower-case words with hyphens: names of proxies, variants, services, features. */
export const name = pattern(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words with hyphens')

export const version = pattern(/^[0-9A-Za-z][0-9A-Za-z._+~-]{0,99}$/, 'a version such as 1.2.3')

/** With `{version}` in it or not. */
export const versionTemplate = pattern(
  /^(\{version\}|[0-9A-Za-z])(\{version\}|[0-9A-Za-z._+~-]){0,99}$/,
  'a version such as 1.2.3 or {version}',
)

export const absolutePath = pattern(
  /^(?!.*\/\.{1,2}(\/|$))(\/[\w.+@~-]+)+$/,
  'an absolute path (letters, digits, . _ + @ ~ -)',
)

/** The path of a request target (RFC 3986 3.3), without query. */
export const requestPath = pattern(/^\/[\w.~!$&'()*+,;=:@%/-]{0,500}$/, 'a path that begins with / and has no query')

/** A header's name (RFC 9110 5.1). */
export const headerName = pattern(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a header')

export const hostName = pattern(
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  'a host name in lower case',
)

export const httpAddress = pattern(
  /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[!-~]*)?$/,
  'an address that begins with http:// or https://',
)

/** A link for readers. */
export const link = pattern(/^https?:\/\/[!#-&(-;=?-~]+$/, 'a link that begins with http:// or https://')

export const ipAddress = z.union([z.ipv4(), z.ipv6()])

export const variableName = pattern(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of an environment variable')

export const port = z.int().min(1).max(65_535)
