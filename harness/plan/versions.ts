/** Versions of a proxy: in order, chosen by words of the command line, and an environment for each. */
import picomatch from 'picomatch'
import { environmentOf, expandCells, type PlannedEnvironment, type PlanSources } from './expand.ts'
import type { LoadedProxy } from './load-proxies.ts'
import { type PlannedGateway, type Selection, selectCases, selectGateways, selectVariants } from './select.ts'
import { variantsAt } from './services.ts'
import { UserError } from './user-error.ts'
import { nearMisses, oneOf } from './yaml/near-misses.ts'

/** Oldest first; numbers are compared as numbers. */
export function inOrder(versions: readonly string[]): string[] {
  return versions.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }))
}

/**
 * @param asked `all`, versions, globs (`3.7.*`) and ranges (`3.6.0..3.7.5`, both ends included), separated by commas
 * @returns the versions that are meant, oldest first. @throws UserError for a word that means none
 */
export function chosenVersions(asked: readonly string[], known: readonly string[]): string[] {
  const ordered = inOrder(known)
  const chosen = asked.flatMap((word) => {
    if (word === 'all') return ordered
    const [from, to, ...more] = word.split('..')
    if (from !== undefined && to !== undefined && more.length === 0)
      return ordered.slice(placeOf(from, ordered), placeOf(to, ordered) + 1)
    const named = ordered.filter((version) => version === word || picomatch.isMatch(version, word))
    if (named.length === 0) throw unknown(word, ordered)
    return named
  })
  if (chosen.length === 0)
    throw new UserError(`--versions ${asked.join(',')} names no version: write the older one first.`)
  return ordered.filter((version) => chosen.includes(version))
}

/** @throws UserError where it is not one of `ordered` */
export function placeOf(version: string, ordered: readonly string[]): number {
  const at = ordered.indexOf(version)
  if (at === -1) throw unknown(version, ordered)
  return at
}

function unknown(word: string, ordered: readonly string[]): UserError {
  const near = nearMisses(word, ordered)
  return new UserError(
    `Unknown version "${word}". ${near.length > 0 ? `Did you mean ${oneOf(near)}?` : `Known: ${ordered.join(', ')}.`}`,
  )
}

/** One variant in front of one gateway, at any version. */
type Line = {
  readonly proxy: LoadedProxy
  readonly variant: string
  readonly gateway: PlannedGateway
}

/** The lines that a selection means. @throws UserError when a name of it is unknown */
export function selectLines({ proxies, gateways }: PlanSources, selection: Selection): Line[] {
  const behind = selectGateways(gateways, selection)
  return selectVariants(proxies, selection).flatMap(({ proxy, variant }) =>
    behind.map((gateway) => ({ proxy, variant: variant.name, gateway })),
  )
}

/** The line at one version, with the selected cases. Known failures are of the versions that are listed, and say nothing of others. */
export function lineAt(
  { proxy, variant: name, gateway }: Line,
  version: string,
  { gateways, cases }: PlanSources,
  selection: Pick<Selection, 'case' | 'level' | 'transport'>,
): PlannedEnvironment {
  const variant = variantsAt(proxy.written, proxy.folder, version, proxy.file).find((one) => one.name === name)
  if (variant === undefined) throw new UserError(`${proxy.name} has no variant ${name}.`)
  const cells = expandCells(cases, selectCases(cases, selection), selection.transport)
  return { ...environmentOf({ proxy, version, variant }, gateway, gateways, cells), knownFailures: [] }
}
