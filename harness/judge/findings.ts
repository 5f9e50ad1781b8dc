/** Cells that are not met, grouped by cause: a mistake in a configuration is one finding, in however many cells it shows. Pure. */
import type { Level, Transport } from '../plan/case.ts'
import type { About } from './about.ts'
import { type Consequence, effectOf, gravityOf, isDirect, isUpgrade } from './consequence.ts'
import { type Members, sentenceOf } from './finding-words.ts'
import { isSafeguard } from './safeguards.ts'
import { isOpen, type Status } from './status.ts'

export type GroupedCell = {
  readonly environment: string
  readonly case: string
  readonly transport: Transport
  readonly level: Level
  readonly status: Status
  readonly reason: string
  readonly about?: readonly About[]
}

export type GroupedFinding = {
  readonly environment: string
  readonly id: string
  readonly consequence: Consequence
  readonly level: Level
  readonly says: string
  readonly stoppedBy?: string
  /** The most telling one first. */
  readonly cells: readonly string[]
  /** Folded names of the headers that it is about. */
  readonly headers?: readonly string[]
  readonly known?: true
}

/** All findings, by environment in the order of the cells, the worst first in each. @param identity the trusted header of an environment */
export function findingsOfCells(cells: readonly GroupedCell[]): GroupedFinding[] {
  return [...Map.groupBy(cells, ({ environment }) => environment)].flatMap(([environment, own]) =>
    [...causesIn(own)].map(([id, members]) => findingOf(environment, id, members, own)).toSorted(worstFirst),
  )
}

/** Those that nothing stops before those that something does; then by consequence; then requirements before recommendations. */
export function worstFirst(one: GroupedFinding, other: GroupedFinding): number {
  const rank = ({ consequence, stoppedBy, level }: GroupedFinding) =>
    gravityOf(consequence) * 4 + (stoppedBy === undefined ? 0 : 2) + (level === 'must' ? 0 : 1)
  return rank(one) - rank(other) || other.cells.length - one.cells.length || one.id.localeCompare(other.id)
}

type Member = { readonly cell: GroupedCell; readonly about: About }

function causesIn(cells: readonly GroupedCell[]): ReadonlyMap<string, readonly Member[]> {
  const members = cells
    .filter(({ status }) => isOpen(status))
    .flatMap((cell) => withoutRepeats(cell.about ?? []).map((about) => ({ cell, about })))
  const untold = cells
    .filter(({ status, about = [] }) => isOpen(status) && about.length === 0)
    .map((cell) => ({ cell, about: untoldAbout(cell) }))
  const all = [...members, ...untold]
  return Map.groupBy(all, ({ cell, about }) => causeOf(about, cell))
}

/** That a step's own request was refused is one cause: the step says it once more, in words that have no structure. */
function withoutRepeats(abouts: readonly About[]): readonly About[] {
  const refused = abouts.some(
    ({ kind, wanted }) => (kind === 'refused' || kind === 'turned-away') && wanted === 'accepted',
  )
  return refused ? abouts.filter(({ kind, seen }) => kind !== 'other' || seen !== 'step') : abouts
}

/** Of a run that did not note what its cells are about. */
const untoldAbout = ({ transport }: GroupedCell): About => ({
  kind: 'other',
  who: 'anonymous',
  from: 'internet',
  to: 'proxy',
  transport,
  seen: 'step',
})

/** What the gateway itself says of a missing part: the same cause as its absence on arrival. */
const causeOfRefusal: Readonly<Record<string, string>> = {
  trusted_proxy_user_missing: 'lost-identity',
  proxy_attribution_required: 'client-address',
}

/** The id of the finding: words of the structure alone. */
function causeOf(about: About, cell: GroupedCell): string {
  const cause = plainCauseOf(about, cell)
  return (about.when === 'beside-others' ? `${cause}-beside-others` : cause)
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .toLowerCase()
}

