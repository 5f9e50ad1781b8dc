/** One cell with its evidence: expected and observed, sent and arrived, logs, and how to run it again. */
import { outsideLink } from '../../plan/references.ts'
import type { AttemptEvidence, Cell, CellEvidence } from '../../run/results/results.ts'
import type { Overview } from '../overview.ts'
import { caseFacts } from './case-page.ts'
import { curlLine } from './curl.ts'
import { type ComparedLine, compare, type Difference, signs } from './differences.ts'
import { expectationRows } from './expectation-words.ts'
import { casePath, environmentPath, rootOf } from './links.ts'
import { html, type Markup } from './markup.ts'
import { badgeOf } from './page.ts'

/** Part of the environment's page. */
export function cellSection(overview: Overview, cell: Cell): Markup {
  const one = overview.caseOf(cell.case)
  const evidence = overview.evidenceOf(cell)
  const root = rootOf(environmentPath(overview, cell.environment))
  return html`<section>
    <h1 tabindex="-1">${badgeOf(cell.status)} ${one?.title ?? cell.case}</h1>
    <p class="lead">${cell.reason}</p>
    <dl class="facts">
      <dt>case</dt><dd><a href=${`${root}${casePath(cell.case)}`}><code>${cell.case}</code></a></dd>
      <dt>environment</dt><dd><a href="#"><code>${cell.environment}</code></a></dd>
      <dt>transport</dt><dd>${cell.transport}</dd>
      ${evidence !== undefined && [html`<dt>client</dt>`, html`<dd>${evidence.as === 'anonymous' ? 'not signed in' : `signed in as ${evidence.as}`}, from ${evidence.from}</dd>`]}
    </dl>
    ${cell.rerun !== undefined && html`<p>Run again, because the first time said nothing about the proxy: ${cell.rerun}</p>`}
    ${cell.known !== undefined && knownFailure(cell.known)}
    ${evidence === undefined ? html`<p class="loud">There is no evidence for this cell${cell.status === 'unsupported' || cell.status === 'blocked' ? ': no request was sent' : ''}.</p>` : evidenceSections(evidence)}
    <h2>The requirement</h2>
    ${one !== undefined && [html`<p>${one.why}</p>`, caseFacts(overview, one, root)]}
    <p class="soft">Evidence for tools: <code>${cell.evidence}</code></p>
  </section>`
}

function knownFailure({ reason, link, since }: NonNullable<Cell['known']>): Markup {
  const href = outsideLink(link)
  return html`<p><strong>Known since ${since}:</strong> ${reason} ${href === undefined ? link : html`<a href=${href} rel="noreferrer">${link}</a>`}</p>`
}

function evidenceSections(evidence: CellEvidence): Markup {
  const { attempts, alone, fence, log, replay } = evidence
  const curl = curlLine(evidence)
  return html`<div>
    ${attemptSections(attempts, evidence.identity)}
    ${fence.needed && html`<p>The control request sent afterwards ${fence.arrived ? 'arrived, so every earlier request that reached the gateway is recorded.' : `did not arrive${fence.reason === undefined ? '' : ` (${fence.reason})`}.`}</p>`}
    ${alone !== undefined && html`<section><h2>Sent by themselves</h2><p>The cell fails only beside other requests. The same requests sent by themselves gave this:</p>${attemptSections(alone, evidence.identity)}</section>`}
    <h2>Run it again</h2>
    <pre tabindex="0"><code>${replay}</code></pre>
    ${curl !== undefined && [html`<p class="soft">The first request as a command for a shell inside the environment. Redacted values have to be filled in:</p>`, html`<pre tabindex="0"><code>${curl}</code></pre>`]}
    <h2>Logs</h2>
    ${logSection('proxy', log.proxy)} ${logSection('gateway', log.gateway)}
  </div>`
}

function attemptSections(attempts: readonly AttemptEvidence[], identity: string | undefined): readonly Markup[] {
  const title = (index: number) => (attempts.length > 1 ? `Request ${index + 1} of ${attempts.length}` : undefined)
  return attempts.map((attempt, index) => attemptSection(attempt, title(index), identity))
}

function logSection(of: string, lines: readonly string[]): Markup {
  if (lines.length === 0) return html`<p class="soft">The ${of} logged nothing.</p>`
  return html`<details open><summary>${of}</summary><pre tabindex="0">${lines.join('\n')}</pre></details>`
}

function attemptSection(attempt: AttemptEvidence, title: string | undefined, identity: string | undefined): Markup {
  const { sent, arrived, rest } = compare(attempt)
  return html`<section>
    <h2>${title === undefined ? 'Expected and observed' : `${title}: expected and observed`}</h2>
    <div class="compared"><table><thead><tr><th scope="col">expected</th><th scope="col">observed</th></tr></thead>
      <tbody>${expectationRows(attempt, identity).map((row) => html`<tr><td>${row.expected}</td><td>${row.observed}</td></tr>`)}</tbody></table></div>
    <h3>Sent and arrived</h3>
    <div class="sides">
      <div><h3>Sent by the client</h3><div class="wire" tabindex="0">${sent.map(wireLine)}${rest === '' ? '' : html`<span>${`\n${rest}`}</span>`}</div></div>
      <div><h3>Arrived at the gateway</h3>${attempt.recorded === false ? html`<p>This gateway does not record requests. Only its response to the client is known.</p>` : arrived.length === 0 ? html`<p>Nothing.</p>` : arrived.map((lines, index) => arrivedBlock(lines, attempt.arrived[index]))}</div>
      <div><h3>Response to the client</h3><pre tabindex="0">${responseText(attempt.client)}</pre></div>
    </div>
    ${attempt.recorded === undefined && html`<p class="soft">${differenceLegend(arrived.length > 0)}</p>`}
  </section>`
}

function responseText({ status, headers, body = '', further = [], close, fault }: AttemptEvidence['client']): string {
  const answers = status === 0 ? [] : [{ status, headers, body }, ...further]
  const parts = [
    ...answers.map((one) =>
      [`HTTP ${one.status}`, ...one.headers.map(([name, value]) => `${name}: ${value}`), '', one.body]
        .join('\n')
        .trimEnd(),
    ),
    ...(close === null ? [] : [`close ${close.code} ${close.reason}`]),
    ...(fault === undefined ? (status === 0 ? ['The connection was closed without a response.'] : []) : [fault]),
  ]
  return parts.join('\n\n')
}

function arrivedBlock(lines: readonly ComparedLine[], arrival: AttemptEvidence['arrived'][number] | undefined): Markup {
  return html`<div><div class="wire" tabindex="0">${lines.map(wireLine)}${arrival !== undefined && arrival.body !== '' && html`<span>${`\n${arrival.body}`}</span>`}</div>
    ${arrival?.raw !== undefined && html`<details><summary>As it came off the wire</summary><pre tabindex="0">${arrival.raw}</pre></details>`}
    ${arrival !== undefined && html`<p class="soft">${`Peer ${arrival.peer}; ${arrival.attribution}; ${arrival.verdict}`}</p>`}</div>`
}

function wireLine({ text, difference }: ComparedLine): Markup {
  return html`<span class=${difference}>${signs[difference].sign} ${text}</span>`
}

const shown: readonly Difference[] = ['dropped', 'changed', 'added']

function differenceLegend(arrived: boolean): string {
  return arrived
    ? shown.map((one) => `${signs[one].sign} ${signs[one].word}`).join('   ')
    : 'Nothing arrived, so every sent line is marked.'
}
