/** Which units of an ablated configuration belong to a finding. */
import type { AblatedUnit } from '../plan/ablation/ablation-file.ts'

/** What was seen in the finding's environment, by `CASE.TRANSPORT`. What was not judged there says nothing for or against a unit. */
export type Judged = {
  /** Failed, warned or known to fail. */
  readonly unmet: ReadonlySet<string>
  readonly met: ReadonlySet<string>
}

type Proof<Unit> = {
  readonly unit: Unit
  /** Cells of the finding that turn red without the unit. */
  readonly cells: readonly string[]
  /** Cells outside the finding that turn red without it, and are red in the finding's environment too. */
  readonly others: number
}

/** At least this share of what a unit's absence turns red must belong to the finding, or it is the remedy of another one. */
const share = 0.5

/**
 * Units whose absence produces such cells and none that holds in the finding's environment, the smallest first. Left out are units that only contain such
 * units (what they show, those show), and units that show a part of what another one shows: there the cells are red for another reason.
 */
export function proofsFor<Unit extends Pick<AblatedUnit, 'file' | 'red' | 'text' | 'from' | 'to'>>(
  cells: readonly string[],
  judged: Judged,
  units: readonly Unit[],
): readonly Proof<Unit>[] {
  const own = new Set(cells)
  const proofs = units.flatMap((unit): Proof<Unit>[] => {
    const seen = unit.red.filter((key) => judged.unmet.has(key) || judged.met.has(key))
    const shown = seen.filter((key) => own.has(key))
    const isSuch = shown.length > 0 && shown.length >= seen.length * share && !seen.some((key) => judged.met.has(key))
    return isSuch ? [{ unit, cells: shown, others: seen.length - shown.length }] : []
  })
  const widest = proofs.filter((proof) => !proofs.some((other) => showsMore(other, proof)))
  const kept: Proof<Unit>[] = []
  for (const proof of widest.toSorted(smallestFirst)) {
    const inside = kept.filter(({ unit }) => contains(proof.unit, unit)).flatMap((one) => one.cells)
    if (proof.cells.some((key) => !inside.includes(key))) kept.push(proof)
  }
  return kept
}

type Place = Pick<AblatedUnit, 'file' | 'from' | 'to' | 'text'>

const contains = (outer: Place, inner: Place) =>
  outer.file === inner.file && outer.from <= inner.from && inner.to <= outer.to

/** All of the cells and further ones, from another place of the configuration. */
const showsMore = (other: Proof<Place>, one: Proof<Place>) =>
  other.cells.length > one.cells.length &&
  one.cells.every((key) => other.cells.includes(key)) &&
  !contains(other.unit, one.unit) &&
  !contains(one.unit, other.unit)

const smallestFirst = ({ unit: one }: Proof<Place>, { unit: other }: Proof<Place>) =>
  one.to - one.from - (other.to - other.from) || one.text.length - other.text.length || one.from - other.from
