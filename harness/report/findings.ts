/** Findings arranged for reading: the same mistake of one variant is said once, whatever gateways it was seen behind. */
import { worstFirst } from '../judge/findings.ts'
import type { EnvironmentResult, Finding, Results } from '../run/results/results.ts'

export type PlacedFinding = {
  /** `PROXY/VARIANT`. */
  readonly place: string
  /** The worst of them: what one gateway stops, another may not. */
  readonly finding: Finding
  /** Environments in which it was seen, in the order of the run. */
  readonly environments: readonly string[]
  /** Of all of them, each once. */
  readonly cells: number
}

export const placeOf = ({ proxy, variant }: Pick<EnvironmentResult, 'proxy' | 'variant'>) => `${proxy}/${variant}`

/** Requirements that fail otherwise than known come first; then, and among them, the worst. */
export function placedFindings({
  findings,
  environments,
}: Pick<Results, 'findings' | 'environments'>): PlacedFinding[] {
  const places = new Map(environments.map((one) => [one.id, placeOf(one)]))
  const groups = Map.groupBy(findings, ({ environment, id }) => `${places.get(environment) ?? environment} ${id}`)
  return [...groups.values()]
    .flatMap((members): PlacedFinding[] => {
      const [worst] = members.toSorted(worstFirst)
      if (worst === undefined) return []
      return [
        {
          place: places.get(worst.environment) ?? worst.environment,
          finding: worst,
          environments: members.map(({ environment }) => environment),
          cells: members.reduce((sum, { cells }) => sum + cells.length, 0),
        },
      ]
    })
    .toSorted(
      (one, other) =>
        Number(isNewlyBroken(other)) - Number(isNewlyBroken(one)) ||
        worstFirst(one.finding, other.finding) ||
        other.cells - one.cells,
    )
}

const isNewlyBroken = ({ finding }: PlacedFinding) => finding.level === 'must' && finding.known !== true

/** A case to look at: `conformance explain CASE`. */
export function exampleOf({ cells }: Finding): string {
  const [first = ''] = cells
  return first.replace(/\.[^.]*$/, '')
}
