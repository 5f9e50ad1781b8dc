/** The commands that only read: `list` and `explain`. */
import { explainJson, explainText } from './explain.ts'
import { listJson, listKind, listText } from './list.ts'
import { print, printJson } from './print.ts'
import { listed } from './project.ts'

type Output = { readonly json: boolean }

const answer = (output: Output, text: () => string, json: () => unknown) =>
  output.json ? printJson(json()) : print(text())

/** @throws UserError for a kind of thing that does not exist */
export async function printList(what: string, output: Output): Promise<void> {
  const kind = listKind(what)
  const all = await listed()
  answer(
    output,
    () => listText(kind, all),
    () => listJson(kind, all),
  )
}

/** @throws UserError for an unknown case, with near misses */
export async function printExplanation(id: string, output: Output): Promise<void> {
  const all = await listed()
  answer(
    output,
    () => explainText(id, all),
    () => explainJson(id, all),
  )
}
