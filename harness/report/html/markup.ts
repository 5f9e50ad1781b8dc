/**
 * HTML as tagged templates, rendered to strings. Every value is cleaned (`visible`) and escaped by the renderer; there is no way around either
 * in this folder.
 */
import { html as markup } from 'htm/preact'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { visible } from '../visible.ts'

/** What `html` gives for one root element. */
export type Markup = VNode

export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  return markup(strings, ...values.map(cleaned))
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return visible(value)
  return Array.isArray(value) ? value.map(cleaned) : value
}

/** @returns the markup as text, without a document around it */
export function render(made: Markup): string {
  return renderToString(made)
}
