/** Reads what a command of this suite printed with `--json`. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { UserError } from '../../plan/user-error.ts'

/** @param command that prints such a file. @throws UserError where the file is missing, no JSON, or of another kind */
export async function readJsonFile<T>(file: string, schema: z.ZodType<T>, command: string): Promise<T> {
  const next = `Expected what "${command}" prints.`
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new UserError(`Reading ${file}: it does not exist or is not JSON. ${next}`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`Reading ${file}: ${issue?.path.join('.')}: ${issue?.message}. ${next}`)
}
