/**
 * One cell with its evidence: expected and observed, sent and arrived, logs, and how to run it again. The browser makes it of the data that the
 * environment's page carries: as mark-up it would be most of a report. So these functions call nothing but each other and what they are given.
 */
import type { Status } from '../../judge/status.ts'
import type { Transport } from '../../plan/case.ts'
import type { AttemptEvidence, CellEvidence } from '../../run/results/results.ts'
import type { curlLine } from './curl.ts'
import type { ComparedLine, compare, signs } from './differences.ts'
import type { ExpectationRow } from './expectation-words.ts'

/** What the page knows of a cell beside its evidence. */
export type CellFacts = {
  readonly status: Status
  readonly glyph: string
  readonly word: string
  readonly title: string
  readonly reason: string
  readonly case: string
  /** Of the case, from this page. */
  readonly page: string
  readonly transport: Transport
  /** `href` is absent where the link must not be followed. */
  readonly known?: { readonly since: string; readonly reason: string; readonly link: string; readonly href?: string }
  readonly rerun?: string
  /** For each attempt. */
  readonly rows?: readonly (readonly ExpectationRow[])[]
  readonly aloneRows?: readonly (readonly ExpectationRow[])[]
}

type Tools = {
  readonly compare: typeof compare
  readonly curlLine: typeof curlLine
  readonly signs: typeof signs
  readonly visible: (text: string) => string
}

/** What the page's data has of each cell, as JSON. */
export type CellData = {
  readonly facts: CellFacts
  /** Without what the page and the facts say already. */
  readonly evidence?: Omit<CellEvidence, 'environment' | 'case' | 'transport'>
}

/** Mark-up; nothing else is written into a page as it is. */
type Html = { readonly html: string }
type Value = string | number | false | undefined | Html | readonly Value[]
type Writer = (strings: TemplateStringsArray, ...values: readonly Value[]) => Html

/** @returns mark-up, every text in it cleaned and escaped */
export function cellView(environment: string, { facts, evidence: kept }: CellData, tools: Tools): string {
  const h = writer(tools.visible)
  const { transport } = facts
  const evidence = kept && { ...kept, environment, case: facts.case, transport }
  const { known, rerun } = facts
  return h`<section>
    <h1 tabindex="-1"><span class="status ${facts.status}"><span aria-hidden="true">${facts.glyph}</span> ${facts.word}</span> ${facts.title}</h1>
    <p class="lead">${facts.reason}</p>
    <dl class="facts">
      <dt>case</dt><dd><a href="${facts.page}"><code>${facts.case}</code></a> (why it matters, rules, control, mutants)</dd>
      <dt>environment</dt><dd><a href="#"><code>${environment}</code></a></dd>
      <dt>transport</dt><dd>${transport}</dd>
      ${evidence !== undefined && h`<dt>client</dt><dd>${evidence.as === 'anonymous' ? 'not signed in' : `signed in as ${evidence.as}`}, from ${evidence.from}</dd>`}
    </dl>
    ${rerun !== undefined && h`<p>Run again, because the first time said nothing about the proxy: ${rerun}</p>`}
    ${known !== undefined && h`<p><strong>Known since ${known.since}:</strong> ${known.reason} ${known.href === undefined ? known.link : h`<a href="${known.href}" rel="noreferrer">${known.link}</a>`}</p>`}
    ${evidence === undefined ? h`<p class="loud">There is no evidence for this cell${(facts.status === 'unsupported' || facts.status === 'blocked') && ': no request was sent'}.</p>` : evidenceView(facts, evidence, tools, h)}
  </section>`.html
}

function writer(visible: (text: string) => string): Writer {
  const text = (value: string) => visible(value).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const written = (value: Value): string => {
    if (value === false || value === undefined) return ''
    if (typeof value === 'string' || typeof value === 'number') return text(String(value))
    return 'html' in value ? value.html : value.map(written).join('')
  }
  return (strings, ...values) => ({ html: strings.map((part, index) => part + written(values[index])).join('') })
}

