/** What a mutation run says of the catalogue. Pure. */
import { type Case, type Level, levels, type Transport } from '../../plan/case.ts'
import { transportOf } from '../../plan/expand.ts'
import type { MutationPlaces } from './places.ts'
import type { MutationCell, ShardResult } from './shard.ts'

export type MutantRow = {
  readonly name: string
  readonly mistake: string
  /** The level of the cases that must see it. */
  readonly level: Level
  /** Ids of the cases that turn red on it, in catalogue order. */
  readonly caughtBy: readonly string[]
  /** `survived`: no case turns red on it. `caught-at-lower-level`: only a case of a lower level than its own does. */
  readonly outcome: 'caught' | 'caught-at-lower-level' | 'survived'
}

type MutationProblem = {
  readonly kind:
    | 'correct-fails'
    | 'caught-at-lower-level'
    | 'survived'
    | 'unproven'
    | 'no-mutant'
    | 'nothing-works'
    | 'unasked'
    | 'undecided'
  /** One sentence. */
  readonly says: string
  readonly next: string
}

export type MutationVerdict = {
  readonly mutants: readonly MutantRow[]
  readonly cases: readonly { readonly id: string; readonly level: Level; readonly caught: readonly string[] }[]
  /** Empty: the catalogue can fail, and only where it must. */
  readonly problems: readonly MutationProblem[]
}

export type MutationFacts = {
  readonly cases: readonly Case[]
  readonly mutants: readonly Pick<MutantRow, 'name' | 'mistake' | 'level'>[]
  readonly notAsked: MutationPlaces['notAsked']
  readonly result: Pick<ShardResult, 'correct' | 'mutants'>
  /** In the pipeline a control may be red before a case has its say: then the case need only not pass. Default: cell by cell. */
  readonly way?: 'cell by cell' | 'pipeline'
}

/** The proxy that does not run: cases on it have nothing to judge, and that is what they must say. */
const deadProxy = 'dead'
/** On these nothing gets through, so nothing may pass that goes through the proxy. */
const nothingWorks = [deadProxy, 'deny-all']

export function mutationVerdict(facts: MutationFacts): MutationVerdict {
  const { cases, mutants, result, way = 'cell by cell' } = facts
  const catches = (mutant: string, id: string) =>
    (result.mutants[mutant] ?? []).some(
      (cell) => cell.case === id && (mutant === deadProxy ? cell.outcome !== 'green' : cell.outcome === 'red'),
    )
  const doesNotPass = (mutant: string, id: string) =>
    (result.mutants[mutant] ?? []).some((cell) => cell.case === id && cell.outcome !== 'green')
  const rows = mutants.map(({ name, mistake, level }): MutantRow => {
    const caughtBy = cases.filter(({ id }) => catches(name, id))
    const caught = caughtBy.some((one) => levels.indexOf(one.level) <= levels.indexOf(level))
    const nothing = caughtBy.length === 0
    return {
      name,
      mistake,
      level,
      caughtBy: caughtBy.map(({ id }) => id),
      outcome: caught ? 'caught' : nothing ? 'survived' : 'caught-at-lower-level',
    }
  })
  return {
    mutants: rows,
    cases: cases.map(({ id, level }) => ({
      id,
      level,
      caught: mutants.filter(({ name }) => catches(name, id)).map(({ name }) => name),
    })),
    problems: [
      ...correctFails(result.correct),
      ...rows.flatMap(rowProblems),
      ...cases.flatMap((one) => mutantProblems(one, way === 'pipeline' ? doesNotPass : catches)),
      ...passesOnNothing(facts),
      ...(way === 'pipeline'
        ? []
        : Object.entries(result.mutants).flatMap(([mutant, cells]) => undecided(mutant, cells))),
      ...facts.notAsked.map(
        ({ case: { id }, lacks }): MutationProblem => ({
          kind: 'unasked',
          says: `${id} is asked nowhere: no reference environment has ${lacks.join(', ')}.`,
          next: 'Give the reference proxy or gateway this feature, or a place of its own in harness/run/mutation/places.ts.',
        }),
      ),
    ],
  }
}

