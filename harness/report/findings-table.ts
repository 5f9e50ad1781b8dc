/** Every finding of documented configurations as a table in Markdown: who can do what, where it was seen, and the line to write. */
import type { Results } from '../run/results/results.ts'
import { consequenceWords } from './consequence-words.ts'
import { exampleOf, type PlacedFinding, placedFindings } from './findings.ts'
import { code, table, text, withCode } from './markdown-text.ts'
import { counted } from './numbers.ts'
import { remediesInWords } from './remedy-words.ts'

/** So many remedies are said; `results.json` has all. */
const mostRemedies = 3

/**
 * @returns a page with one row for each finding of the variants that are somebody's documentation (`documentation` in proxy.yaml), the worst first;
 * the same mistake of a variant behind several gateways is one row
 */
export function findingsTable(results: Results): string {
  const documented = results.environments.filter(({ documentation }) => documentation !== undefined)
  const names = new Map(documented.map((one) => [one.id, `${one.proxy}@${one.proxyVersion}`]))
  const findings = results.findings.filter(({ environment }) => names.has(environment))
  const rows = placedFindings({ findings, environments: documented }).map((one) => [
    `${code(names.get(one.finding.environment) ?? '')} ${text(one.place.split('/').slice(1).join('/'))}`,
    `${code(one.finding.consequence)}${one.finding.level === 'must' ? '' : ', recommendation'}`,
    text(one.finding.says),
    seenIn(one),
    toWrite(one),
    proofOf(one),
  ])
  const places = new Set(documented.map(({ proxy, variant }) => `${proxy}/${variant}`))
  const { run } = results
  return [
    '# Findings of the documented configurations',
    `Made by ${code('conformance report --in DIR… --findings FILE')} from ${counted(documented.length, 'environment')} of ${counted(places.size, 'documented variant')} (run ${text(run.id)}, ${text(run.startedAt)}, harness ${text(run.harness.version)} ${code(run.harness.commit)}). Not edited by hand.`,
    `*Measured*: removing the line from our hardened configuration of the same product turned so many of these cells red (${code('conformance ablate')}). *Advice*: not measured.`,
    rows.length === 0
      ? 'No findings.'
      : table(['configuration', 'consequence', 'finding', 'seen in', 'what to write', 'proof'], rows),
    Object.entries(consequenceWords)
      .map(([name, words]) => `- ${code(name)}: ${text(words)}`)
      .join('\n'),
  ]
    .join('\n\n')
    .concat('\n')
}

function seenIn({ finding, cells, environments }: PlacedFinding): string {
  const gateways = environments.map((id) => code(id.split('/').slice(2).join('/')))
  return `${counted(cells, 'cell')} behind ${gateways.join(', ')}, such as ${code(exampleOf(finding))}`
}

function toWrite({ finding }: PlacedFinding): string {
  const words = remediesInWords(finding)
  const rest = words.length - mostRemedies
  const shown = words.slice(0, mostRemedies).map(withCode)
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('<br>') || 'nothing known'
}

function proofOf({ finding: { remedies, cells } }: PlacedFinding): string {
  if (remedies.length === 0) return ' '
  const proven = remedies.filter(({ provenBy }) => provenBy !== undefined)
  if (proven.length === 0) return 'advice'
  const seen = new Set(proven.flatMap((remedy) => remedy.cells ?? []))
  return `measured: ${seen.size} of ${cells.length}`
}
