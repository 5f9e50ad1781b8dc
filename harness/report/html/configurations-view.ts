/** The first page's answer: which configuration to take and why, and what each of the others lets happen. */
import { gradeRules, type Letter } from '../../judge/grade.ts'
import { type EnvironmentResult, fileName, type Grade } from '../../run/results/results.ts'
import { type Configuration, configurationsOf } from '../configurations.ts'
import type { PlacedFinding } from '../findings.ts'
import type { RunGuide } from '../guides/run-guides.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { findingList, unbroken } from './findings-view.ts'
import { letterMark, letterRows } from './letter.ts'
import { environmentPath, gatewayName, guidePath } from './links.ts'
import { html, type Markup } from './markup.ts'

/** What a reader who has to choose a configuration wants to know first. Best news first, as they may stop there. */
export function configurations(overview: Overview, guides: readonly RunGuide[]): Markup {
  const all = configurationsOf(overview)
  return html`<section>
    <h2>Which configuration</h2>
    ${recommendation(all)}
    ${aboutGateways(overview.results.environments)}
    <details class="legend" open><summary>What the letters mean. The worst finding decides the letter, however much else passed</summary>
      <dl>${letterRows.map(([letter, words]) => html`<div><dt>${letterMark(letter)}</dt><dd>${words}</dd></div>`)}</dl></details>
    <ol class="grades">${all.map((one) => configuration(overview, one, guides))}</ol>
  </section>`
}

function configuration(
  overview: Overview,
  { environments, letter, grade, findings: own }: Configuration,
  guides: readonly RunGuide[],
): Markup | undefined {
  const [first] = environments
  if (first === undefined) return undefined
  const guide = guideTo(environments, guides)
  const decisive = environments.find(({ id }) => id === grade?.environment) ?? first
  return html`<li>
    ${letter === undefined ? html`<span class="letter unsupported">–</span>` : letterMark(letter)}
    <div>
      <h3><a href=${environmentPath(overview, decisive.id)}>${nameOf(first)}</a></h3>
      ${first.variantTitle !== undefined && html`<p class="soft">${sentence(first.variantTitle)}</p>`}
      <p>${unbroken(worstInWords(letter, grade, own))}</p>
      <p class="soft">${programsOf(first)}. ${seenOf(overview, environments)}.${own.length > 1 && html` <a href=${findingsAnchor(first)}>${counted(own.length, 'finding')}</a> in all.`}${guide !== undefined && html` <a href=${guide}>Its files, line by line</a>.`}</p>
    </div>
  </li>`
}

/** Without it, nobody would know what the name of the suite's own gateway says of a real one. */
function aboutGateways(environments: readonly EnvironmentResult[]): Markup | undefined {
  const own = environments.some(({ gateway }) => gateway.startsWith('reference'))
  const real = [...new Set(environments.filter(({ gatewayVersion }) => gatewayVersion !== undefined).map(gatewayName))]
  if (!own) return undefined
  return html`<p>The gateway <code>reference</code> is this suite's own: it decides as OpenClaw does, and records what arrives. ${
    real.length === 0
      ? 'No real gateway was part of this run.'
      : `What is said of ${real.join(', ')} was seen on the real program, which shows less of what arrives.`
  }</p>`
}

/** `nginx 1.22.1, oauth2-proxy 7.15.3`: the title may name one version alone. */
const programsOf = ({ services }: EnvironmentResult) =>
  services
    .filter(({ name }) => !name.startsWith('gateway: '))
    .map(({ name, version }) => (name.includes(version) ? name : `${name} ${version}`).replace(/^\S+: /, ''))
    .join(', ')

/** In front of each gateway, how much of what applies was seen. */
function seenOf(overview: Overview, environments: readonly EnvironmentResult[]): string {
  if (environments.length > mostGateways) return `In front of ${environments.length} gateways`
  return environments
    .map((environment) => {
      const grade = overview.gradeOf(environment.id)
      const seen = grade === undefined ? 'did not run' : `seen ${grade.seen} of ${grade.applicable} cells that apply`
      return `In front of ${gatewayName(environment)}: ${seen}`
    })
    .join('. ')
}

const mostGateways = 3

/** Why it has its letter, in one sentence. */
function worstInWords(letter: Letter | undefined, grade: Grade | undefined, own: readonly PlacedFinding[]): string {
  const [worst] = own
  const reason = gradeRules.find(({ id }) => id === grade?.caps[0])?.when.replaceAll('`', '')
  if (letter === '?')
    return [
      reason ?? 'Not enough was seen.',
      ...(worst === undefined ? [] : [`Found so far: ${worst.finding.says}`]),
    ].join(' ')
  if (worst !== undefined) return worst.finding.says
  return letter === 'A' ? 'Passed every case that applies.' : 'Nothing was found.'
}

/** What to take, in one sentence. */
function recommendation(all: readonly Configuration[]): Markup {
  const having = (wanted: Letter) => all.filter(({ letter }) => letter === wanted).length
  const [passed, met] = [having('A'), having('B')]
  if (passed + met === 0)
    return html`<p class="lead">No configuration in this run met every requirement that applies to it.</p>`
  return html`<p class="lead">${passed + met} of ${counted(all.length, 'configuration')} met every requirement that applies: ${[
    ...(passed > 0 ? [`those with A passed every case`] : []),
    ...(met > 0 ? [`those with B miss recommendations only`] : []),
  ].join(', ')}. Below each of the others stands the worst that it lets happen.</p>`
}

const nameOf = ({ proxy, proxyTitle, proxyVersion, variant }: EnvironmentResult) =>
  `${proxyTitle ?? proxy} ${proxyVersion}, ${variant}`

/** To the page with its files, where there is one. */
function guideTo(environments: readonly EnvironmentResult[], guides: readonly RunGuide[]): string | undefined {
  const found = guides.find(({ environment }) => environments.some(({ id }) => id === environment))
  return found === undefined ? undefined : guidePath(found.guide.proxy)
}

/** So many are said of each configuration; each environment's page has all. */
const mostFindings = 3

const findingsId = ({ proxy, proxyVersion, variant }: EnvironmentResult) =>
  fileName(`findings-${proxy}@${proxyVersion}-${variant}`)
const findingsAnchor = (environment: EnvironmentResult) => `#${findingsId(environment)}`

/** By configuration, in the order of the first list. */
export function findings(overview: Overview): Markup | undefined {
  const all = configurationsOf(overview).filter((one) => one.findings.length > 0)
  if (all.length === 0) return undefined
  return html`<section>
    <h2>Findings</h2>
    <p class="soft">Cells with one cause are one finding. The worst ${mostFindings} of each configuration, each with what to write.</p>
    ${all.map((one) => findingsOfConfiguration(overview, one))}
  </section>`
}

function findingsOfConfiguration(overview: Overview, { environments, letter, grade, findings: own }: Configuration) {
  const [first] = environments
  if (first === undefined) return undefined
  const decisive = environments.find(({ id }) => id === grade?.environment) ?? first
  const rest = own.length - mostFindings
  return html`<section><h3 id=${findingsId(first)}>${letter !== undefined && [letterMark(letter), ' ']}${nameOf(first)}</h3>
    ${findingList(overview, own.slice(0, mostFindings), '')}
    ${rest > 0 && html`<p><a href=${environmentPath(overview, decisive.id)}>${counted(rest, 'more finding')}</a></p>`}</section>`
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
