/** Reads a run back from the folder that it wrote. */
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { z } from 'zod'
import { UserError } from '../plan/user-error.ts'
import { isMissing } from '../plan/yaml/folder-contents.ts'
import { concluded } from '../run/results/conclusions.ts'
import { type Evidence, evidenceFileSchema, evidencePath, type Results, resultsSchema } from '../run/results/results.ts'

export type Run = { readonly results: Results; readonly evidence: Evidence }

/** @param folder that a run wrote with `--out`. @throws UserError when it holds no run of this suite */
export async function readReport(folder: string): Promise<Run> {
  const results = withConclusions(await readChecked(join(folder, 'results.json'), resultsSchema))
  const evidence: Record<string, Evidence[string]> = {}
  for (const { id } of results.environments) {
    if (!results.cells.some((cell) => cell.environment === id)) continue
    const file = join(folder, evidencePath(id))
    // Where the gateway refused its configuration, or the run ended early, nothing was sent.
    if (await isThere(file)) evidence[id] = await readChecked(file, evidenceFileSchema)
  }
  return { results, evidence }
}

const isThere = (file: string) =>
  access(file).then(
    () => true,
    (error: unknown) => !isMissing(error),
  )

/** Runs of versions without findings and grades get them, as far as their cells say what they are about. */
function withConclusions(results: Results): Results {
  const older = results.findings.length === 0 && results.grades.length === 0
  return older ? { ...results, ...concluded(results.environments, results.cells) } : results
}

async function readChecked<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const next = 'Expected a folder that a run of this suite wrote with --out.'
  let value: unknown
  try {
    const bytes = await readFile(file)
    value = JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())
  } catch (cause) {
    throw new UserError(`Reading a report: ${file} does not exist or is not JSON. ${next}`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`Reading a report: ${file}: ${issue?.path.join('.')}: ${issue?.message}. ${next}`)
}
