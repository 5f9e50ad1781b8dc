/** `report.md`: what fits a CI job's summary. Matrix first, then every red cell with what was sent and what arrived. */
import { referenceAddress } from '../plan/references.ts'
import {
  type ArrivedEvidence,
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentResult,
} from '../run/results/results.ts'
import { deservesDetail, markOf, marks, severity } from './marks.ts'
import { counted, duration, engineInWords, environmentOutcome, type Overview, runInWords } from './overview.ts'
import { visible } from './visible.ts'

/** GitHub refuses job summaries over 1 MiB; the rest of the page and UTF-8 need room too. In characters. */
const longestReport = 600_000
/** Above this many cells of the full matrix only families are shown. */
const largestMatrix = 6000

export function markdownReport(overview: Overview): string {
  const { run } = overview.results
  const head = [
    '# Trusted-proxy conformance',
    `**${text(runInWords(overview))}**`,
    ...(run.notes ?? []).map((note) => `> **Note:** ${text(note)}`),
    notReady(overview),
    environmentsTable(overview),
    familyMatrix(overview),
    legend(),
    staleEntries(overview),
  ]
  const tail = [knownFailures(overview), caseMatrix(overview), runFacts(overview)]
  const fixed = [...head, ...tail].filter((part) => part !== '')
  const room = longestReport - fixed.reduce((sum, part) => sum + part.length + 2, 0)
  const details = redCells(overview, room)
  return `${[...head, details, ...tail].filter((part) => part !== '').join('\n\n')}\n`
}

/** Environments that did not run: before anything else, so that their absence cannot be overlooked. */
function notReady(overview: Overview): string {
  const lines = overview.environments
    .filter(({ status }) => status !== 'ready')
    .map((environment) => `> - ${code(environment.id)} ${text(environmentOutcome(overview, environment).words)}`)
  if (lines.length === 0) return ''
  return `> **${counted(lines.length, 'environment')} did not run.** Nothing below speaks of ${lines.length === 1 ? 'it' : 'them'}.\n>\n${lines.join('\n')}`
}

function environmentsTable(overview: Overview): string {
  const rows = overview.environments.map((environment, index) => [
    String(index + 1),
    text(`${environment.proxyTitle ?? environment.proxy} ${environment.proxyVersion}`),
    text(environment.variant),
    text(gatewayName(environment)) + (environment.caveat === undefined ? '' : ` (${text(environment.caveat)})`),
    text(environmentOutcome(overview, environment).words),
  ])
  return `## Environments\n\n${table(['#', 'proxy', 'variant', 'gateway', 'outcome'], rows)}`
}

function familyMatrix(overview: Overview): string {
  const rows = overview.families.map(({ family, cases }) => [
    family,
    ...overview.environments.map(({ id }) => cases.flatMap((one) => overview.cellsAt(id, one.id))).map(tally),
  ])
  return `## Matrix\n\nColumns are the numbers of the table above; each entry counts cells.\n\n${table(['family', ...numbers(overview)], rows)}`
}

/** `12 ✓ 1 ✗`, worst first. */
function tally(cells: readonly Cell[]): string {
  const counts = marks.map((mark) => ({ mark, count: cells.filter(({ status }) => status === mark.status).length }))
  return (
    counts
      .filter(({ count }) => count > 0)
      .map(({ mark, count }) => `${count} ${mark.glyph}`)
      .join(' ') || ' '
  )
}

const numbers = (overview: Overview) => overview.environments.map((_one, index) => String(index + 1))

function legend(): string {
  return marks.map(({ glyph, word, meaning }) => `${glyph} **${word}**: ${meaning}`).join('<br>\n')
}

function caseMatrix(overview: Overview): string {
  const { environments, results } = overview
  if (environments.length * results.cases.length > largestMatrix) return ''
  const rows = overview.families.flatMap(({ cases }) =>
    cases.map((one) => [
      code(one.id),
      ...environments.map(
        ({ id }) =>
          overview
            .cellsAt(id, one.id)
            .map(({ status }) => markOf(status).glyph)
            .join(' ') || ' ',
      ),
    ]),
  )
  const note = 'Several marks: one per transport (HTTP, WebSocket, HTTP/2).'
  return details('All cases', `${note}\n\n${table(['case', ...numbers(overview)], rows)}`)
}

function redCells(overview: Overview, room: number): string {
  const red = overview.results.cells
    .filter(({ status }) => deservesDetail(status))
    .toSorted((a, b) => severity(a.status) - severity(b.status))
  if (red.length === 0) return ''
  const parts: string[] = []
  let left = room
  for (const cell of red) {
    const part = redCell(overview, cell)
    left -= part.length + 2
    if (left < 0) break
    parts.push(part)
  }
  const rest = red.length - parts.length
  const omitted =
    rest === 0 ? [] : [`**${counted(rest, 'more cell')} did not fit here:** see \`index.html\` and \`results.json\`.`]
  return ['## What is not met', ...parts, ...omitted].join('\n\n')
}

