/** `report.md`: what fits a CI job's summary. Grades and findings first, then the matrix and every failed cell with what was sent and what arrived. */
import { consequences, gravityOf } from '../judge/consequence.ts'
import {
  type ArrivedEvidence,
  type AttemptEvidence,
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentResult,
} from '../run/results/results.ts'
import {
  answerInWords,
  choicesOf,
  meetsRequirements,
  nameOf,
  notTakenInWords,
  programsOf,
  ruleInWords,
  worstInWords,
} from './choices.ts'
import type { Configuration } from './configurations.ts'
import { failedLogInsOf } from './failed-log-ins.ts'
import { exampleOf, placedFindings } from './findings.ts'
import { gatewayConfigurations } from './gateway-configuration.ts'
import { code, details, fence, reference, table, text, withCode } from './markdown-text.ts'
import { deservesDetail, markOf, marks, severity } from './marks.ts'
import { counted, duration } from './numbers.ts'
import { aboutExitCode, environmentOutcome, runInWords } from './outcome.ts'
import { engineInWords, type Overview } from './overview.ts'
import { remediesInWords } from './remedy-words.ts'

/** GitHub refuses job summaries over 1 MiB; the rest of the page and UTF-8 need room too. In characters. */
const longestReport = 600_000
/** Above this many cells of the full matrix only families are shown. */
const largestMatrix = 6000

export function markdownReport(overview: Overview): string {
  const { run } = overview.results
  const head = [
    '# Trusted-proxy conformance',
    `**${text(runInWords(overview.results))}** ${text(aboutExitCode)}`,
    ...(run.notes ?? []).map((note) => `> **Note:** ${text(note)}`),
    notReady(overview),
    choices(overview),
    couldNotBeJudged(overview),
    environmentsTable(overview),
    findings(overview),
    ownGateways(overview),
    familyMatrix(overview),
    legend(),
    staleEntries(overview),
  ]
  const tail = [notTested(overview), knownFailures(overview), caseMatrix(overview), runFacts(overview)]
  const fixed = [...head, ...tail].filter((part) => part !== '')
  const room = longestReport - fixed.reduce((sum, part) => sum + part.length + 2, 0)
  const details = redCells(overview, room)
  return `${[...head, details, ...tail].filter((part) => part !== '').join('\n\n')}\n`
}

/** Environments that did not run come first, so that nobody overlooks them. */
function notReady(overview: Overview): string {
  const lines = overview.environments
    .filter(({ status }) => status !== 'ready')
    .map((environment) => `> - ${code(environment.id)} ${text(environmentOutcome(overview, environment).words)}`)
  if (lines.length === 0) return ''
  return `> **${counted(lines.length, 'environment')} did not run.** This report says nothing about ${lines.length === 1 ? 'it' : 'them'}.\n>\n${lines.join('\n')}`
}

/** With the redirects until then, which say where the log-in ended. */
function couldNotBeJudged({ environments }: Overview): string {
  const failed = failedLogInsOf(environments)
  if (failed.length === 0) return ''
  const parts = failed.map(({ environment, says, chain }) =>
    [`${code(environment)} ${text(says)}`, ...(chain.length > 0 ? [fence(chain.join('\n'), 'text')] : [])].join('\n\n'),
  )
  return `## Could not be judged\n\nUsers could not sign in. Cells that need them are inconclusive.\n\n${parts.join('\n\n')}`
}

/** As on the first page. */
function choices(overview: Overview): string {
  const rows = choicesOf(overview).map((choice) => {
    const { product, best, documented } = choice
    return [
      text(product),
      meetsRequirements(best)
        ? `${letterOf(best)} ${text(nameOf(best))}. ${text(programsOf(best))}`
        : `${text(notTakenInWords(choice))} ${letterOf(best)} ${text(nameOf(best))}`,
      documented === undefined ? ' ' : `${letterOf(documented)} ${text(worstInWords(documented))}`,
    ]
  })
  const answer = `${text(answerInWords(overview))} ${text(ruleInWords)}`
  return `## Which configuration to take\n\n${answer}\n\n${table(['you run', 'take', 'as documented'], rows)}`
}

const letterOf = ({ letter }: Configuration) => `**${letter ?? '–'}**`

