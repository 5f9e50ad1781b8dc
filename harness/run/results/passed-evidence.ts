/** Evidence of a cell that did not fail, without values that are random in every request: they are half of its size once it is compressed. */
import { createHash } from 'node:crypto'
import type { AttemptEvidence } from './results.ts'

/** A value that the proxy adds and that is longer, such as a signed token, is cut. */
const longestAdded = 160
const keptOfIt = 40

/**
 * The nonce of a WebSocket handshake and the answer to it are replaced by words where they are what they must be, and long header values that the client
 * did not send are cut. Everything else stays as it is.
 * @see https://www.rfc-editor.org/rfc/rfc6455.html#section-4.2.2
 */
export function shortEvidence(attempt: AttemptEvidence): AttemptEvidence {
  const { sent, client, arrived } = attempt
  const short = (lines: AttemptEvidence['client']['headers']) => lines.map((line) => shortLine(line, sent.text))
  return withoutNonce({
    ...attempt,
    client: { ...client, headers: short(client.headers) },
    arrived: arrived.map((one) => ({ ...one, headers: short(one.headers) })),
  })
}

function shortLine([name, value]: readonly [string, string], sent: string): readonly [string, string] {
  if (value.length <= longestAdded || sent.includes(value)) return [name, value]
  return [name, `${value.slice(0, keptOfIt)}… (${value.length - keptOfIt} more characters)`]
}

function withoutNonce(attempt: AttemptEvidence): AttemptEvidence {
  const nonce = /^sec-websocket-key: ([\w+/]{22}==)\r?$/im.exec(attempt.sent.text)?.[1]
  if (nonce === undefined) return attempt
  const accept = createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  // Neither has a character that JSON escapes.
  const short: AttemptEvidence = JSON.parse(
    JSON.stringify(attempt).replaceAll(nonce, '[random nonce]').replaceAll(accept, '[its hash]'),
  )
  return { ...short, sent: bytesOf(short.sent.text) }
}

/** One character for each byte (latin-1), and the same in base64. */
export function bytesOf(text: string): AttemptEvidence['sent'] {
  return { text, base64: Buffer.from(text, 'latin1').toString('base64') }
}
