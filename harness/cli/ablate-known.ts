/** What an ablation.json says of units, read for and written from the units as they stand. */
import { writeFile } from 'node:fs/promises'
import { type Known, kept } from '../judge/ablation-kept.ts'
import { type AblatedUnit, type Ablation, answersOf } from '../plan/ablation/ablation-file.ts'
import { type Questions, shortDigest } from '../plan/ablation/questions.ts'
import type { PlannedEnvironment } from '../plan/expand.ts'
import { gatewayId } from '../plan/select.ts'
import type { PlacedUnit } from './ablate-units.ts'

/** What was written of each unit and still holds for the cases as they are. */
export function knownUnits(before: Ablation, questions: Questions): [string, Known][] {
  return before.units.flatMap((unit): [string, Known][] => {
    const known = kept({ ...unit, answers: answersOf(before, unit) }, questions)
    return known === undefined ? [] : [[unit.digest, known]]
  })
}

/** Where it stands and why nobody needs it is said by the file as it is now; what happened is what was measured. */
function written(unit: PlacedUnit, known: Known, asked: string): AblatedUnit {
  const { file, from, to, text, explanation, digest } = unit
  const { outcome, red, lost, reason } = known
  const said = explanation !== undefined && { explanation }
  return { file, from, to, text, outcome, red, lost, ...(reason !== undefined && { reason }), ...said, digest, asked }
}

/** In the order of the files; units whose outcome is not known are not in it. */
export async function writeKnown(
  file: string,
  { proxy, proxyVersion, variant, gateway }: PlannedEnvironment,
  units: readonly PlacedUnit[],
  known: ReadonlyMap<string, Known>,
  newest: Date,
): Promise<Ablation> {
  const questions: Record<string, Questions> = {}
  const keyOf = (answers: Questions) => {
    const sorted = Object.fromEntries(Object.entries(answers).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const key = shortDigest(JSON.stringify(sorted))
    questions[key] = sorted
    return key
  }
  const ablation: Ablation = {
    schema: 1,
    proxy,
    proxyVersion,
    variant: variant.name,
    gateway: gatewayId(gateway),
    measuredAt: newest.toISOString(),
    units: units.flatMap((unit) => {
      const so = known.get(unit.digest)
      return so === undefined ? [] : [written(unit, so, keyOf(so.answers))]
    }),
    questions,
  }
  await writeFile(file, `${JSON.stringify(ablation, null, 2)}\n`)
  return ablation
}
