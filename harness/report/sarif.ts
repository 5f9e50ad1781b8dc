/** `results.sarif` (SARIF 2.1.0): one rule per consequence, one result per finding, at the variant's configuration file. */
import type { Location, Log, Notification, ReportingDescriptor, Result } from 'sarif'
import { type Consequence, consequences } from '../judge/consequence.ts'
import { type Cell, cellKey, type EnvironmentResult, type Finding } from '../run/results/results.ts'
import { consequenceWords } from './consequence-words.ts'
import { text, withCode } from './markdown-text.ts'
import { environmentOutcome } from './outcome.ts'
import type { Overview } from './overview.ts'
import { remediesInWords } from './remedy-words.ts'
import { visible } from './visible.ts'

const schema = 'https://json.schemastore.org/sarif-2.1.0.json'

/** A finding of known failures alone is a result with an external suppression; harness errors and failed environments are notifications, never results. */
export function sarifLog(overview: Overview): Log {
  const { run, cells, findings } = overview.results
  const rules = [...consequences.map(rule), outOfDate]
  const environments = new Map(overview.environments.map((one) => [one.id, one]))
  const stale = cells.filter(({ status }) => status === 'unexpected-pass')
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'trusted-proxy-conformance', version: run.harness.version, rules },
        },
        automationDetails: { id: `trusted-proxy-conformance/${run.id}` },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: run.exitCode === 0 || run.exitCode === 1,
            exitCode: run.exitCode,
            commandLine: visible(run.command),
            startTimeUtc: run.startedAt,
            toolExecutionNotifications: notifications(overview),
          },
        ],
        results: [
          ...findings.map((one) => result(one, environments.get(one.environment), overview)),
          ...stale.map((cell) => staleResult(cell, environments.get(cell.environment))),
        ],
      },
    ],
  }
}

function rule(consequence: Consequence): ReportingDescriptor {
  return {
    id: consequence,
    shortDescription: { text: consequenceWords[consequence] },
    help: {
      text: `${consequenceWords[consequence]}. The message names the cause; "conformance explain CASE" explains each case.`,
    },
    defaultConfiguration: { level: 'error' },
    properties: { tags: ['security'] },
  }
}

const outOfDate: ReportingDescriptor = {
  id: 'known-failure-out-of-date',
  shortDescription: { text: 'A case passes that a known-failure entry says fails: remove the entry' },
  defaultConfiguration: { level: 'error' },
}

function result(finding: Finding, environment: EnvironmentResult | undefined, overview: Overview): Result {
  const cells = overview.cellsOf(finding.environment).filter((cell) => finding.cells.includes(cellKey(cell)))
  const entries = [
    ...new Set(
      cells.map(({ known }) => (known === undefined ? '' : `Since ${known.since}: ${known.reason} ${known.link}`)),
    ),
  ]
  const remedies = remediesInWords(finding)
  return {
    ruleId: finding.consequence,
    ruleIndex: consequences.indexOf(finding.consequence),
    level: finding.level === 'must' ? 'error' : 'warning',
    message: {
      text: plain([finding.says, ...remedies, `(${finding.environment})`].join(' ')),
      markdown: [text(finding.says), ...remedies.map(withCode), text(`(${finding.environment})`)].join(' '),
    },
    locations: [placeOf(environment, finding.environment)],
    // Stable over runs and versions, so that a finding keeps its history.
    partialFingerprints: { 'finding/v1': `${stable(environment)} ${finding.id}` },
    ...(finding.known === true && {
      suppressions: [
        {
          kind: 'external' as const,
          status: 'accepted' as const,
          justification: plain(entries.filter((entry) => entry !== '').join(' · ')),
        },
      ],
    }),
    properties: {
      finding: finding.id,
      cells: [...finding.cells],
      evidence: cells[0]?.evidence ?? '',
      ...(finding.stoppedBy !== undefined && { stoppedBy: finding.stoppedBy }),
    },
  }
}

function staleResult(cell: Cell, environment: EnvironmentResult | undefined): Result {
  return {
    ruleId: outOfDate.id,
    ruleIndex: consequences.length,
    level: 'error',
    message: { text: plain(`${cell.reason} (${cell.case}, ${cell.transport}, ${cell.environment})`) },
    locations: [placeOf(environment, cell.environment)],
    partialFingerprints: { 'finding/v1': `${stable(environment)} ${cellKey(cell)}` },
    properties: { status: cell.status, evidence: cell.evidence },
  }
}

const stable = (environment: EnvironmentResult | undefined) =>
  `${environment?.proxy}/${environment?.variant}/${environment?.gateway}`

function placeOf(environment: EnvironmentResult | undefined, id: string): Location {
  const file = environment?.configuration?.[0] ?? `proxies/${environment?.proxy ?? 'unknown'}/proxy.yaml`
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: 1 } },
    logicalLocations: [{ fullyQualifiedName: id, kind: 'module' }],
  }
}

/** Without links: viewers make one of `[text](address)` in a message (SARIF 2.1.0 3.11.6). */
const plain = (text: string) => visible(text).replaceAll('](', '] (')

/** Relative reference with every part escaped (RFC 3986 4.2); a `:` in the first part would read as a scheme. */
function uriOf(file: string): string {
  return file
    .split('/')
    .map((part) => (part === '..' ? part : encodeURIComponent(part.toWellFormed())))
    .join('/')
}

function notifications(overview: Overview): Notification[] {
  const starts = overview.environments
    .filter(({ status }) => status !== 'ready')
    .map(
      (environment): Notification => ({
        level: environment.status === 'failed' ? 'error' : 'warning',
        message: { text: plain(`${environment.id}: ${environmentOutcome(overview, environment).words}`) },
      }),
    )
  const errors = overview.results.cells
    .filter(({ status }) => status === 'harness-error')
    .map(
      (cell): Notification => ({
        level: 'error',
        message: { text: plain(`${cellKey(cell)} in ${cell.environment}: ${cell.reason}`) },
      }),
    )
  return [...starts, ...errors]
}
