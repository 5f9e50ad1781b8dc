/** The last runs and what changed since the one before: on the first page, when the report has a history. */
import type { Status } from '../../judge/status.ts'
import { compareRuns, placeOf } from '../compare.ts'
import { comparedWith, passages } from '../comparison-words.ts'
import type { EnvironmentRecord, RunRecord } from '../history.ts'
import { markOf, severity } from '../marks.ts'
import type { Overview } from '../overview.ts'
import { html, type Markup } from './markup.ts'

/** Runs that are shown: two weeks of nights. */
const shownRuns = 14

/** @param history may or may not hold the run itself; `undefined` is given back where there is no earlier run */
export function trend({ results }: Overview, now: RunRecord, history: readonly RunRecord[]): Markup | undefined {
  const at = history.findIndex(({ run }) => run === results.run.id)
  const earlier = at === -1 ? history : history.slice(0, at)
  const last = earlier.at(-1)
  if (last === undefined) return undefined
  const runs = [...earlier.slice(1 - shownRuns), now]
  const comparison = compareRuns(last, now)
  const found = passages(comparison)
  const places = [...new Set(now.environments.map(({ id }) => placeOf(id)))]
  return html`<section>
    <h2>Trend</h2>
    <p>${comparedWith(comparison)}${found.length === 0 ? ' Nothing changed.' : ''}</p>
    ${found.map(({ title, worse, lines }) => html`<details open=${worse}><summary>${title}</summary><ul>${lines.map((line) => html`<li><code>${line}</code></li>`)}</ul></details>`)}
    <p class="soft">The worst status in each of the last ${runs.length} runs, with its number of cells. The newest run is on the right.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Trend"><table>
      <thead><tr><th scope="col">environment</th>${runs.map(({ date }) => html`<th scope="col">${date.slice(0, 10)}</th>`)}</tr></thead>
      <tbody>${places.map((place) => html`<tr><th scope="row">${place}</th>${runs.map((run) => html`<td>${moment(run.environments.filter(({ id }) => placeOf(id) === place))}</td>`)}</tr>`)}</tbody>
    </table></div>
  </section>`
}

/** The worst status with its number of cells; where nothing is worse than a pass, how many passed. */
function moment(environments: readonly EnvironmentRecord[]): Markup {
  if (environments.length === 0) return html`<span class="soft">not in this run</span>`
  if (environments.some(({ status }) => status !== 'ready')) return markup('unsupported', 'did not run')
  const counts = new Map<Status, number>()
  for (const { cells } of environments)
    for (const status of cells.values()) counts.set(status, (counts.get(status) ?? 0) + 1)
  const [worst] = [...counts]
    .filter(([status]) => !notWorse.has(status))
    .toSorted(([a], [b]) => severity(a) - severity(b))
  const [status, count] = worst ?? (['pass', counts.get('pass') ?? 0] as const)
  return markup(status, `${count} ${markOf(status).word}`)
}

const notWorse: ReadonlySet<Status> = new Set(['unsupported', 'info', 'pass'])

function markup(status: Status, words: string): Markup {
  return html`<span class=${`status ${status}`}><span aria-hidden="true">${markOf(status).glyph}</span> ${words}</span>`
}
