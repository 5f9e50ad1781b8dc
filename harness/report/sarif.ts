/** `results.sarif` (SARIF 2.1.0): one rule per case, one result per cell that failed or warned, at the variant's configuration file. */
import type { Log, Notification, ReportingDescriptor, Result } from 'sarif'
import { referenceAddress } from '../plan/references.ts'
import { type CaseSummary, type Cell, cellKey, type EnvironmentResult } from '../run/results/results.ts'
import { environmentOutcome } from './outcome.ts'
import type { Overview } from './overview.ts'
import { visible } from './visible.ts'

const schema = 'https://json.schemastore.org/sarif-2.1.0.json'

/** A known failure is a result with an external suppression; harness errors and failed environments are notifications, never results. */
export function sarifLog(overview: Overview): Log {
  const { run, cases, cells } = overview.results
  const rules = cases.map(rule)
  const indexOf = new Map(cases.map((one, index) => [one.id, index]))
  const environments = new Map(overview.environments.map((one) => [one.id, one]))
  const findings = cells.filter(
    ({ status }) =>
      status === 'fail' || status === 'warn' || status === 'known-failure' || status === 'unexpected-pass',
  )
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
        results: findings.map((cell) => finding(cell, indexOf.get(cell.case), environments.get(cell.environment))),
      },
    ],
  }
}

function rule(one: CaseSummary): ReportingDescriptor {
  const [link] = one.refs.flatMap((ref) => referenceAddress(ref) ?? [])
  return {
    id: one.id,
    shortDescription: { text: plain(one.title) },
    fullDescription: { text: plain(one.why) },
    help: {
      text: plain(
        `${one.title}. ${one.why} Rules: ${one.refs.join(', ') || 'none'}. Scenario: ${one.source.file}:${one.source.line}.`,
      ),
    },
    ...(link !== undefined && { helpUri: link }),
    defaultConfiguration: { level: one.level === 'must' ? 'error' : one.level === 'should' ? 'warning' : 'note' },
    properties: { tags: ['security', one.family] },
  }
}

function finding(cell: Cell, ruleIndex: number | undefined, environment: EnvironmentResult | undefined): Result {
  const file = environment?.configuration?.[0] ?? `proxies/${environment?.proxy ?? 'unknown'}/proxy.yaml`
  const { known } = cell
  return {
    ruleId: cell.case,
    ...(ruleIndex !== undefined && { ruleIndex }),
    level: cell.level === 'must' ? 'error' : 'warning',
    message: { text: plain(`${cell.reason} (${cell.transport}, ${cell.environment})`) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: cell.environment, kind: 'module' }],
      },
    ],
    // Stable over runs and versions, so that a finding keeps its history.
    partialFingerprints: {
      'cell/v1': `${environment?.proxy}/${environment?.variant}/${environment?.gateway} ${cellKey(cell)}`,
    },
    ...(cell.status === 'known-failure' &&
      known !== undefined && {
        suppressions: [
          {
            kind: 'external' as const,
            status: 'accepted' as const,
            justification: plain(`Since ${known.since}: ${known.reason} ${known.link}`),
          },
        ],
      }),
    properties: { status: cell.status, evidence: cell.evidence },
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
