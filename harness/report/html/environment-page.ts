/** One variant in front of one gateway: versions, configuration and every cell. */
import { outsideLink } from '../../plan/references.ts'
import type { EnvironmentResult } from '../../run/results/results.ts'
import { duration, percentile } from '../numbers.ts'
import { environmentOutcome } from '../outcome.ts'
import type { Overview } from '../overview.ts'
import { couldNotBeJudged } from './index-page.ts'
import { casePath, cellAnchor, cellLink } from './links.ts'
import { html, type Markup } from './markup.ts'
import { badgeOf, legend, pageText } from './page.ts'

export function environmentPage(overview: Overview, environment: EnvironmentResult): string {
  const { words } = environmentOutcome(overview, environment)
  const body = html`<div>
    <h1>${environment.proxyTitle ?? environment.proxy} ${environment.proxyVersion}, ${environment.variant}</h1>
    <p><code>${environment.id}</code></p>
    <p class=${environment.status === 'ready' ? 'lead' : 'loud'}>${words}</p>
    ${environment.remark !== undefined && html`<p>${environment.remark}</p>`}
    ${couldNotBeJudged([environment])}
    ${environmentFacts(overview, environment)}
    ${(environment.files ?? []).map(({ path, text }) => html`<details><summary><code>${path}</code></summary><pre tabindex="0">${text}</pre></details>`)}
    ${legend()}
    ${overview.families.map(({ family, cases }) =>
      familyTable(
        overview,
        environment,
        family,
        cases.map(({ id }) => id),
      ),
    )}
  </div>`
  return pageText({ title: environment.id, root: '../', body })
}

function environmentFacts(overview: Overview, environment: EnvironmentResult): Markup {
  const ms = overview.cellsOf(environment.id).map((cell) => cell.ms)
  const [p50, p95] = [percentile(ms, 0.5), percentile(ms, 0.95)]
  const documentation = environment.documentation
  const href = documentation === undefined ? undefined : outsideLink(documentation)
  return html`<dl class="facts">
    <dt>gateway</dt><dd>${environment.gateway} ${environment.gatewayVersion ?? ''} ${environment.caveat === undefined ? '' : `(${environment.caveat})`}</dd>
    <dt>topology</dt><dd>${environment.topology}</dd>
    <dt>services</dt><dd><ul>${environment.services.map((one) => html`<li>${one.name} ${one.version} (${one.source}: <code>${one.image}</code>)</li>`)}</ul></dd>
    <dt>configuration</dt><dd>${(environment.configuration ?? []).map((file) => html`<code>${file}</code> `)}</dd>
    ${documentation !== undefined && [html`<dt>documented at</dt>`, html`<dd>${href === undefined ? documentation : html`<a href=${href} rel="noreferrer">${documentation}</a>`}</dd>`]}
    ${environment.notes !== undefined && [html`<dt>notes</dt>`, html`<dd><ul>${environment.notes.map((note) => html`<li>${note}</li>`)}</ul></dd>`]}
    <dt>time</dt><dd>start ${duration(environment.startMs)}, log-in ${duration(environment.loginMs)}${environment.cellsMs === undefined ? '' : `, cells ${duration(environment.cellsMs)}`}${p50 === undefined || p95 === undefined ? '' : `, one case p50 ${duration(p50)}, p95 ${duration(p95)}`}</dd>
  </dl>`
}

function familyTable(
  overview: Overview,
  { id }: EnvironmentResult,
  family: string,
  cases: readonly string[],
): Markup | undefined {
  const cells = cases.flatMap((one) => overview.cellsAt(id, one))
  if (cells.length === 0) return undefined
  return html`<section><h2>${family}</h2><div class="scroll" tabindex="0"><table>
    <thead><tr><th scope="col">status</th><th scope="col">case</th><th scope="col">transport</th><th scope="col">reason</th></tr></thead>
    <tbody>${cells.map(
      (cell) =>
        html`<tr id=${cellAnchor(cell)}><td><a href=${`../${cellLink(cell)}`}>${badgeOf(cell.status)}</a></td><td><a href=${`../${casePath(cell.case)}`}>${cell.case}</a></td><td>${cell.transport}</td><td class="words">${cell.reason}</td></tr>`,
    )}</tbody></table></div></section>`
}
