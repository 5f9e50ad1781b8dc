/** Findings as a list: who can do what, what to write, and the cells that show it. */
import type { Status } from '../../judge/status.ts'
import type { Finding } from '../../run/results/results.ts'
import { cellKey } from '../../run/results/results.ts'
import { consequenceWords } from '../consequence-words.ts'
import type { PlacedFinding } from '../findings.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { remediesInWords } from '../remedy-words.ts'
import { cellsAnchor, environmentPath, findingLink, type Root } from './links.ts'
import { html, type Markup } from './markup.ts'
import { withCode } from './with-code.ts'

/** The look of a status that readers know from the matrix. */
function lookOf({ level, known, consequence }: Finding): Status {
  if (level !== 'must') return 'warn'
  if (known === true) return 'known-failure'
  return consequence === 'hygiene' ? 'warn' : 'fail'
}

/** So many cells are linked: on the first page a few, on the environment's the most that somebody reads. */
const mostCells = (root: Root) => (root === '' ? 6 : 100)

export function findingList(overview: Overview, findings: readonly PlacedFinding[], root: Root): Markup {
  return html`<ol class="findings">${findings.map((one) => findingItem(overview, one, root))}</ol>`
}

function findingItem(overview: Overview, { finding, cells, environments }: PlacedFinding, root: Root): Markup {
  const marks = [finding.level === 'must' ? '' : 'recommendation', finding.known === true ? 'known' : ''].filter(
    (mark) => mark !== '',
  )
  const where =
    environments.length > 1
      ? `${counted(cells, 'cell')} in ${counted(environments.length, 'environment')}`
      : counted(cells, 'cell')
  return html`<li id=${root === '' ? undefined : `finding-${finding.id}`}>
    <p><span class=${`status ${lookOf(finding)}`} title=${consequenceWords[finding.consequence]}>${finding.consequence}</span>${marks.length > 0 && ` ${marks.join(', ')} `} <strong>${unbroken(finding.says)}</strong></p>
    ${finding.remedies.length > 0 && html`<p class="remedy"><b>What to do:</b> ${remediesInWords(finding).map((words, index) => [index > 0 ? html`<br />` : ' ', withCode(words)])}</p>`}
    ${root !== '' && provenLines(finding)}
    <details><summary>${where}</summary><p>${cellLinks(overview, finding, root)}</p></details>
    ${root === '' && environments.length > 1 && html`<p class="soft">Behind ${environments.map((id, index) => [index > 0 ? ', ' : '', html`<a href=${findingLink(overview, { ...finding, environment: id })}>${gatewayIn(id)}</a>`])}</p>`}
  </li>`
}

/** Every line with its proof, where the sentence cannot have all. */
function provenLines({ remedies }: Finding): Markup | undefined {
  if (remedies.length === remediesInWords({ remedies, cells: [] }).length) return undefined
  return html`<details><summary>${counted(remedies.length, 'line')}, and the cells that turn red without each</summary><ul>${remedies.map(({ text, file, line, cells = [] }) => html`<li>${withCode(text)} <span class="soft">${file}:${line}</span> ${namesOf(cells)}</li>`)}</ul></details>`
}

/** Of `PROXY@VERSION/VARIANT/GATEWAY@VERSION` the gateway. */
const gatewayIn = (environment: string) => environment.split('/').slice(2).join('/')

/** `CASE (http, websocket), CASE (http)`: what a case has in common is said once. */
const namesOf = (keys: readonly string[]) =>
  byCase(keys)
    .map(([id, transports]) => `${id} (${transports.join(', ')})`)
    .join(', ')

/** Of `CASE.TRANSPORT`, the transports of each case. */
function byCase(keys: readonly string[]): readonly (readonly [id: string, transports: readonly string[]])[] {
  const parts = keys.map((key) => ({
    id: key.slice(0, key.lastIndexOf('.')),
    transport: key.slice(key.lastIndexOf('.') + 1),
  }))
  return [...Map.groupBy(parts, ({ id }) => id)].map(([id, own]) => [id, own.map(({ transport }) => transport)])
}

function cellLinks(overview: Overview, finding: Finding, root: Root): unknown {
  const byKey = new Map(overview.cellsOf(finding.environment).map((cell) => [cellKey(cell), cell]))
  const rest = finding.cells.length - mostCells(root)
  return [
    byCase(finding.cells.slice(0, mostCells(root))).map(([id, transports], index) => {
      const cells = transports.flatMap((transport) => byKey.get(`${id}.${transport}`) ?? [])
      const [first] = cells
      const href = `#${cellsAnchor(cells)}`
      return [
        index > 0 ? ', ' : '',
        first === undefined
          ? id
          : html`<a href=${root === '' ? `${environmentPath(overview, first.environment)}${href}` : href}>${id}</a>`,
        ` (${transports.join(', ')})`,
      ]
    }),
    rest > 0 && [
      ', and ',
      root === '' ? html`<a href=${findingLink(overview, finding)}>${rest} more</a>` : `${rest} more`,
    ],
  ]
}

/** Names of headers stay on one line: a hyphen is no place to break them. */
export function unbroken(text: string): unknown {
  return text
    .split(/([A-Z]\w*(?:-\w+)+)/)
    .map((part, index) => (index % 2 === 1 ? html`<span class="name">${part}</span>` : part))
}
