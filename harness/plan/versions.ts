/** Versions of a proxy: in order, chosen by words of the command line, and an environment for each. */
import picomatch from 'picomatch'
import type { Case, Transport } from './case.ts'
import { environmentOf, type PlannedCell, type PlannedEnvironment, type PlanSources, transportOf } from './expand.ts'
import type { LoadedProxy } from './load-proxies.ts'
import { type PlannedGateway, type Selection, selectGateways, selectVariants, unknown } from './select.ts'
import { variantsAt } from './services.ts'
import { UserError } from './user-error.ts'

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
    if (named.length === 0) throw unknown('version', word, ordered)
    return named
  })
  if (chosen.length === 0)
    throw new UserError(`--versions ${asked.join(',')} names no version: write the older one first.`)
  return ordered.filter((version) => chosen.includes(version))
}

/** @throws UserError where it is not one of `ordered` */
export function placeOf(version: string, ordered: readonly string[]): number {
  const at = ordered.indexOf(version)
  if (at === -1) throw unknown('version', version, ordered)
  return at
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

/** The line at one version. On another version than the listed ones a known failure may be the very finding that is looked for. */
export function atVersion(
  { proxy, variant: name, gateway }: Line,
  version: string,
  gateways: PlanSources['gateways'],
  cells: readonly PlannedCell[],
): PlannedEnvironment {
  const variants = variantsAt(proxy.written, proxy.folder, version, proxy.file, proxy.gateways)
  const variant = variants.find((one) => one.name === name)
  if (variant === undefined) throw new UserError(`${proxy.name} has no variant ${name}.`)
  return { ...environmentOf({ proxy, version, variant }, gateway, gateways, cells), knownFailures: [] }
}

type CellPlace = { readonly case: string; readonly transport: Transport }

/** With its controls, one of which must pass as well: behind a broken path every positive case fails. */
export type DecidingCell = CellPlace & { readonly controls: readonly CellPlace[] }

/** Of these cells the selected ones, which decide what a version shows. */
export function decidingCells(cells: readonly PlannedCell[], cases: readonly Case[]): DecidingCell[] {
  return cells
    .filter(({ included }) => included === 'selected')
    .map(({ case: asked, transport }) => ({
      case: asked.id,
      transport,
      controls: cases
        .filter(({ id }) => asked.controls.includes(id))
        .map((control) => ({ case: control.id, transport: transportOf(control, transport) })),
    }))
}
