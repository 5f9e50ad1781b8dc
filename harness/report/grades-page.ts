/** `docs/grades.md`: what a letter means, made from the table by which letters are given. */
import { consequences } from '../judge/consequence.ts'
import { enough, gradeRules } from '../judge/grade.ts'
import { consequenceWords } from './consequence-words.ts'
import { letterWords } from './grades.ts'
import { table } from './markdown-text.ts'

export function gradesPage(): string {
  const rules = gradeRules.map(({ letter, id, when }) => [letter, `\`${id}\``, when])
  const letters = Object.entries(letterWords).map(([letter, words]) => [letter, words])
  const worst = consequences.map((one) => [`\`${one}\``, consequenceWords[one]])
  return `# Findings and grades

<!-- Made from harness/judge/grade.ts by \`pnpm schemas\`. Edit that file. -->

## Findings

Red, warned and known-failing cells of one environment with one cause are one finding. Cells are grouped by what they are about (\`about\` in
\`results.json\`: which header, who sent it, from where, what the gateway decided), never by their sentences. A cell that shows two causes is in two
findings. A finding keeps its \`id\` from run to run. Its consequence is the worst of these that its cells show:

${table(['consequence', 'who can do what'], worst)}

Where a check of the gateway refused every such request in this run, the consequence stays and \`stoppedBy\` names the check (\`allowUsers\`,
\`origin check\`, \`trustedProxies\`, …). The hole is in the proxy all the same: another gateway, version or setting may not stop it.

## Grades

A grade is a cap, never an average: one way in is enough, however much else is met.

${table(['letter', 'means'], letters)}

The first rule that applies gives the letter. All rules that apply are in \`grades[].caps\` of \`results.json\`.

${table(['letter', 'rule', 'applies when'], rules)}

* F, E and D were shown, so they stand however little else was seen. A, B and C say that nothing worse is there; they are only given where it was
  looked for, otherwise the letter is \`?\`.
* Known failures count: a hole that is known is open all the same.
* A recommendation (level should) caps at B, except that a stranger who becomes a user is F at any level.
* Inconclusive cells are not seen. At least ${enough * 100} % of the required cells in each family need a result, and the control
  \`identity.arrival.accepted\` does.
* What the variant or the gateway does not offer (\`unsupported\`: no HTTP/2, no public route) does not apply and is listed. What only a gateway that
  records requests can show does apply, so a real gateway or a URL alone never gets A, B or C. The same variant behind the reference gateway does.
* Where several gateways of one variant are shown as one letter, the worst letter counts, and \`?\` only where there is no other.
* Beside a letter always stand: cells seen of cells that apply, what could not be tested and why, versions, configuration hash and date. The hash is the
  first 12 digits of SHA-256 over the variant's configuration files.
`
}
