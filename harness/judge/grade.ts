/** A letter for an environment: the worst of what was found caps it, never an average. Where too little was seen there is none. Pure. */
import type { GroupedFinding } from './findings.ts'
import { type Blocker, recording, type Status } from './status.ts'
import { list } from './words.ts'

/** The best first; `?`: not enough was seen. */
export const letters = ['A', 'B', 'C', 'D', 'E', 'F', '?'] as const
export type Letter = (typeof letters)[number]

/** In each family at least this share of the required cells that apply must have a result. */
export const enough = 0.9

/** Without a result of this case nothing is known of signed-in users. */
const needed = 'identity.arrival.accepted'

export type GradedCell = {
  readonly case: string
  readonly level: 'must' | 'should' | 'info'
  readonly status: Status
  readonly blocked?: Blocker
  readonly lacks?: readonly string[]
}

export type GradeInput = {
  /** Every case of the catalogue that applies was planned, and the run came to its end. */
  readonly complete: boolean
  readonly cells: readonly GradedCell[]
  /** Of this environment. Known failures are among them: a hole that is known is open all the same. */
  readonly findings: readonly Pick<GroupedFinding, 'consequence' | 'stoppedBy' | 'level'>[]
}

type GradeRule = {
  readonly id: string
  readonly letter: Letter
  /** When it applies, for docs/grades.md. */
  readonly when: string
  readonly applies: (input: GradeInput) => boolean
}

type GradedFinding = GradeInput['findings'][number]
const some = (test: (finding: GradedFinding) => boolean) => (input: GradeInput) => input.findings.some(test)
const takeovers: readonly string[] = ['anyone-is-anyone', 'user-is-anyone', 'neighbour-is-anyone']

/** In this order: the first rule that applies gives the letter. docs/grades.md is generated from it. */
export const gradeRules: readonly GradeRule[] = [
  {
    id: 'anyone',
    letter: 'F',
    when: 'A stranger becomes a user, local or administrator, and nothing stops it (consequence `anyone-is-anyone`), at any level.',
    applies: some(({ consequence, stoppedBy }) => consequence === 'anyone-is-anyone' && stoppedBy === undefined),
  },
  {
    id: 'user',
    letter: 'E',
    when: 'A signed-in user becomes another or chooses their own scopes, and nothing stops it (`user-is-anyone`), though a requirement (level must) forbids it.',
    applies: some(
      ({ consequence, stoppedBy, level }) =>
        consequence === 'user-is-anyone' && stoppedBy === undefined && level === 'must',
    ),
  },
  {
    id: 'second-safeguard',
    letter: 'D',
    when: 'A requirement (level must) is not met by which somebody would become another, and only a check of the gateway stopped it in this run (`stoppedBy`).',
    applies: some(
      ({ consequence, stoppedBy, level }) =>
        takeovers.includes(consequence) && stoppedBy !== undefined && level === 'must',
    ),
  },
  {
    id: 'neighbour',
    letter: 'D',
    when: 'Somebody in the network becomes a user without the proxy (`neighbour-is-anyone`), and a requirement says that they must not.',
    applies: some(({ consequence, level }) => consequence === 'neighbour-is-anyone' && level === 'must'),
  },
  {
    id: 'not-recorded',
    letter: '?',
    when: 'The gateway does not record requests, so that most cases cannot be judged (real gateways, a URL alone).',
    applies: ({ cells }) => cells.some(({ lacks = [] }) => lacks.includes(recording)),
  },
  {
    id: 'not-complete',
    letter: '?',
    when: 'The run was narrowed (`--case`, `--level`, `--transport`), interrupted, or ended before all cells had run.',
    applies: ({ complete }) => !complete,
  },
  {
    id: 'no-control',
    letter: '?',
    when: `The case \`${needed}\` has no result: whether a signed-in user is accepted at all is unknown.`,
    applies: ({ cells }) => !cells.some((cell) => cell.case === needed && hasResult(cell)),
  },
  {
    id: 'family-unseen',
    letter: '?',
    when: `In some family fewer than ${enough * 100} % of the required cells that apply have a result: the others are inconclusive, mostly because their control did not pass, or the suite itself failed.`,
    applies: ({ cells }) => unseenFamilies(cells).length > 0,
  },
  {
    id: 'locked-out',
    letter: 'C',
    when: 'A requirement is not met: legitimate users, sub-agents or the command line are refused (`locked-out`).',
    applies: some(({ consequence, level }) => consequence === 'locked-out' && level === 'must'),
  },
  {
    id: 'wrong-client',
    letter: 'C',
    when: "A requirement is not met: the gateway takes another address for the client's (`wrong-client`).",
    applies: some(({ consequence, level }) => consequence === 'wrong-client' && level === 'must'),
  },
  {
    id: 'requirement',
    letter: 'C',
    when: 'Any other requirement (level must) is not met (`leak`, `hygiene`).',
    applies: some(({ level }) => level === 'must'),
  },
  {
    id: 'recommendation',
    letter: 'B',
    when: 'Only recommendations (level should) are not met.',
    applies: some(() => true),
  },
  {
    id: 'all-met',
    letter: 'A',
    when: 'Everything that applies was seen, as far as the rules above demand, and is met.',
    applies: () => true,
  },
]

