/** The commands that only read: `list` and `explain`. */
import { explainJson, explainText } from './explain.ts'
import { listJson, listKind, listText } from './list.ts'
import { listed } from './project.ts'

type Output = { readonly json: boolean }

const print = (output: Output, text: () => string, json: () => unknown) =>
  console.log(output.json ? JSON.stringify(json(), undefined, 2) : text())

/** @throws UserError for a kind of thing that does not exist */
export async function printList(what: string, output: Output): Promise<void> {
  const kind = listKind(what)
  const all = await listed()
  print(
    output,
    () => listText(kind, all),
    () => listJson(kind, all),
  )
}

/** @throws UserError for an unknown case, with near misses */
export async function printExplanation(id: string, output: Output): Promise<void> {
  const all = await listed()
  print(
    output,
    () => explainText(id, all),
    () => explainJson(id, all),
  )
}
