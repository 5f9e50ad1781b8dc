/** The gateway's own checklists with what came of each line in this run. */
import type { Status } from '../../judge/status.ts'
import { type ChecklistLine, checklists } from '../checklist/lines.ts'
import { casesOfLine, type LineIn, type LineOutcome, outcomesOfLine } from '../checklist/outcome.ts'
import { markOf } from '../marks.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { cellLink, environmentPath, gatewayName } from './links.ts'
import { html, type Markup } from './markup.ts'
import { pageText } from './page.ts'
import { withCode } from './with-code.ts'

export const checklistPath = 'checklist.html'

const words: Readonly<Record<LineOutcome, { readonly look: Status; readonly says: string }>> = {
  'not-met': { look: 'fail', says: 'not met' },
  recommended: { look: 'warn', says: 'met, but for a recommendation' },
  met: { look: 'pass', says: 'met' },
  'not-seen': { look: 'unsupported', says: 'not seen' },
}
const worstFirst: readonly LineOutcome[] = ['not-met', 'recommended', 'met', 'not-seen']

export function checklistHtml(overview: Overview): string {
  const body = html`<div>
    <h1>The gateway's checklists</h1>
    <p>What the gateway's documentation tells operators to verify, line by line: the cases that test it, and what came of them in this run.</p>
    ${checklists.map(
      ({ title, source, lines }) => html`<section>
      <h2>${title}</h2>
      <p class="soft"><a href=${source} rel="noreferrer">${source}</a></p>
      <ol class="checklist">${lines.map((line) => lineItem(overview, line))}</ol>
    </section>`,
    )}
  </div>`
  const description =
    'Each line of the gateway documentation’s security checklists, with the cases that test it and their results.'
  return pageText({ title: 'Checklists of the gateway', description, path: checklistPath, body })
}

function lineItem(overview: Overview, line: ChecklistLine): Markup {
  if ('untestable' in line)
    return html`<li id=${line.id}><p><strong>${withCode(line.says)}.</strong></p><p class="soft">Not tested: ${withCode(line.untestable)}</p></li>`
  const outcomes = Map.groupBy(outcomesOfLine(overview, line), ({ outcome }) => outcome)
  const cases = casesOfLine(
    line,
    overview.results.cases.map(({ id }) => id),
  )
  return html`<li id=${line.id}>
    <p><strong>${withCode(line.says)}.</strong></p>
    <p>${worstFirst.map((outcome) => outcomes.has(outcome) && [summaryOf(outcome, outcomes.get(outcome)?.length ?? 0), ' '])}</p>
    <details><summary>${counted(cases.length, 'case')} in this run: ${line.cases.join(', ')}</summary>
      <ul>${worstFirst.flatMap((outcome) => (outcomes.get(outcome) ?? []).map((one) => environmentItem(overview, one)))}</ul></details>
  </li>`
}

function summaryOf(outcome: LineOutcome, count: number): Markup {
  const { look, says } = words[outcome]
  return html`<span class=${`status ${look}`}><span aria-hidden="true">${markOf(look).glyph}</span> ${says} in ${counted(count, 'environment')}</span>`
}

function environmentItem(overview: Overview, { environment, outcome, cells }: LineIn): Markup {
  const { look, says } = words[outcome]
  const [first] = cells
  const name = `${environment.proxy} ${environment.proxyVersion}, ${environment.variant}, ${gatewayName(environment)}`
  const shown = outcome === 'not-met' || outcome === 'recommended'
  return html`<li><span class=${`status ${look}`}>${says}</span> <a href=${environmentPath(overview, environment.id)}>${name}</a>${shown && first !== undefined && html`<span>: ${counted(cells.length, 'cell')}, such as <a href=${cellLink(overview, first)}><code>${first.case}</code></a></span>`}${outcome === 'met' && `: ${counted(cells.length, 'cell')}`}</li>`
}
