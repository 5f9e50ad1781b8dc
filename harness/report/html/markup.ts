/** HTML as tagged templates, rendered to strings. Every value is escaped by the renderer; there is no way around it in this folder. */
import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'

export { html }

/** What `html` gives for one root element. */
export type Markup = VNode

/** @returns the markup as text, without a document around it */
export function render(markup: Markup): string {
  return renderToString(markup)
}
