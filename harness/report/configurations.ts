/** Environments by what an operator chooses between: a product's version and variant, whatever gateways it was seen behind. */
import { worstFirst } from '../judge/findings.ts'
import type { Letter } from '../judge/grade.ts'
import type { EnvironmentResult, Grade } from '../run/results/results.ts'
import { type PlacedFinding, placedFindings } from './findings.ts'
import { worstLetter } from './grades.ts'
import type { Overview } from './overview.ts'

export type Configuration = {
  readonly environments: readonly [EnvironmentResult, ...EnvironmentResult[]]
  /** Absent where none of them started. */
  readonly letter?: Letter
  /** Of the environment that decides, the one where most was seen. */
  readonly grade?: Grade
  /** The worst first. */
  readonly findings: readonly PlacedFinding[]
}

/** Whether known or not: requirements decide the letter, the worst before all. */
const decisiveFirst = (one: PlacedFinding, other: PlacedFinding) =>
  Number(other.finding.level === 'must') - Number(one.finding.level === 'must') ||
  worstFirst(one.finding, other.finding)

/** The best first: a reader who looks for a configuration may stop there. Last comes what too little is known of. */
const bestFirst: readonly (Letter | undefined)[] = ['A', 'B', 'C', 'D', 'E', 'F', '?', undefined]

/** What stands for a program that could not be had says less than the program itself. */
const hasStandIn = ({ environments: [{ services }] }: Configuration) =>
  services.some(({ version }) => version === 'stand-in')

/** By the letter; then the program itself before a stand-in; then of which the most was seen; then in the order of the run. */
export function configurationsOf(overview: Overview): readonly Configuration[] {
  const { environments, findings } = overview.results
  const groups = Map.groupBy(environments, ({ proxy, proxyVersion, variant }) => `${proxy}@${proxyVersion}/${variant}`)
  return [...groups.values()]
    .flatMap(([first, ...rest]): Configuration[] => {
      if (first === undefined) return []
      const members = [first, ...rest] as const
      const grades = members.flatMap(({ id }) => overview.gradeOf(id) ?? [])
      const letter = worstLetter(grades.map((grade) => grade.letter))
      const [grade] = grades.filter((one) => one.letter === letter).toSorted((one, other) => other.seen - one.seen)
      const ids = new Set(members.map(({ id }) => id))
      const own = findings.filter(({ environment }) => ids.has(environment))
      return [
        {
          environments: members,
          findings: placedFindings({ environments, findings: own }).toSorted(decisiveFirst),
          ...(letter !== undefined && { letter }),
          ...(grade !== undefined && { grade }),
        },
      ]
    })
    .toSorted(
      (one, other) =>
        bestFirst.indexOf(one.letter) - bestFirst.indexOf(other.letter) ||
        Number(hasStandIn(one)) - Number(hasStandIn(other)) ||
        (other.grade?.seen ?? 0) - (one.grade?.seen ?? 0),
    )
}
