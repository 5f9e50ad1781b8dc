/** The page of a dated copy: grade, findings and what did not pass. */

import { isOpen } from '../../judge/status.ts'
import { consequenceWords } from '../consequence-words.ts'
import { letterWords } from '../grades.ts'
import { letterMark } from '../html/letter.ts'
import { casePath, type Root, rootOf } from '../html/links.ts'
import { html, type Markup } from '../html/markup.ts'
import { badgeOf, pageText } from '../html/page.ts'
import { severity } from '../marks.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { copyRecord, type DatedCopy } from './dated-copies.ts'

/** @param folder where the page lies @param isNow whether the address above has a page of the latest run */
export function copyPage(overview: Overview, copy: DatedCopy, folder: string, isNow: boolean): string {
  const { address, environment, run, day } = copy
  const { grade, findings, passed, cells } = copyRecord(copy)
  const path = `${folder}/index.html`
  const root = rootOf(path)
  const others = Object.entries(cells).toSorted(([, one], [, other]) => severity(one) - severity(other))
  const title = `${environment.id}, ${day}`
  const body = html`<div>
    <h1>${title}</h1>
    <p>Run <code>${run.run}</code> of ${run.date}, harness ${run.commit}. ${isNow ? html`<a href=${`${root}${address}/index.html`}>The latest run of this environment</a> has the evidence of its cells.` : 'This environment is not in the latest run; this is the last one that had it.'} <a href=${`${root}history.html`}>All runs</a></p>
    ${environment.status !== 'ready' && html`<p class="loud">It did not run.</p>`}
    ${grade !== undefined && html`<p>${letterMark(grade)} <strong>${letterWords[grade]}.</strong></p>`}
    ${findings.length > 0 && [html`<h2>Findings</h2>`, html`<ol class="findings">${findings.map(({ id, consequence, says }) => html`<li id=${`finding-${id}`}><span class="status fail" title=${consequenceWords[consequence]}>${consequence}</span> ${says}</li>`)}</ol>`]}
    <h2>Cells</h2>
    <p>${counted(passed, 'cell')} passed${others.length > 0 ? '; these did not:' : '.'}</p>
    <ul>${others.map(([key, status]) => html`<li id=${key}>${badgeOf(status)} ${caseName(overview, key, root)}</li>`)}</ul>
  </div>`
  return pageText({ title, description: descriptionOf(copy), path, body })
}

function descriptionOf(copy: DatedCopy): string {
  const { grade, findings, passed, cells } = copyRecord(copy)
  const red = Object.values(cells).filter((status) => isOpen(status)).length
  const [worst] = findings
  return [
    ...(grade === undefined ? [] : [`Grade ${grade}.`]),
    worst?.says ?? `${counted(passed, 'cell')} passed, ${red} not met.`,
  ].join(' ')
}

/** Linked where the case is still in the catalogue. */
function caseName(overview: Overview, key: string, root: Root): Markup {
  const id = key.replace(/\.[^.]*$/, '')
  return overview.caseOf(id) === undefined
    ? html`<code>${key}</code>`
    : html`<a href=${`${root}${casePath(id)}`}><code>${key}</code></a>`
}
