/** Cells of which there is the same to say, so that it is said once. */
import type { Status } from '../judge/status.ts'
import type { Cell } from '../run/results/results.ts'
import { severity } from './marks.ts'

export type Alike = { readonly status: Status; readonly reason: string; readonly cells: readonly Cell[] }

/** By status and reason, the worst first. Of what passed no reason is needed. */
export function alike(cells: readonly Cell[]): readonly Alike[] {
  return [...Map.groupBy(cells, (cell) => `${cell.status} ${withoutRandom(briefReason(cell))}`).values()]
    .flatMap((members) => {
      const [first] = members
      if (first === undefined) return []
      const [reason = '', ...others] = new Set(members.map(briefReason))
      return [{ status: first.status, reason: others.length === 0 ? reason : withoutRandom(reason), cells: members }]
    })
    .toSorted((one, other) => severity(one.status) - severity(other.status))
}

/** Every cell has names and marks of its own (`evil-0123456789ab@attacker.test`), which would make every reason another one. */
const withoutRandom = (reason: string) => reason.replace(/(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/g, '…')

/** Without what the cell's own view says beside it: what was seen although nothing can be concluded, and since when a failure is known. */
export function briefReason({ status, reason, known }: Cell): string {
  if (status === 'pass') return ''
  const [brief = ''] = reason.split(known === undefined ? ' Observed: ' : ` (known since ${known.since}`)
  return known === undefined ? brief : `${brief} Known since ${known.since}: ${known.reason}`
}
