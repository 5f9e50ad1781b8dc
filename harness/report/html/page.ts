/** The frame of every page. */
import { createHash } from 'node:crypto'
import type { Status } from '../../judge/status.ts'
import { referenceAddress } from '../../plan/references.ts'
import { markOf, marks } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { rootOf } from './links.ts'
import { html, type Markup, render } from './markup.ts'

type Page = {
  readonly title: string
  /** For links to it from elsewhere: one or two sentences. */
  readonly description: string
  /** In the report. */
  readonly path: string
  readonly body: Markup
  /** Runs at the end of the page; the only script that the page's policy allows. */
  readonly script?: string
  /** For the script: base64, in an element that browsers do not run, with this id. */
  readonly data?: { readonly id: string; readonly base64: string }
}

/**
 * A whole document. Its content security policy allows only the report's stylesheet and this script, in case evidence is ever not escaped.
 */
export function pageText({ title, description, path, body, script, data }: Page): string {
  const root = rootOf(path)
  const allowed = script === undefined ? "'none'" : `'sha256-${createHash('sha256').update(script).digest('base64')}'`
  const policy = `default-src 'none'; style-src 'self' file:; script-src ${allowed}; base-uri 'none'; form-action 'none'`
  const head = render(html`<head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content=${policy} />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <meta name="description" content=${description} />
    <meta property="og:type" content="website" />
    <meta property="og:site_name" content="Trusted-proxy conformance" />
    <meta property="og:title" content=${title} />
    <meta property="og:description" content=${description} />
    <link rel="stylesheet" href=${`${root}report.css`} />
  </head>`)
  const home = html`<header class="site"><a href="#main" class="skip">Skip to the content</a><a href=${`${root}index.html`}>Trusted-proxy conformance</a></header>`
  const block =
    data === undefined ? '' : `<script type="application/octet-stream" id="${data.id}">${data.base64}</script>`
  const end = script === undefined ? '' : `${block}<script>${script}</script>`
  return `<!doctype html>\n<html lang="en">${head}<body>${render(home)}<main id="main">${render(body)}</main>${end}</body></html>\n`
}

/** Glyph, colour and word. */
export function badgeOf(status: Status): Markup {
  const { glyph, word } = markOf(status)
  return html`<span class=${`status ${status}`}><span aria-hidden="true">${glyph}</span> ${word}</span>`
}

export function legend(): Markup {
  return html`<details class="legend" open>
    <summary>Legend</summary>
    <dl>${marks.map(({ status, meaning }) => html`<div><dt>${badgeOf(status)}</dt><dd>${meaning}</dd></div>`)}</dl>
  </details>`
}

/** A rule that a case follows: a link where it has an address, else its path in the repository. */
export function reference(text: string): Markup {
  const href = referenceAddress(text)
  return href === undefined ? html`<code>${text}</code>` : html`<a href=${href} rel="noreferrer">${text}</a>`
}

/** Names of cases, linked where the report has a page for them. */
export function caseList(ids: readonly string[], overview: Overview, link: (id: string) => string): Markup {
  return html`<span>${ids.map((id, index) => [
    index > 0 ? ', ' : '',
    overview.caseOf(id) === undefined ? html`<code>${id}</code>` : html`<a href=${link(id)}><code>${id}</code></a>`,
  ])}</span>`
}
