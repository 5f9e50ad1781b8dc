/** One case and its results in every environment. */
import type { CaseSummary, Cell } from '../../run/results/results.ts'
import { severity } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { casePath, casesCellsLink, cellLink, type Root } from './links.ts'
import { html, type Markup } from './markup.ts'
import { badgeOf, caseList, pageText, reference } from './page.ts'

export function casePage(overview: Overview, one: CaseSummary): string {
  const cells = overview.cellsOfCase(one.id).toSorted((a, b) => severity(a.status) - severity(b.status))
  const byEnvironment = [...Map.groupBy(cells, (cell) => cell.environment).values()]
  const body = html`<div>
    <h1>${one.title}</h1>
    <p><code>${one.id}</code></p>
    <p>${one.why}</p>
    ${caseFacts(overview, one, '../')}
    <h2>In every environment</h2>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th scope="col">status</th><th scope="col">environment</th><th scope="col">transport</th><th scope="col">reason</th></tr></thead>
      <tbody>${byEnvironment.flatMap((cells) => rowsOf(overview, cells))}</tbody>
    </table></div>
  </div>`
  return pageText({ title: `${one.id}: ${one.title}`, description: one.why, path: casePath(one.id), body })
}

/** Where it passed over every transport, that is all there is to say. */
function rowsOf(overview: Overview, cells: readonly Cell[]): readonly Markup[] {
  const [first] = cells
  if (first === undefined) return []
  const { environment, case: id } = first
  if (cells.every(({ status }) => status === 'pass'))
    return [
      html`<tr><td>${badgeOf('pass')}</td><td><a href=${`../${casesCellsLink(overview, environment, id)}`}>${environment}</a></td><td>${cells.map(({ transport }) => transport).join(', ')}</td><td></td></tr>`,
    ]
  return cells.map(
    (cell) =>
      html`<tr><td>${badgeOf(cell.status)}</td><td><a href=${`../${cellLink(overview, cell)}`}>${environment}</a></td><td>${cell.transport}</td><td class="words">${cell.reason}</td></tr>`,
  )
}

/** Level, rules, controls, mutants and source. */
export function caseFacts(overview: Overview, one: CaseSummary, root: Root): Markup {
  return html`<dl class="facts">
    <dt>level</dt><dd>${one.level}</dd>
    <dt>rules</dt><dd>${one.refs.length === 0 ? 'none' : one.refs.map((ref, index) => [index > 0 ? ', ' : '', reference(ref)])}</dd>
    <dt>control</dt><dd>${one.controls.length === 0 ? 'none: the case itself requires that a request succeeds' : caseList(one.controls, overview, (id) => `${root}${casePath(id)}`)}</dd>
    <dt>mutants that it must catch</dt><dd>${one.caughtBy.length === 0 ? 'none' : one.caughtBy.join(', ')}</dd>
    <dt>source</dt><dd><code>${`${one.source.file}:${one.source.line}`}</code></dd>
  </dl>`
}
