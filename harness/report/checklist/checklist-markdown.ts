/** `docs/checklist.md`: which cases test each line of the gateway's own checklists. */
import { code, table, text, withCode } from '../markdown-text.ts'
import { checklists } from './lines.ts'
import { casesOfLine } from './outcome.ts'

/** @param ids of all cases */
export function checklistPage(ids: readonly string[]): string {
  const parts = checklists.map(({ title, source, lines }) => {
    const rows = lines.map((line) => {
      const cases =
        'untestable' in line
          ? withCode(line.untestable)
          : `${line.cases.map(code).join(', ')} (${casesOfLine(line, ids).length} cases)`
      return [withCode(line.says), cases]
    })
    return `## ${text(title)}\n\n<${source}>\n\n${table(['line', 'cases, or why there are none'], rows)}`
  })
  return `<!-- Made by \`pnpm schemas\` from harness/report/checklist/lines.ts. Change that file. -->
# The gateway's checklists, and the cases that test them

What operators are told to verify before they expose a gateway, line by line. \`checklist.html\` in every report has the results of a run.
A name stands for all cases that begin with it: \`pnpm conformance --case bypass.neighbour\` runs them.

${parts.join('\n\n')}
`
}
