/** A hardened configuration line by line: the files as they ran, a button that copies them, and what happens without each line. */

import { posix } from 'node:path'
import { environmentInWords, settingsFile, settingsHeading, settingsInWords } from '../guides/gateway-settings.ts'
import { aboutInWords, casesOf, type Guide, type GuideLine, measuredInWords, withoutIt } from '../guides/guide.ts'
import { changesHeading, changesInWords, type Line } from '../guides/lab-values.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { casePath, environmentPath, guidePath, type Root, rootOf } from './links.ts'
import { html, type Markup } from './markup.ts'
import { caseList, pageText } from './page.ts'

/** Copies the text of the block that the button names. */
const copyScript = `'use strict';
document.addEventListener('click', function (event) {
  var button = event.target.closest('button[data-copies]');
  if (!button) return;
  var block = document.getElementById(button.dataset.copies);
  function done() { button.textContent = 'Copied'; }
  function select() { getSelection().selectAllChildren(block); button.textContent = 'Selected: press Ctrl+C'; }
  if (navigator.clipboard) navigator.clipboard.writeText(block.textContent).then(done, select); else select();
});`

/** @param environment in which these files ran */
export function guidePage(overview: Overview, guide: Guide, environment: string): string {
  const { title, files, proxy } = guide
  const path = guidePath(proxy)
  const root = rootOf(path)
  const { run } = overview.results
  const body = html`<div>
    <h1>${title}: the hardened configuration, line by line</h1>
    <p>${aboutInWords(guide)}</p>
    <p>These files ran ${run.startedAt.slice(0, 10)} as they stand here: <a href=${`${root}${environmentPath(overview, environment)}`}>what came of it</a>.</p>
    <p>${measuredInWords(guide)}</p>
    ${changesSection(guide)}
    ${files.map(
      ({ path: file, text, lines }, index) => html`<section>
      <h2>${file}</h2>
      <p><button type="button" data-copies=${`file-${index}`}>Copy</button></p>
      <pre tabindex="0" id=${`file-${index}`}>${text}</pre>
      ${lines.some(({ measured }) => measured !== undefined) && linesTable(overview, lines, root)}
    </section>`,
    )}
    ${settingsSection(guide)}
  </div>`
  const description = `${aboutInWords(guide)} ${measuredInWords(guide)}`
  return pageText({ title: `${title}: hardened, line by line`, description, path, body, script: copyScript })
}

function changesSection({ changes, files }: Guide): Markup | undefined {
  if (changes.length === 0) return undefined
  const anchors = new Map([
    ...files.map(({ path }, index) => [posix.basename(path), `#file-${index}`] as const),
    [settingsFile, '#settings'],
  ])
  const place = ({ file, number }: Line, index: number) => {
    const anchor = anchors.get(file)
    const name = `${file}:${number}`
    return [index > 0 && ', ', anchor === undefined ? name : html`<a href=${anchor}>${name}</a>`]
  }
  return html`<section><h2>${changesHeading}</h2><p>${changesInWords}</p>
    <table class="stacked">
      <thead><tr><th scope="col">in the files</th><th scope="col">put</th><th scope="col">where</th></tr></thead>
      <tbody>${changes.map(({ value, put, lines }) => html`<tr><th scope="row"><code>${value}</code></th><td>${put}</td><td>${lines.map(place)}</td></tr>`)}</tbody>
    </table></section>`
}

function settingsSection({ settings }: Guide): Markup | undefined {
  if (settings === undefined) return undefined
  const environment = environmentInWords(settings)
  return html`<section><h2>${settingsHeading}</h2><p>${settingsInWords(settings)}</p>
    <p><button type="button" data-copies="settings">Copy</button></p>
    <pre tabindex="0" id="settings">${settings.text}</pre>
    ${environment !== '' && html`<p>Environment: <code>${environment}</code></p>`}</section>`
}

/** Cases that are linked; the others are counted. */
const mostCases = 4

function linesTable(overview: Overview, lines: readonly GuideLine[], root: Root): Markup {
  return html`<div class="scroll" tabindex="0"><table>
    <thead><tr><th scope="col">line</th><th scope="col">what</th><th scope="col">without it</th><th scope="col">cases that prove it</th></tr></thead>
    <tbody>${lines.map((line) => {
      const cases = casesOf(line.measured?.red ?? [])
      const rest = cases.length - mostCases
      return html`<tr><td>${line.to > line.from ? `${line.from}–${line.to}` : line.from}</td><td class="words"><code>${line.text}</code></td><td class="words">${withoutIt(line)}</td><td>${caseList(cases.slice(0, mostCases), overview, (id) => `${root}${casePath(id)}`)}${rest > 0 && `, and ${counted(rest, 'more case')}`}</td></tr>`
    })}</tbody>
  </table></div>`
}
