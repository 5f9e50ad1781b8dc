/** `advisories.json`: known holes that were seen in a real old version and not in its fix. Made from what `conformance canaries --json` prints. */
import { z } from 'zod'
import { transports } from '../../plan/case.ts'
import { readJsonFile } from './json-file.ts'

const shownSchema = z.object({ environment: z.string(), colour: z.string(), reason: z.string() }).readonly()

const canariesSchema = z
  .object({
    schema: z.literal(1),
    run: z.object({ id: z.string(), startedAt: z.string() }).readonly(),
    canaries: z
      .array(
        z
          .object({
            proxy: z.string(),
            gateway: z.exactOptional(z.string()),
            version: z.string(),
            hole: z.string(),
            link: z.exactOptional(z.string()),
            variant: z.string(),
            cells: z.array(z.object({ case: z.string(), transport: z.enum(transports) }).readonly()).readonly(),
            holds: z.boolean(),
            old: shownSchema,
            fixed: shownSchema.unwrap().extend({ version: z.string() }).readonly(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly()

const proofSchema = z.object({ version: z.string(), environment: z.string(), reason: z.string() }).readonly()

export const advisoriesSchema = z
  .object({
    schema: z.literal(1),
    /** ISO 8601, of the run that showed them. */
    seenAt: z.string(),
    advisories: z
      .array(
        z
          .object({
            /** `CVE-…`, `GHSA-…`, or what it is called here. */
            id: z.string(),
            link: z.exactOptional(z.string()),
            /** The proxy, or the gateway, whose version it is. */
            product: z.string(),
            /** Its two ends were run; what lies between was not. */
            range: z.object({ from: z.string(), before: z.string() }).readonly(),
            /** The configuration that shows it: `PROXY/VARIANT`. */
            configuration: z.string(),
            /** Cells that decide. */
            cases: z.array(z.object({ case: z.string(), transport: z.enum(transports) }).readonly()).readonly(),
            /** Absent where it was not seen. */
            provenRedOn: z.exactOptional(proofSchema),
            provenGreenOn: z.exactOptional(proofSchema),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly()

export type Advisories = z.infer<typeof advisoriesSchema>

/** @throws UserError for a file that is something else */
export async function readAdvisories(file: string): Promise<Advisories> {
  const { run, canaries } = await readJsonFile(file, canariesSchema, 'conformance canaries --json')
  return {
    schema: 1,
    seenAt: run.startedAt,
    advisories: canaries.map(({ hole, link, proxy, gateway, version, variant, cells, old, fixed }) => ({
      id: hole,
      ...(link !== undefined && { link }),
      product: gateway ?? proxy,
      range: { from: version, before: fixed.version },
      configuration: `${proxy}/${variant}`,
      cases: cells,
      ...(old.colour === 'red' && { provenRedOn: { version, environment: old.environment, reason: old.reason } }),
      ...(fixed.colour === 'green' && {
        provenGreenOn: { version: fixed.version, environment: fixed.environment, reason: fixed.reason },
      }),
    })),
  }
}