function environmentsTable(overview: Overview): string {
  const rows = overview.environments.map((environment, index) => [
    String(index + 1),
    gradeCell(overview, environment.id),
    text(`${environment.proxyTitle ?? environment.proxy} ${environment.proxyVersion}`),
    text(environment.variant),
    text(gatewayName(environment)) + (environment.caveat === undefined ? '' : ` (${text(environment.caveat)})`),
    text(environmentOutcome(overview, environment).words),
  ])
  return `## Environments\n\n${table(['#', 'grade', 'proxy', 'variant', 'gateway', 'outcome'], rows)}`
}

/** The letter with what it depends on: a letter alone would say too much. */
function gradeCell(overview: Overview, environment: string): string {
  const grade = overview.gradeOf(environment)
  return grade === undefined ? ' ' : `**${text(grade.letter)}** (${grade.seen} of ${grade.applicable} seen)`
}

/** So many are spelled out: each is a few lines. */
const mostFindings = 60

function findings({ results }: Overview): string {
  const placed = placedFindings(results)
  if (placed.length === 0) return ''
  const items = placed.slice(0, mostFindings).map(({ place, finding, cells, environments }) => {
    const marks = [
      finding.consequence,
      ...(finding.level === 'must' ? [] : ['recommendation']),
      ...(finding.known === true ? ['known'] : []),
    ]
    const where = `${counted(cells, 'cell')} in ${counted(environments.length, 'environment')}, such as ${code(finding.cells[0] ?? '')}; ${code(`conformance explain ${exampleOf(finding)}`)}`
    const remedies = remediesInWords(finding).map((remedy) => `  - ${withCode(remedy)}`)
    return [`- **${text(place)}** (${marks.map(text).join(', ')}): ${text(finding.says)} ${where}`, ...remedies].join(
      '\n',
    )
  })
  const rest = placed.length - items.length
  const more = rest > 0 ? `\n\n**${counted(rest, 'more finding')}:** see \`index.html\` and \`results.json\`.` : ''
  return `## Findings\n\n${items.join('\n')}${more}`
}

function notTested(overview: Overview): string {
  const rows = overview.environments.flatMap(({ id }) =>
    (overview.gradeOf(id)?.notTested ?? []).map(({ what, why }) => [code(id), text(what), text(why)]),
  )
  if (rows.length === 0) return ''
  return details('What could not be tested, and why', table(['environment', 'what', 'why'], rows.slice(0, 200)))
}

/** Operators' own gateway configurations. */
function ownGateways({ environments }: Overview): string {
  const parts = gatewayConfigurations(environments).map(({ environment, file, refused, replaced, audit, auditedBy }) =>
    [
      `${code(environment)} with ${code(file)}:${refused === undefined ? '' : ` ${text(refused)}.`}`,
      ...(replaced.length === 0 ? [] : [`Replaced by the run:\n\n${bullets(replaced)}`]),
      ...(audit.length === 0 ? [] : [`${text(auditedBy)}:\n\n${bullets(audit)}`]),
    ].join('\n\n'),
  )
  return parts.length === 0 ? '' : ['## Gateway configuration', ...parts].join('\n\n')
}

const bullets = (lines: readonly string[]) => lines.map((line) => `- ${text(line)}`).join('\n')

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
  const red = overview.results.cells.filter(({ status }) => deservesDetail(status))
  if (red.length === 0) return ''
  // The evidence of one environment after the other is read, so that not all of it is in memory, nor read many times.
  const written = [...Map.groupBy(red, ({ environment }) => environment).values()].flatMap((cells) =>
    fitting(worstFirst(overview, cells), room, (cell) => ({ cell, text: redCell(overview, cell) })),
  )
  const texts = new Map(written.map(({ cell, text }) => [cell, text]))
  const parts = fitting(worstFirst(overview, red), room, (cell) => ({ text: texts.get(cell) }))
  const rest = red.length - parts.length
  const omitted =
    rest === 0 ? [] : [`**${counted(rest, 'more cell')} did not fit here:** see \`index.html\` and \`results.json\`.`]
  return ['## Failures and warnings', ...parts.map(({ text }) => text), ...omitted].join('\n\n')
}

const worstFirst = (overview: Overview, cells: readonly Cell[]) =>
  cells.toSorted((a, b) => severity(a.status) - severity(b.status) || gravity(overview, a) - gravity(overview, b))

/** The first ones, as far as their texts have room together. */
function fitting<T extends { readonly text: string | undefined }>(
  cells: readonly Cell[],
  room: number,
  write: (cell: Cell) => T,
): readonly T[] {
  const parts: T[] = []
  let left = room
  for (const cell of cells) {
    const part = write(cell)
    // What had no room among those of its own environment has none among all.
    left -= part.text === undefined ? Number.POSITIVE_INFINITY : part.text.length + 2
    if (left < 0) break
    parts.push(part)
  }
  return parts
}

