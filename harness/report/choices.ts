/** What to take, by what somebody runs: of each product the best configuration of the run, beside the documented one. */
import { gradeRules, type Letter } from '../judge/grade.ts'
import type { EnvironmentResult } from '../run/results/results.ts'
import { type Configuration, configurationsOf } from './configurations.ts'
import { counted } from './numbers.ts'
import type { Overview } from './overview.ts'

export type Choice = {
  /** The program that clients talk to: `nginx`. */
  readonly product: string
  /** The best of the run, whether it meets every requirement or not. */
  readonly best: Configuration
  /** Others of which not enough was seen for a grade. */
  readonly unseen: number
  /** As somebody's documentation has it. Absent where none was part of the run. */
  readonly documented?: Configuration
}

/** The order of `configurationsOf`. */
export const ruleInWords =
  'Of each product the best configuration in this run: the best grade, then real programs before stand-ins, then the most cells seen.'

/**
 * By name of the product. The best of a product is the first of its configurations in the order of `configurationsOf`; of several documented ones that of
 * the same proxy is taken, else the first.
 */
export function choicesOf(overview: Overview): readonly Choice[] {
  const groups = Map.groupBy(configurationsOf(overview), ({ environments }) => productOf(environments[0]))
  return [...groups]
    .flatMap(([product, [best, ...others]]): Choice[] => {
      if (best === undefined) return []
      const all = [best, ...others].filter(({ environments: [first] }) => first.documentation !== undefined)
      const documented = all.find(({ environments: [first] }) => first.proxy === best.environments[0].proxy) ?? all[0]
      const unseen = others.filter(({ letter }) => letter === '?').length
      return [{ product, best, unseen, ...(documented !== undefined && { documented }) }]
    })
    .toSorted((one, other) => one.product.localeCompare(other.product, 'en', { sensitivity: 'base' }))
}

/** `Caddy` of `proxy: Caddy with caddy-security 1.1.64`. */
function productOf({ services, proxyTitle, proxy }: EnvironmentResult): string {
  const program = services.find(({ name }) => name.startsWith('proxy: '))?.name.slice('proxy: '.length)
  return program?.replace(/ with .*$/s, '') ?? proxyTitle ?? proxy
}

export const meetsRequirements = ({ letter }: Configuration) => letter === 'A' || letter === 'B'

/** Before the name of the best, where nobody should take it for that. */
export function notTakenInWords({ best: { letter }, unseen }: Choice): string {
  if (letter === undefined || letter === '?') return 'Of none enough was seen for a grade. Most was seen of'
  const others = unseen === 0 ? '' : `, and of ${unseen} not enough was seen for a grade`
  return `None was seen to meet every requirement${others}. The best with a grade:`
}

export const nameOf = ({ environments: [{ proxy, proxyTitle, variant }] }: Configuration) =>
  `${proxyTitle ?? proxy}, ${variant}`

/** `nginx 1.22.1, oauth2-proxy 7.15.3`; what a stand-in answered for, in a sentence of its own. */
export function programsOf({ environments: [{ services, proxy, proxyVersion }] }: Configuration): string {
  const own = services.filter(({ name }) => !name.startsWith('gateway: '))
  const named = (name: string) => name.replace(/^\S+: /, '')
  const real = own.filter(({ version }) => version !== 'stand-in')
  const programs = real.map(({ name, version }) => (name.includes(version) ? named(name) : `${named(name)} ${version}`))
  const standIns = own
    .filter(({ version }) => version === 'stand-in')
    .map(({ name }) => named(name).replace(/ \(stand-in\)$/, ''))
  return [
    programs.join(', ') || `${proxy} ${proxyVersion}`,
    ...(standIns.length > 0 ? [`Only a stand-in ran for ${standIns.join(' and ')}`] : []),
  ].join('. ')
}

/** Why it has its letter, in one sentence. */
export function worstInWords({ letter, grade, findings: [worst, ...others] }: Configuration): string {
  if (letter === 'A') return 'Passed every case that applies.'
  if (letter === 'B') return `Misses recommendations only (${counted(others.length + 1, 'finding')}).`
  const found = worst?.finding.says
  if (letter !== '?') return found ?? 'Nothing was found.'
  const reason = gradeRules.find(({ id }) => id === grade?.caps[0])?.when.replaceAll('`', '') ?? 'Not enough was seen.'
  return found === undefined ? reason : `${reason} Found so far: ${found}`
}

/** By the environment that decides the letter. */
export const seenInWords = ({ grade }: Configuration) =>
  grade === undefined ? 'Did not run' : `Seen ${grade.seen} of ${grade.applicable} cells`

/** The run's answer in one or two sentences. */
export function answerInWords(overview: Overview): string {
  const all = configurationsOf(overview)
  const having = (wanted: Letter) => all.filter(({ letter }) => letter === wanted).length
  const [passed, met, unknown] = [having('A'), having('B'), having('?')]
  const of = counted(all.length, 'configuration')
  const recommendations = `${met === 1 ? 'misses' : 'miss'} recommendations only (B)`
  const answer =
    passed > 0
      ? `${passed} of ${of} passed every case that applies (A)${met > 0 ? `, ${met} ${recommendations}` : ''}.`
      : met > 0
        ? `No configuration in this run passed every case that applies (A). ${met} of ${of} ${recommendations}.`
        : 'No configuration in this run was seen to meet every requirement that applies to it (A or B).'
  return unknown > 0 ? `${answer} Of ${unknown} not enough was seen for a grade (?).` : answer
}