function correctFails(cells: readonly MutationCell[]): MutationProblem[] {
  return cells
    .filter(({ outcome }) => outcome !== 'green')
    .map(({ case: id, transport, status, reason }) => ({
      kind: 'correct-fails',
      says: `${id} over ${transport} is ${status} on the correct proxy and gateway: ${reason}`,
      next: 'Either the expectation is wrong or the reference is: see which one contradicts its rule.',
    }))
}

function rowProblems({ name, mistake, level, caughtBy, outcome }: MutantRow): MutationProblem[] {
  switch (outcome) {
    case 'caught':
      return []
    case 'survived':
      return [
        {
          kind: 'survived',
          says: `${name} is caught by no case: ${mistake}`,
          next: 'Add a case that sees this mistake, or repair the mutant.',
        },
      ]
    case 'caught-at-lower-level':
      return [
        {
          kind: 'caught-at-lower-level',
          says: `${name} is caught by no case of level ${level}, only by ${caughtBy.join(', ')}: ${mistake}`,
          next: 'Add a case of that level that sees this mistake, or raise the level of one that does.',
        },
      ]
  }
}

function mutantProblems(one: Case, catches: (mutant: string, id: string) => boolean): MutationProblem[] {
  if (one.caughtBy.length === 0) {
    return [
      {
        kind: 'no-mutant',
        says: `${one.id} names no mutant.`,
        next: 'Add caught-by with a mutant that turns it red.',
      },
    ]
  }
  return one.caughtBy
    .filter((mutant) => !catches(mutant, one.id))
    .map((mutant) => ({
      kind: 'unproven',
      says: `${one.id} (${one.source.file}:${one.source.line}) says that it catches ${mutant}, and does not turn red on it.`,
      next: 'Sharpen the case until it does, or name a mutant that it does catch.',
    }))
}

/** A mutant is broken, but it answers: where nothing can be seen, something is wrong with the lab. */
function undecided(mutant: string, cells: readonly MutationCell[]): MutationProblem[] {
  const [first, ...more] = mutant === deadProxy ? [] : cells.filter(({ outcome }) => outcome === 'undecided')
  if (first === undefined) return []
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  return [
    {
      kind: 'undecided',
      says: `On ${mutant} nothing could be seen of ${first.case} over ${first.transport}${others}: ${first.reason}`,
      next: 'Run it again; if it stays, the embedded lab or the mutant is at fault.',
    },
  ]
}

/** A case that goes through a proxy which lets nobody through passes only if it holds and one of its controls holds too. */
function passesOnNothing({ cases, mutants, result }: MutationFacts): MutationProblem[] {
  const byId = new Map(cases.map((one) => [one.id, one]))
  const run = nothingWorks.filter((name) => mutants.some((mutant) => mutant.name === name))
  return run.flatMap((mutant) => {
    const cells = result.mutants[mutant] ?? []
    const green = (id: string, transport: Transport) => {
      const there = cells.filter((cell) => cell.case === id)
      const cell = there.find((one) => one.transport === transport)
      // Not run again: it comes out as on the correct pair, unless another transport has shown it red.
      return cell === undefined ? !there.some(({ outcome }) => outcome === 'red') : cell.outcome === 'green'
    }
    const controlHolds = (asked: Case, transport: Transport) =>
      asked.controls.some((id) => {
        const control = byId.get(id)
        return control !== undefined && green(id, transportOf(control, transport))
      })
    return cases
      .filter(({ to, controls }) => to === 'proxy' && controls.length > 0)
      .flatMap((asked) =>
        asked.over
          .filter((transport) => green(asked.id, transport) && controlHolds(asked, transport))
          .map(
            (transport): MutationProblem => ({
              kind: 'nothing-works',
              says: `${asked.id} over ${transport} would pass on ${mutant}, where nothing gets through the proxy.`,
              next: 'Give it a control that goes the same way.',
            }),
          ),
      )
  })
}
