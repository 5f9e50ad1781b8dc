/** Failed cells by cause, worst first: a reader sees each mistake once, not once for each cell that shows it. */
import type { Status } from '../judge/status.ts'
import type { Cell, EnvironmentResult, Results } from '../run/results/results.ts'

export type Cause = {
  readonly status: Status
  /** `PROXY/VARIANT`: whatever gateway is behind it, the mistake is in one place. */
  readonly place: string
  /** What was observed, as the first cell with this cause says it. */
  readonly finding: string
  readonly cells: readonly Cell[]
}

const statuses: readonly Status[] = ['fail', 'unexpected-pass', 'harness-error']

/** Causes of cells that fail, pass unexpectedly, or could not be judged. */
export function causesOf({ cells, environments }: Results): readonly Cause[] {
  const byId = new Map(environments.map((one) => [one.id, one]))
  const found = cells
    .filter(({ status }) => statuses.includes(status))
    .map((cell) => {
      const finding = worstClause(cell.reason)
      return { cell, finding, gravity: gravityOf(finding), place: placeOf(cell, byId.get(cell.environment)) }
    })
    .toSorted((one, other) => one.gravity - other.gravity)
  const groups = Map.groupBy(found, ({ cell, place, finding }) => `${cell.status} ${place} ${causeIn(finding)}`)
  return [...groups.values()]
    .flatMap((members) => {
      const [first] = members
      return first === undefined ? [] : [{ ...first, cells: members.map(({ cell }) => cell) }]
    })
    .toSorted(
      (one, other) =>
        statuses.indexOf(one.cell.status) - statuses.indexOf(other.cell.status) ||
        one.gravity - other.gravity ||
        other.cells.length - one.cells.length,
    )
    .map(({ cell, place, finding, cells: all }) => ({ status: cell.status, place, finding, cells: all }))
}

/** For sorting, 0 is worst. */
export function gravity(cell: Cell): number {
  return gravityOf(worstClause(cell.reason))
}

function placeOf(cell: Cell, environment: EnvironmentResult | undefined): string {
  return environment === undefined ? cell.environment : `${environment.proxy}/${environment.variant}`
}

/**
 * Somebody is accepted as somebody else; then what should not reach the gateway does; then what arrives is wrong; last, what is allowed does not
 * arrive.
 */
const accepted = /(?<!should be |must be )\baccepted (?:as\b|\()/
const kinds: readonly RegExp[] = [
  accepted,
  /\breached the gateway\b|\bcame from the gateway\b|\banother spelling\b|" (?:arrived|came back) in\b/,
  /\barrived as "/,
]
const lost = /\barrived as nothing\b|\barrived never\b|\bwas not reached\b|\bdid not reach\b|\brefused\b/

function gravityOf(finding: string): number {
  const kind = kinds.findIndex((each) => each.test(finding))
  if (kind !== -1) return kind
  return lost.test(finding) ? kinds.length + 1 : kinds.length
}

/** A reason is `As USER, request 2 of 5: FINDING, FINDING.`; the finding that weighs most names the cause. */
function worstClause(reason: string): string {
  const [line = ''] = reason.split('\n', 1)
  const [, company = '', rest = line] = /^((?:In this way only|Only) beside other requests: )(.*)$/.exec(line) ?? []
  const findings = rest
    .replace(/^(?:As [\w-]+|Anonymous)(?:, request \d+ of \d+)?: /, '')
    .replace(/(?: \(and \d+ more of \d+ requests\))?\.?$/, '')
  const clauses = findings.match(
    /(?:"(?:[^"\\]|\\.)*"|\((?:"(?:[^"\\]|\\.)*"|[^()"])*\)|[^,"]|"|,(?! (?!where)))+/g,
  ) ?? [findings]
  const [worst = findings] = clauses
    .map((clause) => clause.trim())
    .toSorted((one, other) => gravityOf(one) - gravityOf(other))
  // A failure that needs other requests at the same time is another cause than the same failure without them.
  return company + worst
}

/** What cells with the same cause have in common: the header that got through, was lost or was changed; else the finding without its values. */
function causeIn(finding: string): string {
  const through = /" arrived in ([\w-]+)/.exec(finding)?.[1] ?? /^([\w-]+) arrived as "/.exec(finding)?.[1]
  if (through !== undefined && !accepted.test(finding)) return `wrong ${through.toLowerCase()}`
  return finding
    .replace(/, where .*$| \(.*\)$/g, '')
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\S+@\S+|\bevil-\S+/g, '@')
    .replace(/\d+/g, '0')
    .toLowerCase()
}
