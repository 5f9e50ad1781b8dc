/** JUnit XML for CI systems: a suite per environment, a test case per cell. */
import packaged, { type Builder, type TestCase } from 'junit-report-builder'
import type { Cell } from '../run/results/results.ts'
import { environmentOutcome, type Overview } from './overview.ts'

/** The package's types say `default.default`, what Node loads is the builder itself. */
const junit: Builder = 'default' in packaged ? packaged.default : packaged

/**
 * `fail` and `unexpected-pass` are failures, `harness-error` is an error, what was not judged or is known is skipped with its reason;
 * an environment that did not start is one failing or skipped test case of its own, not one per cell.
 */
export function junitXml(overview: Overview): string {
  const builder = junit.newBuilder()
  for (const environment of overview.environments) {
    const suite = builder.testSuite().name(environment.id).timestamp(overview.results.run.startedAt)
    suite.time((environment.startMs + environment.loginMs) / 1000)
    const start = suite
      .testCase()
      .className(environment.id)
      .name('environment starts')
      .time(environment.startMs / 1000)
    if (environment.status === 'failed')
      start.error(xmlText(environmentOutcome(overview, environment).words), 'environment')
    if (environment.status === 'unavailable') skip(start, environmentOutcome(overview, environment).words)
    for (const cell of overview.cellsOf(environment.id)) {
      const test = suite
        .testCase()
        .className(`${environment.id}/${cell.case}`)
        .name(`${cell.case} [${cell.transport}]`)
        .time(cell.ms / 1000)
      report(test, cell)
    }
  }
  return builder.build()
}

function report(test: TestCase, cell: Cell): void {
  const reason = xmlText(cell.reason)
  switch (cell.status) {
    case 'pass':
      return
    case 'info':
    case 'warn':
      test.standardOutput(`${cell.status}: ${reason}`)
      return
    case 'fail':
    case 'unexpected-pass':
      test.failure(`${reason}\n${cell.evidence}`, cell.status)
      return
    case 'harness-error':
      test.error(reason, 'harness-error')
      return
    case 'unsupported':
    case 'blocked':
    case 'known-failure':
      skip(test, `${cell.status}: ${reason}`)
  }
}

/** The builder's `skipped` takes no reason; readers find it in the output. */
function skip(test: TestCase, reason: string): void {
  test.skipped()
  test.standardOutput(xmlText(reason))
}

/** XML 1.0 has no way to write most control characters, not even escaped. */
export function xmlText(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}
