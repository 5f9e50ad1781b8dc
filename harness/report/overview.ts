/** A run's results, arranged for reading: by environment and by case. */
import { type Family, families } from '../plan/case.ts'
import {
  type CaseSummary,
  type Cell,
  type CellEvidence,
  cellKey,
  type EnvironmentEvidence,
  type EnvironmentResult,
  type Evidence,
  type Finding,
  type Grade,
  type Results,
} from '../run/results/results.ts'

import { addressesOf } from './addresses.ts'
import { recentEvidence } from './lazy-evidence.ts'

export type Overview = {
  readonly results: Results
  readonly environments: readonly EnvironmentResult[]
  readonly families: readonly { readonly family: Family; readonly cases: readonly CaseSummary[] }[]
  /** Of the environment, in catalogue order. */
  readonly cellsOf: (environment: string) => readonly Cell[]
  /** Of the case in all environments. */
  readonly cellsOfCase: (id: string) => readonly Cell[]
  /** One per transport. */
  readonly cellsAt: (environment: string, id: string) => readonly Cell[]
  readonly caseOf: (id: string) => CaseSummary | undefined
  /** Of the environment, the worst first. */
  readonly findingsOf: (environment: string) => readonly Finding[]
  readonly gradeOf: (environment: string) => Grade | undefined
  /** Of the cell. */
  readonly findingsAt: (cell: Pick<Cell, 'environment' | 'case' | 'transport'>) => readonly Finding[]
  readonly evidenceOf: (cell: Cell) => CellEvidence | undefined
  /** Of all cells of the environment. */
  readonly evidenceIn: (environment: string) => EnvironmentEvidence | undefined
  /** Folder of the environment's page in the report. */
  readonly addressOf: (environment: string) => string
}

/** As its maker calls it; runs from before that was noted have kind and version. */
export function engineInWords({ kind, version, name }: Results['run']['engine']): string {
  return name ?? `${kind} ${version}`.trim()
}

export function overviewOf(results: Results, evidence: Evidence): Overview {
  const byEnvironment = Map.groupBy(results.cells, (cell) => cell.environment)
  const byCase = Map.groupBy(results.cells, (cell) => cell.case)
  const byPlace = Map.groupBy(results.cells, (cell) => `${cell.environment} ${cell.case}`)
  const cases = new Map(results.cases.map((one) => [one.id, one]))
  const findings = Map.groupBy(results.findings, ({ environment }) => environment)
  const grades = new Map(results.grades.map((one) => [one.environment, one]))
  const addresses = addressesOf(results.environments)
  const evidenceIn = recentEvidence(evidence)
  const byFamily = Map.groupBy(results.cases, (one) => one.family)
  return {
    results,
    environments: results.environments,
    families: families.flatMap((family) => {
      const members = byFamily.get(family)
      return members === undefined ? [] : [{ family, cases: members }]
    }),
    cellsOf: (environment) => byEnvironment.get(environment) ?? [],
    cellsOfCase: (id) => byCase.get(id) ?? [],
    cellsAt: (environment, id) => byPlace.get(`${environment} ${id}`) ?? [],
    caseOf: (id) => cases.get(id),
    findingsOf: (environment) => findings.get(environment) ?? [],
    gradeOf: (environment) => grades.get(environment),
    findingsAt: (cell) => (findings.get(cell.environment) ?? []).filter(({ cells }) => cells.includes(cellKey(cell))),
    evidenceOf: (cell) => evidenceIn(cell.environment)?.[cellKey(cell)],
    evidenceIn,
    addressOf: (environment) => {
      const address = addresses.get(environment)
      if (address === undefined) throw new Error(`${environment} is not an environment of this run`)
      return address
    },
  }
}
