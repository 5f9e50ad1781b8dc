/** One configuration at every version that was swept: what each version does not meet. */

import { casePath } from '../html/links.ts'
import { html, type Markup } from '../html/markup.ts'
import { badgeOf, pageText } from '../html/page.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import type { Sweep, SweptVersion } from './versions-file.ts'

export const versionsPath = 'versions.html'

/** Of what a version does not meet so many are named. */
const mostCells = 6

export function versionsPage(overview: Overview, sweeps: readonly Sweep[]): string {
  const rows = sweeps.flatMap(({ versions }) => versions.map((one) => ({ ...one, date: one.ranAt.slice(0, 10) })))
  const groups = [...Map.groupBy(rows, ({ environment }) => environment.replace(/@[^/]*/, ''))]
  const body = html`<div>
    <h1>Versions</h1>
    <p>The same configuration at many versions of its program. A cell that is not met at one version and met at the next tells what an upgrade changes.</p>
    ${groups.map(
      ([place, own]) => html`<section><h2>${place}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${place}><table>
        <thead><tr><th scope="col">version</th><th scope="col">required</th><th scope="col">recommended</th><th scope="col">not met</th><th scope="col">seen</th></tr></thead>
        <tbody>${own.toReversed().map((one) => versionRow(overview, one, one.date))}</tbody>
      </table></div></section>`,
    )}
  </div>`
  const description = `What ${counted(rows.length, 'version')} of proxies do not meet, with the same configuration.`
  return pageText({ title: 'Versions compared', description, path: versionsPath, body })
}

function versionRow(
  overview: Overview,
  { version, status, reason = '', red, passed }: SweptVersion,
  date: string,
): Markup {
  if (status !== 'ready')
    return html`<tr><th scope="row">${version}</th><td colspan="3">did not start: ${reason.split('\n')[0]}</td><td class="time">${date}</td></tr>`
  const required = red.filter(({ level }) => level === 'must')
  const named = [...new Set([...required, ...red].map(({ cell }) => cell.replace(/\.[^.]*$/, '')))]
  const rest = named.length - mostCells
  return html`<tr><th scope="row">${version}</th>
    <td>${required.length === 0 ? badgeOf('pass') : html`${badgeOf('fail')} ${required.length}`} <span class="soft">${passed} passed</span></td>
    <td>${red.length - required.length}</td>
    <td class="words">${named.slice(0, mostCells).map((id, index) => [index > 0 ? ', ' : '', overview.caseOf(id) === undefined ? html`<code>${id}</code>` : html`<a href=${casePath(id)}><code>${id}</code></a>`])}${rest > 0 && `, and ${counted(rest, 'more case')}`}</td>
    <td class="time">${date}</td></tr>`
}
