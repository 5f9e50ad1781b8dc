/** The first page's answer: which configuration to take of which product, and below it what each of them lets happen. */
import type { EnvironmentResult } from '../../run/results/results.ts'
import { fileName } from '../../run/results/results.ts'
import {
  answerInWords,
  type Choice,
  choicesOf,
  meetsRequirements,
  nameOf,
  notTakenInWords,
  programsOf,
  ruleInWords,
  seenInWords,
  worstInWords,
} from '../choices.ts'
import { type Configuration, configurationsOf } from '../configurations.ts'
import type { RunGuide } from '../guides/run-guides.ts'
import { counted } from '../numbers.ts'
import type { Overview } from '../overview.ts'
import { findingList, unbroken } from './findings-view.ts'
import { letterMark, letterRows } from './letter.ts'
import { environmentPath, gatewayName, guidePath } from './links.ts'
import { html, type Markup } from './markup.ts'

/** What a reader who has to choose a configuration wants to know first: a row for each product, whose name they look for. */
export function configurations(overview: Overview, guides: readonly RunGuide[]): Markup {
  return html`<section>
    <p class="lead">${answerInWords(overview)}</p>
    <table class="stacked choices">
      <thead><tr><th scope="col">you run</th><th scope="col">take</th><th scope="col">as documented</th></tr></thead>
      <tbody>${choicesOf(overview).map((choice) => choiceRow(overview, choice, guides))}</tbody>
    </table>
    <p class="soft">${ruleInWords} The others are in the table of environments below.</p>
    <details class="legend" open><summary>What the letters mean. The worst finding decides the letter, however much else passed</summary>
      <dl>${letterRows.map(([letter, words]) => html`<div><dt>${letterMark(letter)}</dt><dd>${words}</dd></div>`)}</dl></details>
    ${aboutGateways(overview.results.environments)}
  </section>`
}

function choiceRow(overview: Overview, choice: Choice, guides: readonly RunGuide[]): Markup {
  const { product, best, documented } = choice
  const guide = guideTo(best, guides)
  const isTaken = meetsRequirements(best)
  return html`<tr>
    <th scope="row">${product}</th>
    <td>${letterOf(best)}<div>${!isTaken && html`<b>${notTakenInWords(choice)}</b> `}${linkTo(overview, best, nameOf(best))}${guide !== undefined && [' · ', html`<a class="name" href=${guide}>hardening guide</a>`]}${!isTaken && html`<br />${unbroken(worstInWords(best))}`}<br /><small>${programsOf(best)}. ${isTaken && `${worstInWords(best)} `}${seenInWords(best)}.</small></div></td>
    <td>${documentedIn(overview, best, documented)}</td>
  </tr>`
}

function documentedIn(overview: Overview, best: Configuration, documented: Configuration | undefined): unknown {
  if (documented === undefined) return html`<div class="soft">None was part of this run.</div>`
  if (documented === best) return html`<div class="soft">The same.</div>`
  const [own, taken] = [documented.environments[0], best.environments[0]]
  const name = own.proxy === taken.proxy ? own.variant : nameOf(documented)
  return [
    letterOf(documented),
    html`<div>${linkTo(overview, documented, name)}: ${unbroken(worstInWords(documented))}</div>`,
  ]
}

const letterOf = ({ letter }: Configuration) =>
  letter === undefined ? html`<span class="letter unsupported">–</span>` : letterMark(letter)

const linkTo = (overview: Overview, one: Configuration, words: string) =>
  html`<a href=${environmentPath(overview, decisiveOf(one).id)}>${words}</a>`

/** The environment that decides the letter. */
const decisiveOf = ({ environments, grade }: Configuration) =>
  environments.find(({ id }) => id === grade?.environment) ?? environments[0]

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

/** To the page with its files, where there is one. */
function guideTo({ environments }: Configuration, guides: readonly RunGuide[]): string | undefined {
  const found = guides.find(({ environment }) => environments.some(({ id }) => id === environment))
  return found === undefined ? undefined : guidePath(found.guide.proxy)
}

/** So many are said of each configuration; each environment's page has all. */
const mostFindings = 3

/** By configuration, the best first. */
export function findings(overview: Overview): Markup | undefined {
  const all = configurationsOf(overview).filter((one) => one.findings.length > 0)
  if (all.length === 0) return undefined
  return html`<section>
    <h2>Findings</h2>
    <p class="soft">Cells with one cause are one finding. The worst ${mostFindings} of each configuration, each with what to write.</p>
    ${all.map((one) => findingsOfConfiguration(overview, one))}
  </section>`
}

function findingsOfConfiguration(overview: Overview, configuration: Configuration): Markup {
  const { environments, letter, findings: own } = configuration
  const [{ proxy, proxyTitle, proxyVersion, variant }] = environments
  const rest = own.length - mostFindings
  return html`<section><h3 id=${fileName(`findings-${proxy}@${proxyVersion}-${variant}`)}>${letter !== undefined && [letterMark(letter), ' ']}${proxyTitle ?? proxy} ${proxyVersion}, ${variant}</h3>
    ${findingList(overview, own.slice(0, mostFindings), '')}
    ${rest > 0 && html`<p><a href=${environmentPath(overview, decisiveOf(configuration).id)}>${counted(rest, 'more finding')}</a></p>`}</section>`
}
