/** What runs: names and globs of the command line, compared with what is known. One that matches nothing is the user's mistake. */
import picomatch from 'picomatch'
import type { Case, Level, Transport } from './case.ts'
import type { LoadedProxy } from './load-proxies.ts'
import type { KnownFailure, Variant } from './proxy.ts'
import { variantsAt } from './services.ts'
import { UserError } from './user-error.ts'
import { levels } from './vocabulary.ts'
import { nearMisses, oneOf } from './yaml/near-misses.ts'

/** As the command line gives it; empty lists mean all (gateways: the default ones). */
export type Selection = {
  readonly proxy?: readonly string[]
  readonly variant?: readonly string[]
  /** `NAME`, `NAME@VERSION` or `NAME:PROFILE`. */
  readonly gateway?: readonly string[]
  readonly proxyVersion?: string
  /** Ids, globs, or leading parts of ids (`spoofing`, `spoofing.identity-header`). */
  readonly case?: readonly string[]
  /** The lowest level to run; default info. */
  readonly level?: Level
  /** Default: all. */
  readonly transport?: Transport
  readonly shard?: { readonly index: number; readonly count: number }
}

/** A gateway behind a proxy: a real one has versions, the reference gateway has profiles; the default first. */
export type KnownGateway = {
  readonly name: string
  readonly title: string
  /** Whether it runs when the command line names none. */
  readonly byDefault: boolean
  /** What its version or profile can do as it is configured behind such a variant. */
  readonly features: (choice: string, behind: Seat) => readonly string[]
  /** By profile or version: what a reader of its results must know, in half a sentence. */
  readonly caveats?: Readonly<Record<string, string>>
} & ({ readonly versions: readonly string[] } | { readonly profiles: readonly string[] })

/** What of a variant decides how the gateway behind it is configured. */
export type Seat = Pick<Variant, 'topology' | 'gateway'>
/** Of nearly every variant. */
export const ordinarySeat: Seat = { topology: 'network', gateway: { bind: 'lan', allowUsers: [], without: [] } }

/** One gateway as it runs. */
export type PlannedGateway =
  | { readonly name: string; readonly version: string }
  | { readonly name: string; readonly profile: string }

/** `openclaw@2026.9.6`, `reference:attributed`. */
export function gatewayId(gateway: PlannedGateway): string {
  return 'profile' in gateway ? `${gateway.name}:${gateway.profile}` : `${gateway.name}@${gateway.version}`
}

/** Whether a pattern matches an id: the id itself, a glob, or the leading parts of ids. */
export function caseMatcher(pattern: string): (id: string) => boolean {
  const glob = picomatch(pattern)
  return (id) => id === pattern || id.startsWith(`${pattern}.`) || glob(id)
}

/** Whether a name of the command line or of a file means this gateway: `openclaw` every version of it, `openclaw@2026.8.*` some, `reference` every profile. */
export function namesGateway(pattern: string, id: string): boolean {
  return picomatch.isMatch(id, pattern) || picomatch.isMatch(id.replace(/[:@].*$/, ''), pattern)
}

/** Whether a known failure names this environment; its cases and transports are compared by the judge. */
export function concerns(entry: KnownFailure, variant: string, proxyVersion: string, gateway: PlannedGateway): boolean {
  const id = gatewayId(gateway)
  return (
    entry.variant === variant &&
    (entry.versions === undefined || entry.versions.includes(proxyVersion)) &&
    (entry.gateways === undefined || entry.gateways.some((pattern) => namesGateway(pattern, id)))
  )
}

/** The selected cases, in the order of the catalogue. @throws UserError when a pattern or the limits leave none */
export function selectCases(
  cases: readonly Case[],
  { case: patterns = [], level = 'info', transport }: Selection,
): Case[] {
  const matchers = patterns.map((pattern) => {
    const matches = caseMatcher(pattern)
    if (!cases.some((one) => matches(one.id))) throw unknown('case', pattern, caseWords(cases))
    return matches
  })
  const named = matchers.length === 0 ? cases : cases.filter((one) => matchers.some((matches) => matches(one.id)))
  const chosen = named.filter(
    (one) =>
      levels.indexOf(one.level) <= levels.indexOf(level) && (transport === undefined || one.over.includes(transport)),
  )
  if (chosen.length > 0) return [...chosen]
  const limits = [`level ${level}`, ...(transport === undefined ? [] : [`transport ${transport}`])].join(' and ')
  const near = named.slice(0, 3).map((one) => `${one.id} (${one.level}, ${one.over.join(' + ')})`)
  throw new UserError(
    `No case matches ${limits}.${near.length === 0 ? '' : ` Without these limits: ${near.join('; ')}.`}`,
  )
}

const caseWords = (cases: readonly Case[]) =>
  cases.flatMap(({ id }) => {
    const parts = id.split('.')
    return [id, parts.slice(0, 2).join('.'), ...parts.slice(0, 1)]
  })

