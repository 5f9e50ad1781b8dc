/** `index.json` beside each environment's page: the same for programs. Fields are added, never renamed. */
import { z } from 'zod'
import { type EnvironmentResult, resultsSchema, totalsOf } from '../run/results/results.ts'
import { environmentOutcome } from './outcome.ts'
import type { Overview } from './overview.ts'

const { environments, findings, grades, run, totals } = resultsSchema.unwrap().shape
const cell = resultsSchema.unwrap().shape.cells.unwrap().element.unwrap()

export const environmentRecordSchema = z
  .object({
    schema: z.literal(1),
    run: z.object({ id: z.string(), startedAt: z.string(), harness: run.unwrap().shape.harness }).readonly(),
    environment: environments.unwrap().element,
    /** In one sentence. */
    outcome: z.string(),
    grade: z.exactOptional(grades.unwrap().unwrap().element),
    /** The worst first. */
    findings: findings.unwrap(),
    /** Cells per status. */
    totals,
    /** Reasons are given where a cell did not pass. `results.json` of the report has the rest. */
    cells: z
      .array(
        cell
          .pick({ case: true, transport: true, level: true, status: true })
          .extend({ reason: z.exactOptional(z.string()) })
          .readonly(),
      )
      .readonly(),
  })
  .readonly()

export function environmentRecord(
  overview: Overview,
  environment: EnvironmentResult,
): z.infer<typeof environmentRecordSchema> {
  const { run } = overview.results
  const grade = overview.gradeOf(environment.id)
  return {
    schema: 1,
    run: { id: run.id, startedAt: run.startedAt, harness: run.harness },
    environment,
    outcome: environmentOutcome(overview, environment).words,
    ...(grade !== undefined && { grade }),
    findings: overview.findingsOf(environment.id),
    totals: totalsOf(overview.cellsOf(environment.id)),
    cells: overview.cellsOf(environment.id).map(({ case: id, transport, level, status, reason }) => ({
      case: id,
      transport,
      level,
      status,
      ...(status !== 'pass' && { reason }),
    })),
  }
}
