/** Lines that the program reads otherwise in a run, so that its clients get to what is tested; each is said in a note. */
import type { Note } from './deployment.ts'
import { withoutPrefix } from './prefix.ts'
import type { Facts, LineChange } from './products/facts.ts'

/** @throws UserError for a gateway below a path that cannot be moved */
export function linesOfRun(facts: Facts, port: number | undefined, notes: Note[]): LineChange[] {
  const { clientLists = [], otherwise = [] } = facts
  for (const { value, place } of clientLists)
    notes.push({
      kind: 'replaced',
      text: `"${value}": clients of a run have other addresses, so in the copy that the program reads it lets in whoever comes. What is judged is what somebody at an address of yours can do`,
      place,
    })
  for (const { value, why, place } of otherwise)
    notes.push({ kind: 'replaced', text: `in the copy that the program reads, "${value}" ${why}`, place })
  return [...withoutPrefix(facts, port, notes), ...[...clientLists, ...otherwise].flatMap(({ changes }) => changes)]
}
