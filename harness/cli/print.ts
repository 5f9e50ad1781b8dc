/** Standard output of every command that does not colour its text: nothing that files or programs say moves the cursor or is obeyed by a CI system. */
import { jsonText, printable } from '../report/visible.ts'

export function print(text: string): void {
  console.log(printable(text))
}

export function printJson(value: unknown): void {
  console.log(jsonText(value, 2).trimEnd())
}
