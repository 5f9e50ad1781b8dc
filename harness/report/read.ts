/** Reads a report folder back: to render it again, to merge it with others. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { UserError } from '../plan/user-error.ts'
import {
  type EnvironmentEvidence,
  type Evidence,
  environmentFileName,
  evidenceFileSchema,
  type Results,
  resultsSchema,
} from '../run/results.ts'

export type ReadReport = { readonly results: Results; readonly evidence: Evidence }

/** @throws UserError when the folder holds no report, or one that is damaged or of another schema */
export async function readReport(folder: string): Promise<ReadReport> {
  const results = await readJson(join(folder, 'results.json'), resultsSchema)
  const entries = await Promise.all(
    results.environments.map(async ({ id }): Promise<readonly [string, EnvironmentEvidence]> => {
      const cells = results.cells.some(({ environment }) => environment === id)
      const file = join(folder, 'evidence', `${environmentFileName(id)}.json`)
      return [id, cells ? await readJson(file, evidenceFileSchema) : {}]
    }),
  )
  return { results, evidence: Object.fromEntries(entries) }
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new UserError(
      `Reading a report: ${file} is not there or not JSON. Give --in a folder that a run has written.`,
      { cause },
    )
  }
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UserError(
    `Reading a report: ${file} is not what this version writes: ${issue?.path.join('.') || 'top level'}: ${issue?.message}.`,
  )
}