/** By the worst finding that it is part of. */
const gravity = (overview: Overview, cell: Cell) => {
  const [worst] = overview.findingsAt(cell)
  return worst === undefined ? consequences.length : gravityOf(worst.consequence)
}

function redCell(overview: Overview, cell: Cell): string {
  const { glyph, word } = markOf(cell.status)
  const one = overview.caseOf(cell.case)
  const evidence = overview.evidenceOf(cell)
  const title = `${glyph} ${word}: ${cell.case} [${cell.transport}] in ${cell.environment}`
  const body = [
    text(cell.reason),
    ...(cell.rerun === undefined ? [] : [`Run again. The first time: ${text(cell.rerun)}`]),
    ...(one === undefined
      ? []
      : [`*${text(one.title)}* (${cell.level}). ${text(one.why)} ${one.refs.map(reference).join(', ')}`]),
    ...(evidence === undefined ? [] : [sentAndArrived(evidence), `Run it again: ${code(evidence.replay)}`]),
  ]
  return details(title, body.join('\n\n'))
}

const longestSent = 2000

function sentAndArrived({ as, from, attempts, alone }: CellEvidence): string {
  const first = attempts[0]
  const sent = attempts.slice(0, 3).map((one) => fence(one.sent.text.slice(0, longestSent), 'http'))
  const arrivals = attempts.flatMap((one) => one.arrived)
  const arrived = arrivals.slice(0, 3).map((one) => fence(arrivalText(one).slice(0, longestSent), 'http'))
  const recorded = attempts.every((one) => one.recorded !== false)
  return [
    `Sent (as ${text(as)}, from ${text(from)}):`,
    ...(sent.length > 0 ? sent : ['nothing']),
    'Arrived at the gateway:',
    ...(arrived.length > 0 ? arrived : [recorded ? 'nothing' : 'unknown: this gateway does not record requests']),
    ...(first === undefined ? [] : [`Response to the client: ${text(responseText(first.client))}`]),
    ...(alone === undefined
      ? []
      : [`Sent by themselves, the same requests gave another result: ${arrivedAlone(alone)}`]),
  ].join('\n\n')
}

/** Of requests that fail only beside others. */
function arrivedAlone(attempts: readonly AttemptEvidence[]): string {
  const arrivals = attempts.flatMap(({ arrived }) => arrived)
  const [first] = attempts
  const seen = arrivals.slice(0, 3).map((one) => `${one.method} ${one.target}, ${one.verdict}`)
  const response = first === undefined ? [] : [`response to the client: ${responseText(first.client)}`]
  return text([...(seen.length > 0 ? seen : ['nothing arrived']), ...response].join('; '))
}

function responseText({ status, fault }: AttemptEvidence['client']): string {
  if (fault !== undefined) return fault
  return status === 0 ? 'none, the connection was closed' : `status ${status}`
}

/** An arrival as it was on the wire, with the gateway's decision. */
function arrivalText(arrival: ArrivedEvidence): string {
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
    return `**${text(entry?.reason ?? '')}** ${reference(entry?.link ?? '')} (since ${text(entry?.since ?? '')})\n\n${shown.join('\n')}`
  })
  return details(
    `Known failures: ${counted(known.length, 'cell')} that ${known.length === 1 ? 'fails' : 'fail'} as already known`,
    parts.join('\n\n'),
  )
}

function staleEntries({ results }: Overview): string {
  if (results.stale.length === 0) return ''
  const lines = results.stale.map(
    ({ file, line, cases, why }) => `- ${code(`${file}:${line}`)} ${cases.map(code).join(', ')}: ${text(why)}`,
  )
  return `## Known-failure entries that no longer apply\n\nRemove them.\n\n${lines.join('\n')}`
}

function runFacts({ results: { run } }: Overview): string {
  return `<sub>Run ${text(run.id)}, ${text(run.startedAt)}, ${duration(run.durationMs)}, engine ${text(engineInWords(run.engine))}, harness ${text(run.harness.version)} (${text(run.harness.commit)}), seed ${run.seed}, exit code ${run.exitCode}: ${code(run.command)}</sub>`
}

function gatewayName({ gateway, gatewayVersion }: EnvironmentResult): string {
  return gatewayVersion === undefined ? gateway : `${gateway}@${gatewayVersion}`
}