function redCell(overview: Overview, cell: Cell): string {
  const { glyph, word } = markOf(cell.status)
  const one = overview.caseOf(cell.case)
  const evidence = overview.evidenceOf(cell)
  const title = `${glyph} ${word}: ${cell.case} [${cell.transport}] in ${cell.environment}`
  const body = [
    `${text(cell.reason)}`,
    ...(one === undefined
      ? []
      : [`*${text(one.title)}* (${cell.level}). ${text(one.why)} ${one.refs.map(reference).join(', ')}`]),
    ...(evidence === undefined ? [] : [sentAndArrived(evidence), `Again: ${code(evidence.replay)}`]),
  ]
  return details(title, body.join('\n\n'))
}

/** A link where the rule has an address, else its path in the repository. */
function reference(ref: string): string {
  const address = referenceAddress(ref)
  return address === undefined ? code(ref) : `[${text(ref)}](<${address}>)`
}

const longestSent = 2000

function sentAndArrived(evidence: CellEvidence): string {
  const sent = evidence.attempts.slice(0, 3).map(({ sent: { text: bytes } }) => fence(bytes.slice(0, longestSent)))
  const arrived = evidence.attempts
    .flatMap((attempt) => attempt.arrived)
    .slice(0, 3)
    .map((one) => fence(arrivalText(one).slice(0, longestSent)))
  const recorded = evidence.attempts.every((attempt) => attempt.recorded !== false)
  const { status, fault } = evidence.attempts[0]?.client ?? { status: 0 }
  const answer =
    fault === undefined ? (status === 0 ? 'no answer, the connection was closed' : `status ${status}`) : fault
  return [
    `Sent (as ${evidence.as}, from ${evidence.from}):`,
    ...(sent.length > 0 ? sent : ['nothing']),
    'Arrived at the gateway:',
    ...(arrived.length > 0 ? arrived : [recorded ? 'nothing' : 'unknown: this gateway keeps no record']),
    `The client got: ${text(answer)}`,
  ].join('\n\n')
}

/** An arrival the way it stood on the wire, with what the gateway made of it. */
export function arrivalText(arrival: ArrivedEvidence): string {
  const lines = arrival.headers.map(([name, value]) => `${name}: ${value}`)
  const trailers = arrival.trailers.map(([name, value]) => `(trailer) ${name}: ${value}`)
  return [
    `${arrival.method} ${arrival.target}`,
    ...lines,
    ...trailers,
    '',
    `-- from ${arrival.peer}; ${arrival.attribution}; ${arrival.verdict}`,
  ].join('\n')
}

function knownFailures(overview: Overview): string {
  const known = overview.results.cells.filter(({ status }) => status === 'known-failure')
  if (known.length === 0) return ''
  const groups = Map.groupBy(known, (cell) => `${cell.known?.since} ${cell.known?.reason} ${cell.known?.link}`)
  const parts = [...groups.values()].map((cells) => {
    const entry = cells[0]?.known
    const lines = [...new Set(cells.map((cell) => `- ${code(cell.environment)} ${code(cellKey(cell))}`))]
    const shown = lines.length > 20 ? [...lines.slice(0, 20), `- … and ${lines.length - 20} more`] : lines
    return `**${text(entry?.reason ?? '')}** ${text(entry?.link ?? '')} (since ${text(entry?.since ?? '')})\n\n${shown.join('\n')}`
  })
  return details(
    `Known failures: ${counted(known.length, 'cell')} that ${known.length === 1 ? 'does' : 'do'} not conform`,
    parts.join('\n\n'),
  )
}

function staleEntries({ results }: Overview): string {
  if (results.stale.length === 0) return ''
  const lines = results.stale.map(
    ({ file, line, cases, why }) => `- ${code(`${file}:${line}`)} ${cases.map(code).join(', ')}: ${text(why)}`,
  )
  return `## Known failures that no longer hold\n\nRemove these entries.\n\n${lines.join('\n')}`
}

function runFacts({ results: { run } }: Overview): string {
  return `<sub>Run ${text(run.id)}, ${text(run.startedAt)}, ${duration(run.durationMs)}, engine ${text(engineInWords(run.engine))}, harness ${text(run.harness.version)} (${text(run.harness.commit)}), seed ${run.seed}, exit code ${run.exitCode}: ${code(run.command)}</sub>`
}

function gatewayName({ gateway, gatewayVersion }: EnvironmentResult): string {
  return gatewayVersion === undefined ? gateway : `${gateway}@${gatewayVersion}`
}

function details(summary: string, body: string): string {
  return `<details><summary>${text(summary)}</summary>\n\n${body}\n\n</details>`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text that stays text: no mark-up, no HTML, one line. */
export function text(value: string): string {
  return visible(value)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]#~!]/g, '\\$&')
    .replace(/[\r\n]+/g, ' ')
}

/** `code` on one line, whatever backquotes it holds (CommonMark 6.1). */
export function code(value: string): string {
  const line = visible(value).replace(/[\r\n]+/g, ' ')
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

/** A fenced block longer than any run of backquotes in it (CommonMark 4.5). */
function fence(value: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(value) + 1))
  return `${ticks}http\n${visible(value.replace(/\r\n/g, '\n'))}\n${ticks}`
}

const longestRun = (value: string) => Math.max(0, ...(value.match(/`+/g) ?? []).map((run) => run.length))
