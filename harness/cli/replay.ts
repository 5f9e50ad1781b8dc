/** `conformance replay`: one cell, everything shown. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCatalogue } from '../plan/load-catalogue.ts'
import { readReport } from '../report/read.ts'
import { type AttemptEvidence, cellKey } from '../run/results/results.ts'
import { caseNamed } from './explain.ts'
import { type RunOptions, runDefaults } from './options.ts'
import { print, printJson } from './print.ts'
import { root } from './project.ts'
import { run } from './run.ts'

/** Flags that were not given are absent. */
type ReplayOptions = Partial<
  Pick<RunOptions, 'proxy' | 'variant' | 'gateway' | 'proxyVersion' | 'transport' | 'engine' | 'yes' | 'json'>
>

/** Runs the cell again, with its controls and dependencies. @returns the run's exit code. @throws UserError for unknown names */
export async function replay(id: string, options: ReplayOptions): Promise<number> {
  const { cases } = await loadCatalogue({ root })
  const asked = caseNamed(id, cases)
  const out = await mkdtemp(join(tmpdir(), 'conformance-replay-'))
  try {
    // The reference gateway shows what arrived.
    const { gateway = ['reference'] } = options
    const code = await run({ ...runDefaults, ...options, gateway, case: [asked.id], out, quiet: true })
    const { results, evidence } = await readReport(out)
    if (options.json) {
      printJson(results)
      return code
    }
    print(`${asked.id}: ${asked.title}\n${asked.why}\n`)
    for (const cell of results.cells.filter((one) => one.case === asked.id)) {
      print(`== ${cell.environment} over ${cell.transport}: ${cell.status}\n${cell.reason}\n`)
      const shown = evidence[cell.environment]?.[cellKey(cell)]
      for (const [index, attempt] of (shown?.attempts ?? []).entries())
        print(attemptText(attempt, index + 1, shown?.attempts.length ?? 1))
      for (const [name, lines] of Object.entries(shown?.log ?? {}))
        if (lines.length > 0) print(`-- log of the ${name}\n${lines.join('\n')}\n`)
      const place = results.environments.find((environment) => environment.id === cell.environment)
      if (place?.configuration !== undefined) print(`Configuration files: ${place.configuration.join(', ')}\n`)
    }
    for (const environment of results.environments.filter(({ status }) => status !== 'ready'))
      print(`${environment.id}: ${environment.status}: ${environment.reason}`)
    return code
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** One request of a cell: sent, arrived, answered. */
export function attemptText(attempt: AttemptEvidence, number: number, of: number): string {
  const { sent, client, arrived, verdict } = attempt
  const answer =
    client.status === 0 ? (client.fault ?? 'the connection was closed without a response') : `${client.status}`
  return [
    `-- sent${of > 1 ? ` (request ${number} of ${of})` : ''}`,
    sent.text.trimEnd(),
    `-- arrived at the gateway: ${attempt.recorded === false ? 'unknown, this gateway does not record requests' : arrived.length === 0 ? 'nothing' : ''}`,
    ...arrived.flatMap((one) => [
      `${one.method} ${one.target} from ${one.peer} (${one.attribution})`,
      ...one.headers.map(([name, value]) => `${name}: ${value}`),
      `-> ${one.verdict}`,
    ]),
    `-- response to the client: ${answer}${client.close ? `, close ${client.close.code} ${client.close.reason}` : ''}`,
    ...client.headers.map(([name, value]) => `${name}: ${value}`),
    `-- decision of the gateway: ${verdict.accepted === undefined ? (verdict.reason ?? 'none, the request did not reach it') : `accepted as ${verdict.accepted}`}`,
    '',
  ].join('\n')
}
