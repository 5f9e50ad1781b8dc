/** What `conformance sweep --json` prints: one configuration at many versions. */
import { z } from 'zod'
import { levels } from '../../plan/case.ts'
import { readJsonFile } from './json-file.ts'

const versionSchema = z
  .object({
    environment: z.string(),
    proxy: z.string(),
    version: z.string(),
    variant: z.string(),
    status: z.enum(['ready', 'failed', 'unavailable']),
    reason: z.exactOptional(z.string()),
    passed: z.number(),
    red: z.array(z.object({ cell: z.string(), level: z.enum(levels), reason: z.string() }).readonly()).readonly(),
  })
  .readonly()

export const sweepSchema = z
  .object({
    schema: z.literal(1),
    run: z.object({ id: z.string(), startedAt: z.string() }).readonly(),
    versions: z.array(versionSchema).readonly(),
  })
  .readonly()

export type Sweep = z.infer<typeof sweepSchema>
export type SweptVersion = z.infer<typeof versionSchema>

/** @throws UserError for a file that is something else */
export const readSweep = (file: string): Promise<Sweep> => readJsonFile(file, sweepSchema, 'conformance sweep --json')
