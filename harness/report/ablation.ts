/** Which units of an ablated configuration belong to a finding. */
import type { AblatedUnit } from '../plan/ablation/ablation-file.ts'

/** At least this share of what a unit's absence turns red must belong to the finding. */
const share = 0.5

/** Units whose absence shows in cells of this finding and hardly in others, the smallest first. */
export function unitsFor<Unit extends Pick<AblatedUnit, 'red' | 'text' | 'from'>>(
  cells: readonly string[],
  units: readonly Unit[],
): readonly Unit[] {
  const own = new Set(cells)
  return units
    .filter(({ red }) => red.length > 0 && red.filter((key) => own.has(key)).length >= red.length * share)
    .toSorted((one, other) => one.text.length - other.text.length || one.from - other.from)
}
