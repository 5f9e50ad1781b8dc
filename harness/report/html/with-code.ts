/** Words with code in them. */
import { codeSpans } from '../code-spans.ts'
import { html } from './markup.ts'

export function withCode(words: string): unknown {
  return codeSpans(words).map((part) => (part.code ? html`<code>${part.text}</code>` : part.text))
}
