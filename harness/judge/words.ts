/** How the judge writes values: short, on one line, with control characters visible. */
import type { Exchange } from '../clients/exchange.ts'
import type { Verdict } from '../gateways/recording/arrival.ts'

const limit = 80

/** A value in double quotes, escaped as JSON does, at most 80 characters of it. */
export function quote(value: string): string {
  const short = value.length > limit ? `${value.slice(0, limit)}…` : value
  return JSON.stringify(short)
}

/** `"a" and "b"`; `nothing` when empty. */
export function quoteAll(values: readonly string[]): string {
  return values.length === 0 ? 'nothing' : list(values.map(quote))
}

/** `a, b and c`. */
export function list(words: readonly string[], last = 'and'): string {
  if (words.length <= 1) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** `once`, `twice`, `5 times`. */
export function times(count: number): string {
  if (count === 0) return 'never'
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

/** `accepted as alice@example.test`, `refused: trusted_proxy_user_missing`: what the gateway recorded, or what of it a client heard. */
export function verdictInWords(verdict: Heard | Verdict): string {
  if (verdict.kind === 'accepted')
    return verdict.user === undefined ? 'accepted (it does not say as whom)' : `accepted as ${verdict.user}`
  return verdict.reason === undefined ? 'refused (it does not say why)' : `refused: ${verdict.reason}`
}

/** `user` and `reason` are absent where the gateway does not say them: its refusals over HTTP are opaque. */
export type Heard =
  | { readonly kind: 'accepted'; readonly user?: string }
  | { readonly kind: 'refused'; readonly reason?: string }

/** What the client got, as a clause: `the client got 302 to "/oauth2/start"`, `the connection was closed without an answer`. */
export function answerInWords(exchange: Exchange): string {
  const { response, fault, close } = exchange
  if (response === undefined) {
    return fault === undefined ? 'the connection was closed without an answer' : `no answer came (${fault})`
  }
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')
  const toward = location === undefined ? '' : ` to ${quote(location[1])}`
  const words = firstWords(response.body)
  const body = words === '' ? '' : ` ${quote(words)}`
  const closed = close === undefined ? '' : `, then close ${close.code}`
  return `the client got ${response.status}${toward}${location === undefined ? body : ''}${closed}`
}

/** The first words of a body without its mark-up. */
function firstWords(body: string): string {
  const text = body
    .slice(0, 4096)
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return text.length > limit ? text.slice(0, limit) : text
}
