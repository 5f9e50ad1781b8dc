/** Reads a run back from the folder that it wrote. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { z } from 'zod'
import { UserError } from '../plan/user-error.ts'
import { concluded } from '../run/results/conclusions.ts'
import { type Evidence, evidenceFileSchema, evidencePath, type Results, resultsSchema } from '../run/results/results.ts'
import { lazyEvidence } from './lazy-evidence.ts'

export type Run = { readonly results: Results; readonly evidence: Evidence }

/**
 * @param folder that a run wrote with `--out`
 * @returns the run; the evidence of an environment is read when it is asked for
 * @throws UserError when the folder holds no run of this suite
 */
export async function readReport(folder: string): Promise<Run> {
  const results = withConclusions(readChecked(join(folder, 'results.json'), resultsSchema))
  const seen = new Set(results.cells.map(({ environment }) => environment))
  const fileOf = (environment: string) => join(folder, evidencePath(environment))
  // Where the gateway refused its configuration, or the run ended early, nothing was sent.
  const there = [...seen].filter((environment) => existsSync(fileOf(environment)))
  return {
    results,
    evidence: lazyEvidence(there, (environment) => readChecked(fileOf(environment), evidenceFileSchema)),
  }
}

/** Runs of versions without findings and grades get them, as far as their cells say what they are about. */
function withConclusions(results: Results): Results {
  const older = results.findings.length === 0 && results.grades.length === 0
  return older ? { ...results, ...concluded(results.environments, results.cells) } : results
}

function readChecked<T>(file: string, schema: z.ZodType<T>): T {
  const next = 'Expected a folder that a run of this suite wrote with --out.'
  let value: unknown
  try {
    const bytes = readFileSync(file)
    value = JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())
  } catch (cause) {
    throw new UserError(`Reading a report: ${file} does not exist or is not JSON. ${next}`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`Reading a report: ${file}: ${issue?.path.join('.')}: ${issue?.message}. ${next}`)
}