function plainCauseOf(about: About, { case: id, level }: GroupedCell): string {
  const { kind, header, believed, verdict, who } = about
  const topic = id.split('.').slice(0, 2).join('.')
  const direct = isDirect(about) ? `direct-${about.to}-from-${about.from}` : undefined
  switch (kind) {
    case 'passed':
      if (about.in === 'trailer') return 'passes-trailers'
      if (believed === true && header !== undefined) return direct ?? `passes-${header}`
      if (about.spelled !== undefined) return 'passes-other-spellings'
      return isUpgrade(header) ? 'passes-upgrade' : 'passes-other-headers'
    case 'accepted':
      if (direct !== undefined) return direct
      if (header !== undefined && believed === true) return `passes-${header}`
      return who === 'anonymous' ? 'open-to-anyone' : `accepts-${topic}`
    case 'reached':
      if (direct !== undefined) return direct
      if (who === 'anonymous') return 'open-to-anyone'
      return level === 'must' ? `forwards-${topic}` : 'forwards-too-much'
    case 'made-up':
      return 'made-up-identity'
    case 'lost':
      if (believed === true) return 'lost-identity'
      return level === 'must' ? `lost-${header ?? topic}` : 'changes-requests'
    case 'changed':
      return believed === true ? 'changes-identity' : 'changes-requests'
    case 'client-address':
      return 'client-address'
    case 'refused': {
      const reason = verdict?.kind === 'refused' ? verdict.reason : undefined
      return (reason && causeOfRefusal[reason]) ?? `refused-${reason ?? 'without-reason'}`
    }
    case 'turned-away':
      return `turned-away-${about.from === 'internet' ? (verdict === undefined ? 'by-proxy' : 'by-gateway') : about.from}`
    case 'not-upgraded':
    case 'mixed-up':
    case 'leaked':
    case 'unanswered':
      return kind
    case 'multiplied':
    case 'answer':
      return `${kind}-${topic}`
    case 'other':
      return id
  }
}

function findingOf(
  environment: string,
  id: string,
  members: readonly Member[],
  all: readonly GroupedCell[],
): GroupedFinding {
  const cells = [...new Set(members.map(({ cell }) => cell))]
  const effect = worstEffect(members.map(({ about }) => about))
  const headers = [...new Set(members.flatMap(({ about }) => about.header ?? []))].toSorted()
  const level = cells.some((cell) => cell.level === 'must') ? 'must' : 'should'
  return {
    environment,
    id,
    ...effect,
    level,
    says: sentenceOf(membersOf(members, cells, all), effect),
    cells: mostTellingFirst(members),
    ...(headers.length > 0 && { headers }),
    ...(isKnown(cells) && { known: true }),
  }
}

/** Something of it is known to fail, and nothing else of it that is required does. */
const isKnown = (cells: readonly GroupedCell[]) =>
  cells.some(({ status }) => status === 'known-failure') && cells.every(({ status }) => status !== 'fail')

const keyOf = (cell: GroupedCell) => `${cell.case}.${cell.transport}`

function mostTellingFirst(members: readonly Member[]): string[] {
  const rank = ({ cell, about }: Member) => {
    const { consequence, stoppedBy } = effectOf(about)
    return gravityOf(consequence) * 4 + (stoppedBy === undefined ? 0 : 2) + (cell.level === 'must' ? 0 : 1)
  }
  const told = members
    .map((member) => ({ key: keyOf(member.cell), rank: rank(member) }))
    .toSorted((one, other) => one.rank - other.rank || one.key.localeCompare(other.key))
  return [...new Set(told.map(({ key }) => key))]
}

function membersOf(members: readonly Member[], cells: readonly GroupedCell[], all: readonly GroupedCell[]): Members {
  const ids = new Set(cells.map((cell) => cell.case))
  const seen = all.filter((cell) => ids.has(cell.case) && (isOpen(cell.status) || cell.status === 'pass'))
  return {
    abouts: members.map(({ about }) => about),
    reasons: mostTellingFirst(members).flatMap((key) => {
      const cell = cells.find((one) => keyOf(one) === key)
      const own = members.filter((member) => member.cell === cell)
      // Without a structure, a step's words are all there is; the judge puts them before what its requests show.
      const isAlone =
        own.length >= withoutRepeats(cell?.about ?? []).length || own.some(({ about }) => about.kind === 'other')
      return cell !== undefined && isAlone ? [cell.reason] : []
    }),
    cases: ids,
    transports: new Set(cells.map(({ transport }) => transport)),
    tried: new Set(seen.map(({ transport }) => transport)),
  }
}

/** What nothing stops weighs more than what something does, however bad that would be. */
function worstEffect(abouts: readonly About[]): { readonly consequence: Consequence; readonly stoppedBy?: string } {
  const effects = abouts
    .map(effectOf)
    .toSorted((one, other) => gravityOf(one.consequence) - gravityOf(other.consequence))
  const takeover = effects.filter(({ consequence }) => gravityOf(consequence) <= gravityOf('neighbour-is-anyone'))
  const unstopped = takeover.find(({ stoppedBy }) => stoppedBy === undefined)
  if (unstopped !== undefined) return unstopped
  const [worst] = takeover
  if (worst === undefined) return effects[0] ?? { consequence: 'hygiene' }
  const stops = [...new Set(takeover.flatMap(({ stoppedBy }) => stoppedBy ?? []))].toSorted()
  const safeguards = stops.filter(isSafeguard)
  return { consequence: worst.consequence, stoppedBy: (safeguards.length > 0 ? safeguards : stops).join(', ') }
}