function evidenceView({ rows, aloneRows }: CellFacts, evidence: CellEvidence, tools: Tools, h: Writer): Html {
  const { attempts, alone, fence, log, replay } = evidence
  const curl = tools.curlLine(evidence)
  return h`<div>
    ${attemptsView(attempts, rows, tools, h)}
    ${fence.needed && h`<p>The control request sent afterwards ${fence.arrived ? 'arrived, so every earlier request that reached the gateway is recorded.' : `did not arrive${fence.reason === undefined ? '' : ` (${fence.reason})`}.`}</p>`}
    ${alone !== undefined && h`<section><h2>Sent by themselves</h2><p>The cell fails only beside other requests. The same requests sent by themselves gave this:</p>${attemptsView(alone, aloneRows, tools, h)}</section>`}
    <h2>Run it again</h2>
    <pre tabindex="0"><code>${replay}</code></pre>
    ${curl !== undefined && h`<p class="soft">The first request as a command for a shell inside the environment. Redacted values have to be filled in:</p><pre tabindex="0"><code>${curl}</code></pre>`}
    <h2>Logs</h2>
    ${logView('proxy', log.proxy, h)} ${logView('gateway', log.gateway, h)}
  </div>`
}

function logView(of: string, lines: readonly string[], h: Writer): Html {
  if (lines.length === 0) return h`<p class="soft">No log lines of the ${of} were kept for this cell.</p>`
  return h`<details open><summary>${of}</summary><pre tabindex="0">${lines.join('\n')}</pre></details>`
}

function attemptsView(
  attempts: readonly AttemptEvidence[],
  rows: CellFacts['rows'],
  tools: Tools,
  h: Writer,
): readonly Html[] {
  return attempts.map((attempt, index) => {
    const title = attempts.length > 1 ? `Request ${index + 1} of ${attempts.length}: expected` : 'Expected'
    return attemptView(attempt, `${title} and observed`, rows?.[index] ?? [], tools, h)
  })
}

function attemptView(
  attempt: AttemptEvidence,
  title: string,
  rows: readonly ExpectationRow[],
  { compare, signs }: Tools,
  h: Writer,
): Html {
  const { sent, arrived, rest } = compare(attempt)
  const line = ({ text, difference }: ComparedLine) =>
    h`<span class="${difference}">${signs[difference].sign} ${text}</span>`
  const legend = (['dropped', 'changed', 'added'] as const).map((one) => `${signs[one].sign} ${signs[one].word}`)
  const arrival = (lines: readonly ComparedLine[], one: AttemptEvidence['arrived'][number] | undefined) =>
    h`<div><div class="wire" tabindex="0">${lines.map(line)}${one !== undefined && one.body !== '' && h`<span>${`\n${one.body}`}</span>`}</div>
    ${one?.raw !== undefined && h`<details><summary>As it came off the wire</summary><pre tabindex="0">${one.raw}</pre></details>`}
    ${one !== undefined && h`<p class="soft">${`Peer ${one.peer}; ${one.attribution}; ${one.verdict}`}</p>`}</div>`
  const nothing =
    attempt.recorded === false
      ? 'This gateway does not record requests. Only its response to the client is known.'
      : 'Nothing.'
  return h`<section>
    <h2>${title}</h2>
    <div class="compared"><table><thead><tr><th scope="col">expected</th><th scope="col">observed</th></tr></thead>
      <tbody>${rows.map(({ expected, observed }) => h`<tr><td>${expected}</td><td>${observed}</td></tr>`)}</tbody></table></div>
    <h3>Sent and arrived</h3>
    <div class="sides">
      <div><h3>Sent by the client</h3><div class="wire" tabindex="0">${sent.map(line)}${rest !== '' && h`<span>${`\n${rest}`}</span>`}</div></div>
      <div><h3>Arrived at the gateway</h3>${arrived.length === 0 ? h`<p>${nothing}</p>` : arrived.map((lines, index) => arrival(lines, attempt.arrived[index]))}</div>
      <div><h3>Response to the client</h3><pre tabindex="0">${responseText(attempt.client)}</pre></div>
    </div>
    ${attempt.recorded === undefined && h`<p class="soft">${arrived.length > 0 ? legend.join('   ') : 'Nothing arrived, so every sent line is marked.'}</p>`}
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

/** For the page's script. */
export const cellViewSource = [cellView, writer, evidenceView, logView, attemptsView, attemptView, responseText]
  .map(String)
  .join('\n')
