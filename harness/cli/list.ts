/** `conformance list`: proxies, variants, gateways, scenarios, cases or mutants. Returns text or plain data; printing is the caller's. */
import type { Catalogue } from '../plan/load-catalogue.ts'
import { gatewayWords, type KnownGateway, ordinarySeat } from '../plan/select.ts'
import { UserError } from '../plan/user-error.ts'
import { nearMisses, oneOf } from '../plan/yaml/near-misses.ts'
import { twoColumns, wrapped } from './columns.ts'

export const listKinds = ['proxies', 'variants', 'gateways', 'scenarios', 'cases', 'mutants'] as const
type ListKind = (typeof listKinds)[number]

/** A broken proxy or gateway that cases must catch, with the mistake in one sentence. */
type Mutant = { readonly name: string; readonly mistake: string }

export type Listed = {
  readonly catalogue: Catalogue
  readonly gateways: readonly KnownGateway[]
  readonly mutants: readonly Mutant[]
}

/** @throws UserError for an unknown list */
export function listKind(word: string): ListKind {
  const kind = listKinds.find((known) => known === word)
  if (kind !== undefined) return kind
  if (word === 'controls')
    throw new UserError('Unknown list "controls". It is called "mutants" now: conformance list mutants.')
  const near = nearMisses(word, listKinds)
  throw new UserError(
    `Unknown list "${word}". ${near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Known: ${listKinds.join(', ')}.`}`,
  )
}

/** When a variant runs that is left out otherwise. */
const onlyWords = { canaries: 'for canaries', named: 'only with --variant' } as const

/** For people, at most 80 columns wide wherever words can be wrapped. */
export function listText(kind: ListKind, listed: Listed): string {
  const { catalogue, gateways, mutants } = listed
  switch (kind) {
    case 'proxies':
      return catalogue.proxies
        .map((proxy) => {
          const variants = proxy.variants
            .map(({ name, only }) => (only ? `${name} (${onlyWords[only]})` : name))
            .join(', ')
          const others = proxy.versions.slice(1)
          return [
            `${proxy.name}  ${proxy.version}${proxy.embedded ? ' (in process)' : ''}${proxy.only ? ' (only with --proxy)' : ''}`,
            wrapped(`${proxy.title}, ${proxy.licence}`, 2),
            wrapped(`variants: ${variants}`, 2),
            ...(others.length > 0 ? [wrapped(`other versions: ${others.join(', ')}`, 2)] : []),
            ...(proxy.canaries.length > 0 ? [`  canaries: ${proxy.canaries.length}`] : []),
            ...(proxy.knownFailures.length > 0 ? [`  known failures: ${proxy.knownFailures.length}`] : []),
            `  ${proxy.homepage}`,
          ].join('\n')
        })
        .join('\n\n')
    case 'variants':
      return catalogue.proxies
        .map((proxy) => {
          const rows = proxy.variants.flatMap((variant): [string, string][] => [
            [variant.name, `${variant.title}${variant.only ? ` (${onlyWords[variant.only]})` : ''}`],
            ['', `${variant.identity} at ${variant.host}; ${variant.features.join(', ') || 'no features'}`],
            ...(variant.documentation === undefined
              ? []
              : [['', `from ${variant.documentation.source}`] satisfies [string, string]]),
          ])
          return `${proxy.name}\n${twoColumns(rows, 2)}`
        })
        .join('\n\n')
    case 'gateways':
      return gateways
        .map((gateway) => {
          const choices = 'profiles' in gateway ? gateway.profiles : gateway.versions
          const names = gatewayWords(gateway)
            .slice(1)
            .map((name, index) => {
              const caveat = gateway.caveats?.[choices[index] ?? '']
              return caveat === undefined ? name : `${name} (${caveat})`
            })
          return [
            `${gateway.name}${gateway.byDefault ? '  (by default)' : ''}`,
            wrapped(gateway.title, 2),
            wrapped(names.join(', '), 2),
          ].join('\n')
        })
        .join('\n\n')
    case 'scenarios':
      return twoColumns(
        catalogue.scenarios.map(({ id, title, cases }) => [
          id,
          `${title} (${cases === 1 ? '1 case' : `${cases} cases`})`,
        ]),
      )
    case 'cases':
      return catalogue.scenarios
        .map((scenario) => {
          const rows = catalogue.cases
            .filter((one) => one.source.file === scenario.file)
            .map((one): [string, string] => [
              one.id.slice(scenario.id.length + 1),
              `${one.title} [${one.level}, ${one.over.join(' + ')}]`,
            ])
          return `${scenario.id}\n${twoColumns(rows, 2)}`
        })
        .join('\n\n')
    case 'mutants':
      return twoColumns(
        mutants.map(({ name, mistake }) => {
          const count = caughtBy(catalogue, name).length
          return [name, `${mistake} (${count === 1 ? '1 case' : `${count} cases`})`]
        }),
      )
  }
}

/** For programs: the same, as JSON. Cases and proxies as they are loaded, without what only the harness needs. */
export function listJson(kind: ListKind, { catalogue, gateways, mutants }: Listed): unknown {
  switch (kind) {
    case 'proxies':
      return catalogue.proxies.map(
        ({ name, title, homepage, licence, version, versions, embedded, only, variants, canaries }) => {
          return {
            name,
            title,
            homepage,
            licence,
            version,
            versions,
            embedded,
            ...(only && { only }),
            variants: variants.map((variant) => variant.name),
            // What a run without --variant takes.
            ordinary: variants.filter(({ only }) => only === undefined).map((variant) => variant.name),
            canaries,
          }
        },
      )
    case 'variants':
      return catalogue.proxies.flatMap((proxy) =>
        proxy.variants.map(
          ({ name, title, identity, requiredHeaders, host, features, documentation, topology, only }) => {
            const configuration = { identity, requiredHeaders, host, features, documentation, topology }
            return { proxy: proxy.name, name, title, ...configuration, ...(only && { only }) }
          },
        ),
      )
    case 'gateways':
      return gateways.map(({ features, ...gateway }) => {
        const choices = 'profiles' in gateway ? gateway.profiles : gateway.versions
        return { ...gateway, features: Object.fromEntries(choices.map((one) => [one, features(one, ordinarySeat)])) }
      })
    case 'scenarios':
      return catalogue.scenarios
    case 'cases':
      return catalogue.cases
    case 'mutants':
      return mutants.map((mutant) => ({ ...mutant, cases: caughtBy(catalogue, mutant.name) }))
  }
}

function caughtBy(catalogue: Catalogue, mutant: string): string[] {
  return catalogue.cases.filter((one) => one.caughtBy.includes(mutant)).map((one) => one.id)
}