type Graded = {
  readonly letter: Letter
  readonly seen: number
  readonly applicable: number
  /** Ids of all rules that apply, the decisive one first; `all-met` alone where there is no other. */
  readonly caps: readonly string[]
  readonly notTested: readonly { readonly what: string; readonly why: string }[]
}

export function gradeOf(input: GradeInput): Graded {
  const applying = gradeRules.filter(({ applies }) => applies(input))
  const caps = applying.length > 1 ? applying.filter(({ id }) => id !== 'all-met') : applying
  const counted = input.cells.filter(isApplicable)
  return {
    letter: applying[0]?.letter ?? '?',
    seen: counted.filter(hasResult).length,
    applicable: counted.length,
    caps: caps.map(({ id }) => id),
    notTested: notTested(input),
  }
}

const results: ReadonlySet<Status> = new Set(['pass', 'fail', 'warn', 'known-failure', 'unexpected-pass'])
const hasResult = ({ status }: GradedCell) => results.has(status)

/** What the variant and the gateway offer calls for it. What only a recorder is missing for does apply: it was not seen. */
function isApplicable({ level, status, lacks = [] }: GradedCell): boolean {
  return level !== 'info' && (status !== 'unsupported' || lacks.includes(recording))
}

const familyOf = (id: string) => id.replace(/\..*/s, '')

function unseenFamilies(cells: readonly GradedCell[]): string[] {
  const required = cells.filter((cell) => cell.level === 'must' && isApplicable(cell))
  return [...Map.groupBy(required, (cell) => familyOf(cell.case))]
    .filter(([, members]) => members.filter(hasResult).length < members.length * enough)
    .map(([family]) => family)
}

/** By reason, the most cells first. */
function notTested({ cells, complete }: GradeInput): Graded['notTested'] {
  const untested = cells.filter((cell) => cell.level !== 'info' && !hasResult(cell))
  const groups = [...Map.groupBy(untested, whyNot)].toSorted(
    ([one, a], [other, b]) => b.length - a.length || one.localeCompare(other),
  )
  const narrowed = complete
    ? []
    : [{ what: 'cases that did not run', why: 'they were not selected, or the run ended before' }]
  return [...narrowed, ...groups.map(([why, members]) => ({ what: inWords(members), why }))]
}

function whyNot({ status, blocked, lacks = [] }: GradedCell): string {
  if (status === 'harness-error') return 'the suite itself failed'
  if (status === 'unsupported') {
    if (lacks.includes(recording)) return 'this gateway does not record requests'
    return lacks.length === 0 ? 'the proxy does not speak this' : `unsupported: needs ${list(lacks)}`
  }
  switch (blocked?.by) {
    case 'control':
    case 'dependency':
      return blocked.cases.length === 0
        ? `inconclusive: its ${blocked.by} did not pass`
        : `inconclusive: ${list(blocked.cases)} did not pass`
    case 'fence':
      return 'inconclusive: the control request sent afterwards did not arrive'
    case 'sign-in':
      return 'inconclusive: the suite could not sign in'
    case 'marks':
      return 'inconclusive: the proxy drops what tells the requests apart'
    default:
      return 'without a result'
  }
}

function inWords(cells: readonly GradedCell[]): string {
  const families = [...new Set(cells.map((cell) => familyOf(cell.case)))]
  return `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'} of ${list(families)}`
}
