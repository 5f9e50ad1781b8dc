/** The report's first page: grades and findings in words, then the matrix. */

import type { Status } from '../../judge/status.ts'
import { levels } from '../../plan/case.ts'
import type { EnvironmentResult } from '../../run/results/results.ts'
import { answerInWords } from '../choices.ts'
import type { RunGuide } from '../guides/run-guides.ts'
import { type RunRecord, recordOf } from '../history.ts'
import { markOf, marks, severity } from '../marks.ts'
import { counted, duration, percentile } from '../numbers.ts'
import { aboutExitCode, type Conformance, environmentOutcome, runInWords } from '../outcome.ts'
import { engineInWords, type Overview } from '../overview.ts'
import { checklistPath } from './checklist-page.ts'
import { configurations, findings } from './configurations-view.ts'
import { couldNotBeJudged } from './could-not-be-judged.ts'
import { ownGateways } from './gateway-configuration.ts'
import { letterMark } from './letter.ts'
import { environmentPath, gatewayName } from './links.ts'
import { html, type Markup } from './markup.ts'
import { matrixData, matrixPlace } from './matrix.ts'
import { matrixScript } from './matrix-script.ts'
import { legend, pageText } from './page.ts'
import { trend } from './trend.ts'

/** What the page leads to or shows beside the run. */
type Further = {
  readonly history?: readonly RunRecord[]
  readonly guides?: readonly RunGuide[]
  readonly links?: readonly { readonly href: string; readonly words: string }[]
}

export function indexPage(overview: Overview, { history = [], guides = [], links = [] }: Further = {}): string {
  const { run } = overview.results
  const body = html`<div>
    <h1>Which proxy configurations keep clients from choosing who they are?</h1>
    <p>Behind the proxy is a gateway that believes one header: whoever writes it chooses the user.</p>
    ${notReady(overview)}
    ${(run.notes ?? []).map((note) => html`<p class="loud">${note}</p>`)}
    ${configurations(overview, guides)}
    ${further(links)}
    ${couldNotBeJudged(overview.environments)}
    ${findings(overview)}
    <h2>Environments</h2>
    ${environmentsTable(overview)}
    ${ownGateways(overview.environments)}
    ${trend(overview, recordOf(overview.results), history)}
    <h2>Matrix</h2>
    <p class="soft">Rows are cases, columns are environments; several marks in one place are transports, in the order HTTP, WebSocket, HTTP/2. Each mark links to its evidence. Arrow keys move between marks; / moves to the filter.</p>
    ${legend()}
    ${filters(overview)}
    ${matrixPlace()}
    <h2 id="run">This run</h2>
    <p class="lead">${runInWords(overview.results)}</p>
    <p>${aboutExitCode}</p>
    ${stale(overview)}
    ${facts(overview)}
  </div>`
  return pageText({
    title: 'Trusted-proxy conformance',
    description: answerInWords(overview),
    path: 'index.html',
    body,
    script: matrixScript,
    data: matrixData(overview),
  })
}

/** Pages that do not follow from one environment. */
function further(links: NonNullable<Further['links']>): Markup {
  return html`<p><a href=${checklistPath}>The gateway's checklists</a> with what came of each line. · <a href="#run">How the run went</a>${links.map(({ href, words }) => [' · ', html`<a href=${href}>${words}</a>`])}</p>`
}

function notReady(overview: Overview): Markup | undefined {
  const missing = overview.environments.filter(({ status }) => status !== 'ready')
  if (missing.length === 0) return undefined
  return html`<div class="loud"><strong>${counted(missing.length, 'environment')} did not run. This report says nothing about ${missing.length === 1 ? 'it' : 'them'}.</strong>
    <ul>${missing.map((one) => html`<li><code>${one.id}</code> ${environmentOutcome(overview, one).words}</li>`)}</ul></div>`
}

function stale({ results }: Overview): Markup | undefined {
  if (results.stale.length === 0) return undefined
  return html`<div class="loud"><strong>Known-failure entries that no longer apply. Remove them.</strong>
    <ul>${results.stale.map(({ file, line, cases, why }) => html`<li><code>${`${file}:${line}`}</code> ${cases.join(', ')}: ${why}</li>`)}</ul></div>`
}

const looks: Readonly<Record<Conformance, Status>> = {
  passed: 'pass',
  failed: 'fail',
  known: 'known-failure',
  inconclusive: 'blocked',
  error: 'harness-error',
  'not-run': 'unsupported',
}

