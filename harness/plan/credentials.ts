/** What a client shows to say who it is: a session cookie, a header line, or a certificate. A stranger shows nothing. */
import type { HeaderLine } from './vocabulary.ts'

export type Credentials = {
  /** Value of the `Cookie` header; empty: none. */
  readonly cookie: string
  /** A line of its own, such as `Authorization: Basic …` or a token's. */
  readonly header?: HeaderLine
  /** Shown in every TLS handshake with the proxy. */
  readonly certificate?: ClientCertificate
}

/** PEM. */
export type ClientCertificate = { readonly certificate: string; readonly key: string }

export const noCredentials: Credentials = { cookie: '' }

/** The credentials alone, of whatever has more. */
export function credentialsIn({ cookie, header, certificate }: Credentials): Credentials {
  return { cookie, ...(header && { header }), ...(certificate && { certificate }) }
}

/** The certificate alone: whoever shows it is let through the handshake, and is nobody yet. */
export function certificateOf({ certificate }: Credentials): Credentials {
  return { cookie: '', ...(certificate && { certificate }) }
}

/** Of raw bytes: the line in which a case asks for the user's session, with its end. */
const cookieLine = /Cookie: \{cookie\}(\r?\n)/

/**
 * Raw bytes with the line that this user's log-in has in place of `Cookie: {cookie}`: a cookie, another header, or none.
 * @param put fills in the placeholders of everything else
 */
export function withOwnLine(raw: string, { cookie, header }: Credentials, put: (text: string) => string): string {
  const lines = [...(header ? [header.join(': ')] : []), ...(cookie === '' ? [] : [`Cookie: ${cookie}`])]
  // Text and ends of such lines in turn.
  const parts = raw.split(cookieLine)
  return parts.map((part, index) => (index % 2 === 0 ? put(part) : lines.map((line) => line + part).join(''))).join('')
}
