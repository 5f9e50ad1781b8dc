/** One case and its results in every environment. */
import type { CaseSummary } from '../../run/results/results.ts'
import { type Alike, alike } from '../alike.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { casePath, cellsAnchor, environmentPath, type Root } from './links.ts'
import { html, type Markup } from './markup.ts'
import { badgeOf, caseList, pageText, reference } from './page.ts'

export function casePage(overview: Overview, one: CaseSummary): string {
  const body = html`<div>
    <h1>${one.title}</h1>
    <p><code>${one.id}</code></p>
    <p>${one.why}</p>
    ${caseFacts(overview, one, '../')}
    <h2>In every environment</h2>
    <p><a href=${`../index.html#text=${encodeURIComponent(one.id.toWellFormed())}`}>The matrix of this case</a> leads to the evidence in each environment.</p>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th scope="col">status</th><th scope="col">reason</th><th scope="col">environment, transports</th></tr></thead>
      <tbody>${alike(overview.cellsOfCase(one.id)).map((row) => rowOf(overview, row))}</tbody>
    </table></div>
  </div>`
  return pageText({ title: `${one.id}: ${one.title}`, description: one.why, path: casePath(one.id), body })
}

/** Where it passed and where it does not apply, the matrix shows; a row for each environment would be most of the page. */
function rowOf(overview: Overview, { status, reason, cells }: Alike): Markup {
  const places = [...Map.groupBy(cells, ({ environment }) => environment)]
  const listed = status === 'pass' || status === 'unsupported'
  return html`<tr><td>${badgeOf(status)}</td><td class="words">${reason}</td><td>${
    listed
      ? counted(places.length, 'environment')
      : places.map(([environment, own], index) => [
          index > 0 && html`<br />`,
          html`<a href=${`../${environmentPath(overview, environment)}#${cellsAnchor(own)}`}>${environment}</a>`,
          ` ${own.map(({ transport }) => transport).join(', ')}`,
        ])
  }</td></tr>`
}

/** Level, rules, controls, mutants and source. */
function caseFacts(overview: Overview, one: CaseSummary, root: Root): Markup {
  return html`<dl class="facts">
    <dt>level</dt><dd>${one.level}</dd>
    <dt>rules</dt><dd>${one.refs.length === 0 ? 'none' : one.refs.map((ref, index) => [index > 0 ? ', ' : '', reference(ref)])}</dd>
    <dt>control</dt><dd>${one.controls.length === 0 ? 'none: the case itself requires that a request succeeds' : caseList(one.controls, overview, (id) => `${root}${casePath(id)}`)}</dd>
    <dt>mutants that it must catch</dt><dd>${one.caughtBy.length === 0 ? 'none' : one.caughtBy.join(', ')}</dd>
    <dt>source</dt><dd><code>${`${one.source.file}:${one.source.line}`}</code></dd>
  </dl>`
}