export type SelectedVariant = { readonly proxy: LoadedProxy; readonly version: string; readonly variant: Variant }

/** The selected variants at the selected version; those with `only` where they are named. @throws UserError for unknown names and versions */
export function selectVariants(proxies: readonly LoadedProxy[], selection: Selection): SelectedVariant[] {
  const chosen = selectProxies(proxies, selection)
  const names = chosen.flatMap((proxy) => proxy.variants.map((variant) => variant.name))
  const wanted = selection.variant ?? []
  for (const name of wanted)
    if (!names.includes(name)) throw unknown('variant', name, names, `of ${oneOf(chosen.map((proxy) => proxy.name))}`)
  const selected = chosen.flatMap((proxy) => {
    const version = selection.proxyVersion ?? proxy.version
    const variants =
      version === proxy.version
        ? proxy.variants
        : variantsAt(proxy.written, proxy.folder, version, proxy.file, proxy.gateways)
    return variants
      .filter(({ name, only }) => (wanted.length === 0 ? only === undefined : wanted.includes(name)))
      .map((variant): SelectedVariant => ({ proxy, version, variant }))
  })
  if (selected.length > 0) return selected
  if (wanted.length === 0)
    throw new UserError(
      `The selection is empty: ${oneOf(chosen.map((proxy) => proxy.name))} has only variants that must be named. Name one: --variant ${oneOf([...new Set(names)])}.`,
    )
  throw new UserError(
    `The selection is empty: ${oneOf(chosen.map((proxy) => proxy.name))} has no variant ${oneOf(wanted)} at version ${selection.proxyVersion}.`,
  )
}

function selectProxies(
  proxies: readonly LoadedProxy[],
  { proxy: wanted = [], proxyVersion }: Selection,
): LoadedProxy[] {
  const known = proxies.map((proxy) => proxy.name)
  for (const name of wanted) if (!known.includes(name)) throw unknown('proxy', name, known)
  const named = proxies.filter((proxy) =>
    wanted.length === 0 ? proxy.only === undefined : wanted.includes(proxy.name),
  )
  if (proxyVersion === undefined) return named
  const having = named.filter((proxy) => proxy.versions.includes(proxyVersion))
  const lacking = wanted.length === 0 ? undefined : named.find((proxy) => !having.includes(proxy))
  if (having.length > 0 && lacking === undefined) return having
  if (lacking !== undefined && having.length > 0)
    throw unknown('proxy version', proxyVersion, lacking.versions, `of ${lacking.name}`)
  throw unknown(
    'proxy version',
    proxyVersion,
    named.flatMap((proxy) => proxy.versions),
    `of ${oneOf(named.map((proxy) => proxy.name))}`,
  )
}

/** The selected gateways. @throws UserError for unknown names, versions and profiles */
export function selectGateways(
  gateways: readonly KnownGateway[],
  { gateway: wanted = [] }: Selection,
): PlannedGateway[] {
  if (wanted.length === 0)
    return gateways.filter((gateway) => gateway.byDefault).map((gateway) => planned(gateway, undefined, gateway.name))
  const chosen = wanted.map((name) => {
    const [, plain = name, mark, rest] = /^([^@:]+)(?:([@:])(.+))?$/.exec(name) ?? []
    const gateway = gateways.find((known) => known.name === plain)
    if (gateway === undefined) throw unknown('gateway', name, gateways.flatMap(gatewayWords))
    if (mark !== undefined && (mark === ':') !== 'profiles' in gateway)
      throw unknown('gateway', name, gatewayWords(gateway))
    return planned(gateway, rest, name)
  })
  return [...new Map(chosen.map((gateway) => [gatewayId(gateway), gateway])).values()]
}

function planned(gateway: KnownGateway, wanted: string | undefined, asked: string): PlannedGateway {
  const known = 'profiles' in gateway ? gateway.profiles : gateway.versions
  const choice = wanted ?? known[0]
  if (choice === undefined || !known.includes(choice)) throw unknown('gateway', asked, gatewayWords(gateway))
  return 'profiles' in gateway ? { name: gateway.name, profile: choice } : { name: gateway.name, version: choice }
}

/** All names of a gateway on the command line. */
export function gatewayWords(gateway: KnownGateway): string[] {
  const exact =
    'profiles' in gateway
      ? gateway.profiles.map((profile) => `${gateway.name}:${profile}`)
      : gateway.versions.map((version) => `${gateway.name}@${version}`)
  return [gateway.name, ...exact]
}

/** For a name that nothing has: near misses, or what there is. */
export function unknown(what: string, word: string, known: readonly string[], where = ''): UserError {
  const near = nearMisses(word, known)
  const names = [...new Set(known)]
  const rest = names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ') || 'none'
  const hint = near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Known: ${rest}.`
  return new UserError(`Unknown ${what} "${word}"${where && ` ${where}`}. ${hint}`)
}
