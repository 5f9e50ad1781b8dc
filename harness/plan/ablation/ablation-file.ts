/** `proxies/NAME/VARIANT/ablation.json`: what happens without each unit of a variant's configuration. Written by `conformance ablate`. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { isMissing } from '../yaml/folder-contents.ts'
import type { Questions } from './questions.ts'

const unitSchema = z
  .strictObject({
    file: z.string().describe('As proxy.yaml names it, seen from the folder of the variant.'),
    from: z.int().positive().describe('First line, counted from 1.'),
    to: z.int().positive().describe('Last line that belongs to it.'),
    text: z.string().describe('The first line without indentation and comment.'),
    outcome: z
      .enum(['red', 'does-not-start', 'ends', 'does-not-answer', 'not-judged', 'nothing'])
      .describe(
        'Without the unit: cells turn red; a program does not start; a program ends while a case runs; the proxy stops answering; cells can no longer be judged and none is red; nothing changes.',
      ),
    red: z
      .array(z.string())
      .describe('CASE.TRANSPORT of the cells that turn red: they passed, and fail or warn without the unit.'),
    lost: z.int().nonnegative().describe('How many cells that passed can no longer be judged.'),
    reason: z
      .string()
      .optional()
      .describe('Of the failed start, of the end, or of the first cell that turns red or is lost.'),
    explanation: z.string().optional().describe('Why no case needs it, as a comment of the file says.'),
    digest: z
      .string()
      .describe(
        'SHA-256 of the configuration without the unit, of the version and of the gateway: what is known of another is not known of this.',
      ),
    asked: z.string().optional().describe('Key of `questions`: the cases that it was measured with.'),
  })
  .meta({ id: 'unit', description: 'A line of a file with what belongs to it.' })

export const ablationSchema = z.strictObject({
  schema: z.literal(1).describe('Of this format: keys are added, never renamed.'),
  proxy: z.string().describe('Name of the proxy.'),
  proxyVersion: z.string().describe('Version that was measured.'),
  variant: z.string().describe('Variant whose files these are.'),
  gateway: z.string().describe('Gateway behind it.'),
  measuredAt: z.string().describe('ISO 8601, of the newest unit.'),
  questions: z
    .record(z.string(), z.record(z.string(), z.string()))
    .optional()
    .describe(
      'By key, the cases that units were measured with: case id → digest of what decides its cells. Of a case that was added or changed only that case is measured again.',
    ),
  units: z
    .array(unitSchema)
    .describe('In the order of the files. A unit whose outcome is not known yet is not listed.'),
})

export type Ablation = z.infer<typeof ablationSchema>
export type AblatedUnit = z.infer<typeof unitSchema>

/** @returns undefined where there is no such file. @throws UserError for a file that is something else */
export async function readAblation(file: string): Promise<Ablation | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return ablationSchema.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : error
    throw new UserError(
      `${file} is not a result of "conformance ablate" (${why}). Remove it to measure everything again.`,
    )
  }
}

/** Whether the unit stands in the file without a case that needs it and without a comment that says why. */
export const isUnexplained = ({ outcome, explanation }: AblatedUnit): boolean =>
  outcome === 'nothing' && explanation === undefined

/** The cases that the unit was measured with, as they were. */
export const answersOf = ({ questions }: Ablation, { asked }: AblatedUnit): Questions => questions?.[asked ?? ''] ?? {}