function environmentsTable(overview: Overview): Markup {
  const rows = overview.environments.map((one) => {
    const { conformance, words } = environmentOutcome(overview, one)
    const p95 = percentile(
      overview.cellsOf(one.id).map(({ ms }) => ms),
      0.95,
    )
    const look = looks[conformance]
    const grade = overview.gradeOf(one.id)
    return html`<tr>
      <td class="time">${grade !== undefined && [letterMark(grade.letter), ` ${grade.seen} of ${grade.applicable}`]}</td>
      <th scope="row"><a href=${environmentPath(overview, one.id)}>${one.proxyTitle ?? one.proxy} ${one.proxyVersion}</a> ${one.variant}${one.variantTitle !== undefined && html`<br /><small>${one.variantTitle}</small>`}</th>
      <td class="words"><span class=${`status ${look}`} aria-hidden="true">${markOf(look).glyph}</span> ${words}</td>
      <td>${gatewayName(one)}${one.caveat === undefined ? '' : ` (${one.caveat})`}</td>
      <td class="time">${duration(one.startMs)}</td><td class="time">${duration(one.loginMs)}</td><td class="time">${p95 === undefined ? '' : duration(p95)}</td>
    </tr>`
  })
  return html`<div class="scroll" tabindex="0"><table class="environments">
    <thead><tr><th scope="col">grade, cells seen</th><th scope="col">proxy, variant</th><th scope="col">outcome</th><th scope="col">gateway</th><th scope="col">start</th><th scope="col">log-in</th><th scope="col">case p95</th></tr></thead>
    <tbody>${rows}</tbody></table></div>`
}

function filters({ environments, families }: Overview): Markup {
  const choice = (name: string, options: readonly string[], words = (option: string) => option) =>
    html`<label>${name}<select name=${name}><option value="">all</option>${options.map((option) => html`<option value=${option}>${words(option)}</option>`)}</select></label>`
  const different = (of: (one: EnvironmentResult) => string) => [...new Set(environments.map(of))]
  const words = new Map(marks.map((mark): [string, string] => [mark.status, `${mark.glyph} ${mark.word}`]))
  return html`<form id="filter" hidden aria-label="Filter the matrix">
    <label>case contains<input name="text" type="search" autocomplete="off" /></label>
    ${choice(
      'proxy',
      different((one) => one.proxy),
    )}
    ${choice(
      'variant',
      different((one) => one.variant),
    )}
    ${choice('gateway', different(gatewayName))}
    ${choice(
      'family',
      families.map(({ family }) => family),
    )}
    ${choice('level', levels)}
    ${choice(
      'status',
      marks.map(({ status }) => status),
      (status) => words.get(status) ?? status,
    )}
    <label class="check"><input type="checkbox" name="open" />only what did not pass</label>
    <button type="reset">Show all</button>
    <output id="found" aria-live="polite"></output>
  </form>`
}

function facts(overview: Overview): Markup {
  const { run, cells, totals } = overview.results
  const ms = cells.map((cell) => cell.ms)
  const [p50, p95] = [percentile(ms, 0.5), percentile(ms, 0.95)]
  const counts = marks
    .filter(({ status }) => (totals[status] ?? 0) > 0)
    .toSorted((a, b) => severity(a.status) - severity(b.status))
  return html`<dl class="facts">
    <dt>totals</dt><dd>${counts.map(({ status, glyph, word }) => html`<span class=${`status ${status}`}>${glyph} ${totals[status]} ${word}</span> `)}</dd>
    <dt>run</dt><dd>${run.id}, ${run.startedAt}, took ${duration(run.durationMs)}, exit code ${run.exitCode}, seed ${run.seed}</dd>
    <dt>one case</dt><dd>${p50 === undefined || p95 === undefined ? 'none ran' : `p50 ${duration(p50)}, p95 ${duration(p95)}`}</dd>
    <dt>engine</dt><dd>${engineInWords(run.engine)}</dd>
    <dt>harness</dt><dd>${run.harness.version} (${run.harness.commit})</dd>
    <dt>command</dt><dd><code>${run.command}</code></dd>
    <dt>for tools</dt><dd><a href="results.json">results.json</a>, <a href="junit.xml">junit.xml</a>, <a href="results.sarif">results.sarif</a>, <a href="report.md">report.md</a>, <a href="badge.json">badge.json</a></dd>
  </dl>`
}
