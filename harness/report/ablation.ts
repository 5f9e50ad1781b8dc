/**
 * `proxies/NAME/VARIANT/ablation.json`: what came of a configuration with one unit taken away at a time. Read here, so that remedies are the
 * lines whose absence was seen to turn such cells red.
 */
import { z } from 'zod'

const text = z.string()
const unitSchema = z
  .object({
    /** Relative to the variant's folder. */
    file: text,
    /** Where the unit begins, counted from 1. */
    line: z.number(),
    /** As it stands in the file. */
    text,
    /** `CASE.TRANSPORT` of the cells that turn red without it; empty where it does not start, or nothing changes. */
    cells: z.array(text).readonly(),
  })
  .readonly()

export const ablationSchema = z.object({ schema: z.literal(1), units: z.array(unitSchema).readonly() }).readonly()

export type AblationUnit = z.infer<typeof unitSchema>

/** At least this share of what a unit's absence turns red must belong to the finding. */
const share = 0.5

/** Units whose absence shows in cells of this finding and hardly in others, the smallest first. */
export function unitsFor(cells: readonly string[], units: readonly AblationUnit[]): readonly AblationUnit[] {
  const own = new Set(cells)
  return units
    .filter(({ cells: red }) => red.length > 0 && red.filter((key) => own.has(key)).length >= red.length * share)
    .toSorted((one, other) => one.text.length - other.text.length || one.line - other.line)
}
