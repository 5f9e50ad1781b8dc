/** All runs: the grade of each environment from run to run, each leading to its dated copy. */
import { isOpen } from '../../judge/status.ts'
import { letterMark } from '../html/letter.ts'
import { html, type Markup } from '../html/markup.ts'
import { pageText } from '../html/page.ts'
import { copyRecord, type DatedCopy } from './dated-copies.ts'

export const historyPath = 'history.html'

/** @param copies those that have a page, oldest first @param current addresses in the latest run */
export function historyPage(copies: readonly DatedCopy[], current: ReadonlySet<string>): string {
  const days = [...new Set(copies.map(({ day }) => day))].toReversed()
  const rows = [...Map.groupBy(copies, ({ address }) => address)].toSorted(
    ([one], [other]) => Number(current.has(other)) - Number(current.has(one)) || one.localeCompare(other),
  )
  const body = html`<div>
    <h1>History</h1>
    <p>The grade of each environment in each run, with the number of cells that were not met. The newest run is on the left; each leads to what is kept of it. The programs’ versions at the time stand there.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Grades by run"><table>
      <thead><tr><th scope="col">environment</th>${days.map((day) => html`<th scope="col">${day}</th>`)}</tr></thead>
      <tbody>${rows.map(([address, own]) => {
        const byDay = new Map(own.map((copy) => [copy.day, copy]))
        return html`<tr id=${address.slice('proxy/'.length)}><th scope="row"><a href=${`${address}/index.html`}>${address.slice('proxy/'.length)}</a></th>${days.map((day) => html`<td>${momentOf(byDay.get(day))}</td>`)}</tr>`
      })}</tbody>
    </table></div>
  </div>`
  const description = `The grade of every proxy configuration in the last ${days.length} runs.`
  return pageText({ title: 'History of trusted-proxy conformance', description, path: historyPath, body })
}

function momentOf(copy: DatedCopy | undefined): Markup | undefined {
  if (copy === undefined) return undefined
  const { status, grade, cells } = copyRecord(copy)
  const red = Object.values(cells).filter((one) => isOpen(one)).length
  const words = status !== 'ready' ? 'did not run' : `${red} not met`
  return html`<a href=${`${copy.folder}/index.html`}>${grade === undefined ? '' : letterMark(grade)} ${words}</a>`
}
