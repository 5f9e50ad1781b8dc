/** Everything that people wrote, read at once: scenarios and proxies, with all mistakes of all files in one answer. */
import type { Case } from './case.ts'
import { checkCases } from './check-cases.ts'
import { type Features, readFeatures } from './features.ts'
import { type LoadedProxy, type OwnProxy, readProxies } from './load-proxies.ts'
import { readScenarios, type Scenario } from './load-scenarios.ts'
import { refuseOn } from './refuse-on.ts'
import { caseMatcher } from './select.ts'
import { didYouMean, oneOf } from './yaml/near-misses.ts'
import type { Place, Problem } from './yaml/problem.ts'

export type Catalogue = {
  readonly scenarios: readonly Scenario[]
  readonly cases: readonly Case[]
  readonly proxies: readonly LoadedProxy[]
  readonly features: Features
}

type CatalogueOptions = {
  /** The project's folder, the one with `scenarios` and `proxies`. */
  readonly root: string
  /** An operator's own: folders with a proxy.yaml, or deployments that have been read. */
  readonly folders?: readonly OwnProxy[]
  /** Names that `caught-by` may use; absent: not checked. */
  readonly mutants?: Iterable<string>
  /** Mutants that do not prove a case alone, see `check-cases.ts`. */
  readonly totalMutants?: Iterable<string>
}

/** @throws UserError with every mistake of every file, as `file:line:column: …` */
export async function loadCatalogue({
  root,
  folders = [],
  mutants,
  totalMutants,
}: CatalogueOptions): Promise<Catalogue> {
  const problems: Problem[] = []
  const features = await readFeatures(root, problems)
  const names = Object.keys(features)
  const [loaded, proxies] = await Promise.all([
    readScenarios(root, problems),
    readProxies(root, folders, names, problems),
  ])
  problems.push(
    ...(await checkCases(
      loaded.cases,
      { features: names, ...(mutants && { mutants }), ...(totalMutants && { totalMutants }) },
      loaded.broken,
    )),
  )
  const cases = loaded.cases.map((one) => one.case)
  if (loaded.broken.length === 0) problems.push(...deadKnownFailures(proxies, cases), ...deadCanaries(proxies, cases))
  refuseOn(problems)
  return { scenarios: loaded.scenarios, cases, proxies, features }
}

/** A known failure that names no case would never be found out of date. */
function deadKnownFailures(proxies: readonly LoadedProxy[], cases: readonly Case[]): Problem[] {
  return proxies.flatMap(({ knownFailures, knownFailurePlaces }) =>
    knownFailures.flatMap((entry, index) => unmatched(entry.cases, cases, knownFailurePlaces[index])),
  )
}

/** A canary whose cases do not exist, or not over its transports, could neither fail nor pass. */
function deadCanaries(proxies: readonly LoadedProxy[], cases: readonly Case[]): Problem[] {
  return proxies.flatMap(({ canaries, canaryPlaces }) =>
    canaries.flatMap(({ cases: globs, transports }, index) => {
      const over = transports && cases.filter((one) => one.over.some((transport) => transports.includes(transport)))
      const words = over === undefined ? '' : ` over ${oneOf(transports ?? [])}`
      const nowhere = unmatched(globs, cases, canaryPlaces[index])
      const mute = over === undefined ? [] : unmatched(globs, over, canaryPlaces[index], words)
      return nowhere.length > 0 ? nowhere : [...mute, ...withoutControl(globs, cases, canaryPlaces[index])]
    }),
  )
}

/** Behind a broken path every case that demands an arrival fails. */
function withoutControl(globs: readonly string[], cases: readonly Case[], place: Place | undefined): Problem[] {
  if (place === undefined) return []
  return cases
    .filter(({ id, controls }) => controls.length === 0 && globs.some((glob) => caseMatcher(glob)(id)))
    .map(({ id }) => ({
      ...place,
      message: `expected cases with a control, ${id} has none: it fails behind a broken path too`,
    }))
}

function unmatched(globs: readonly string[], cases: readonly Case[], place: Place | undefined, words = ''): Problem[] {
  if (place === undefined) return []
  const ids = cases.map((one) => one.id)
  return globs
    .filter((glob) => !ids.some(caseMatcher(glob)))
    .map((glob) => ({
      ...place,
      message: `expected an id or glob of some case${words}, "${glob}" matches none${didYouMean(glob, ids)}`,
    }))
}
