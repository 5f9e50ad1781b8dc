/** One variant in front of one gateway: versions, configuration and every cell. Cells are opened by the page's script, from data that the page carries. */
import { gradeRules } from '../../judge/grade.ts'
import type { Status } from '../../judge/status.ts'
import { outsideLink } from '../../plan/references.ts'
import type { Cell, EnvironmentResult } from '../../run/results/results.ts'
import { alike } from '../alike.ts'
import { placedFindings } from '../findings.ts'
import { letterWords } from '../grades.ts'
import type { Guide } from '../guides/guide.ts'
import { duration, percentile } from '../numbers.ts'
import { environmentOutcome } from '../outcome.ts'
import type { Overview } from '../overview.ts'
import { cellScript } from './cell-script.ts'
import { couldNotBeJudged } from './could-not-be-judged.ts'
import { evidenceData } from './evidence-data.ts'
import { findingList } from './findings-view.ts'
import { ownGateways } from './gateway-configuration.ts'
import { letterMark } from './letter.ts'
import { cellsAnchor, environmentPath, gatewayName, guidePath, rootOf } from './links.ts'
import { html, type Markup } from './markup.ts'
import { badgeOf, legend, pageText } from './page.ts'

/** @param guide to the hardened variant of its proxy, where the report has it */
export function environmentPage(overview: Overview, environment: EnvironmentResult, guide?: Guide): string {
  const { words } = environmentOutcome(overview, environment)
  const body = html`<div>
    <div id="cell" hidden></div>
    <div id="cells">
    <h1>${environment.proxyTitle ?? environment.proxy} ${environment.proxyVersion}, ${environment.variant}</h1>
    <p><code>${environment.id}</code></p>
    <p class=${environment.status === 'ready' ? 'lead' : 'loud'}>${words}</p>
    ${gradeSection(overview, environment)}
    ${guide !== undefined && html`<p><a href=${`${rootOf(environmentPath(overview, environment.id))}${guidePath(guide.proxy)}`}>Hardening guide of ${guide.title}</a>: the hardened configuration, line by line.</p>`}
    ${environment.remark !== undefined && html`<p>${environment.remark}</p>`}
    ${couldNotBeJudged([environment])}
    ${findingsSection(overview, environment)}
    <h2>Environment</h2>
    ${environmentFacts(overview, environment)}
    ${ownGateways([environment])}
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
    </div>
  </div>`
  return pageText({
    title: `${environment.proxyTitle ?? environment.proxy} ${environment.proxyVersion}, ${environment.variant}, in front of ${gatewayName(environment)}`,
    description: descriptionOf(overview, environment),
    path: environmentPath(overview, environment.id),
    body,
    script: cellScript,
    data: evidenceData(overview, environment),
  })
}

/** What a link to the page shows elsewhere: the grade and the worst finding. */
function descriptionOf(overview: Overview, environment: EnvironmentResult): string {
  const grade = overview.gradeOf(environment.id)
  const [worst] = overview.findingsOf(environment.id)
  return [
    ...(grade === undefined
      ? []
      : [`Grade ${grade.letter}: seen ${grade.seen} of ${grade.applicable} cells that apply.`]),
    worst?.says ?? environmentOutcome(overview, environment).words,
  ].join(' ')
}

function gradeSection(overview: Overview, { id }: EnvironmentResult): Markup | undefined {
  const grade = overview.gradeOf(id)
  if (grade === undefined) return undefined
  const rules = grade.caps.flatMap((cap) => gradeRules.find((rule) => rule.id === cap) ?? [])
  return html`<section>
    <p>${letterMark(grade.letter)} <strong>${letterWords[grade.letter]}.</strong> Seen ${grade.seen} of ${grade.applicable} cells that apply.</p>
    <details><summary>Why this letter</summary><ul>${rules.map(({ letter, when }) => html`<li><b>${letter}</b> ${when}</li>`)}</ul></details>
    ${grade.notTested.length > 0 && html`<details><summary>What could not be tested, and why</summary><ul>${grade.notTested.map(({ what, why }) => html`<li>${what}: ${why}</li>`)}</ul></details>`}
  </section>`
}

function findingsSection(overview: Overview, { id }: EnvironmentResult): Markup | undefined {
  const own = overview.findingsOf(id)
  if (own.length === 0) return undefined
  const placed = placedFindings({ ...overview.results, findings: own })
  return html`<section><h2>Findings</h2>${findingList(overview, placed, rootOf(environmentPath(overview, id)))}</section>`
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
    <dt>configuration</dt><dd>${(environment.configuration ?? []).map((file) => html`<code>${file}</code> `)}${environment.configurationHash === undefined ? '' : `(hash ${environment.configurationHash})`}</dd>
    <dt>run</dt><dd>${overview.results.run.startedAt}, harness ${overview.results.run.harness.version} (${overview.results.run.harness.commit})</dd>
    ${documentation !== undefined && [html`<dt>documented at</dt>`, html`<dd>${href === undefined ? documentation : html`<a href=${href} rel="noreferrer">${documentation}</a>`}</dd>`]}
    ${environment.notes !== undefined && [html`<dt>notes</dt>`, html`<dd><ul>${environment.notes.map((note) => html`<li>${note}</li>`)}</ul></dd>`]}
    <dt>time</dt><dd>start ${duration(environment.startMs)}, log-in ${duration(environment.loginMs)}${environment.cellsMs === undefined ? '' : `, cells ${duration(environment.cellsMs)}`}${p50 === undefined || p95 === undefined ? '' : `, one case p50 ${duration(p50)}, p95 ${duration(p95)}`}</dd>
  </dl>`
}

/** What did not pass comes first, with its reason. Every name leads to the evidence, where a request was sent. */
function familyTable(
  overview: Overview,
  { id }: EnvironmentResult,
  family: string,
  cases: readonly string[],
): Markup | undefined {
  const rows = alike(cases.flatMap((one) => overview.cellsAt(id, one)))
  if (rows.length === 0) return undefined
  return html`<section><h2>${family}</h2>
    <div class="scroll" tabindex="0"><table>
    <thead><tr><th scope="col">status</th><th scope="col">reason</th><th scope="col">cases</th></tr></thead>
    <tbody>${rows.map(({ status, reason, cells }) => html`<tr><td>${badgeOf(status)}</td><td class="words">${reason}</td><td>${namesOf(status, family, cells)}</td></tr>`)}</tbody></table></div>
  </section>`
}

/** By the transports, which are said once. */
function namesOf(status: Status, family: string, cells: readonly Cell[]): readonly unknown[] {
  const cases = [...Map.groupBy(cells, (cell) => cell.case)]
  const groups = Map.groupBy(cases, ([, own]) => own.map(({ transport }) => transport).join(', '))
  return [...groups].map(([transports, members], index) => [
    index > 0 && html`<br />`,
    `${transports}: `,
    members.map(([name, own], place) => {
      const short = name.slice(family.length + 1)
      return [
        place > 0 && ', ',
        status === 'unsupported' ? short : html`<a href=${`#${cellsAnchor(own)}`}>${short}</a>`,
      ]
    }),
  ])
}
