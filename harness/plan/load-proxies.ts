/** Reads `proxies/<proxy>/proxy.yaml` and whatever other folder an operator names. */
import { join, relative, resolve } from 'node:path'
import { checkKnownFailures, checkProxy } from './check-proxy.ts'
import { readFeatures } from './features.ts'
import { knownFailuresSchema } from './known-failures-schema.ts'
import { projectEntries } from './project-entries.ts'
import type { KnownFailure, Proxy as Product } from './proxy.ts'
import { type ProxyFile, proxySchema } from './proxy-schema.ts'
import { type CompleteProxy, type Recipe, readRecipes, withRecipes } from './recipes.ts'
import { refuseOn } from './refuse-on.ts'
import { variantsAt } from './services.ts'
import { UserError } from './user-error.ts'
import { exists } from './yaml/folder-contents.ts'
import type { Place, Problem } from './yaml/problem.ts'
import { readYaml, type YamlFile } from './yaml/yaml-file.ts'

/** A proxy with its file, so that its variants can be had for another version. */
export type LoadedProxy = Product & {
  readonly written: CompleteProxy
  /** Where it is written. */
  readonly file: string
  /** The place of each known failure's `cases`, in the order of `knownFailures`. */
  readonly knownFailurePlaces: readonly Place[]
  /** The same for `canaries`. */
  readonly canaryPlaces: readonly Place[]
}

/** An operator's deployment that was read from something else than a proxy.yaml, in the form of one. */
export type Deployment = {
  readonly yaml: YamlFile<ProxyFile>
  /** The folder of the file. Paths are relative to a folder in it that has the name of the variant, and need not exist. */
  readonly folder: string
}

/** What an operator brings: a folder with a proxy.yaml, or a deployment that has been read already. */
export type OwnProxy = string | Deployment

/**
 * The proxies of the project, then those in `folders` (an operator's own; relative to the working folder). Of two with the same name the operator's wins.
 * @throws UserError with every mistake of every file, as `file:line:column: …`
 */
export async function loadProxies(root: string, folders: readonly OwnProxy[] = []): Promise<LoadedProxy[]> {
  const problems: Problem[] = []
  const features = Object.keys(await readFeatures(root, problems))
  const loaded = await readProxies(root, folders, features, problems)
  refuseOn(problems)
  return loaded
}

/** The same, with mistakes going to `problems`; proxies that have some are left out. */
export async function readProxies(
  root: string,
  folders: readonly OwnProxy[],
  features: Iterable<string> | undefined,
  problems: Problem[],
): Promise<LoadedProxy[]> {
  const own = await Promise.all(folders.map((one) => (typeof one === 'string' ? operatorFolder(one) : one)))
  const all: OwnProxy[] = [...(await projectFolders(root)), ...own]
  const recipes = await readRecipes(root, problems)
  const read = await Promise.all(
    [...new Set(all)].map(async (one) => {
      if (typeof one !== 'string') return await loaded(root, one, features, recipes, problems)
      const yaml = await readYaml(join(one, 'proxy.yaml'), proxySchema, problems, one)
      return yaml === undefined ? [] : await loaded(root, { yaml, folder: one }, features, recipes, problems)
    }),
  )
  return [...new Map(read.flat().map((proxy) => [proxy.name, proxy])).values()]
}

async function projectFolders(root: string): Promise<string[]> {
  const parent = join(root, 'proxies')
  const entries = await projectEntries(parent)
  const folders = entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'programs')
    .map((entry) => join(parent, entry.name))
  return folders.toSorted()
}

async function operatorFolder(folder: string): Promise<string> {
  const path = resolve(folder)
  if (await exists(join(path, 'proxy.yaml'))) return path
  throw new UserError(
    `--proxy ${folder}: expected a folder with a proxy.yaml, ${join(path, 'proxy.yaml')} does not exist.`,
  )
}

async function loaded(
  root: string,
  { yaml, folder }: Deployment,
  features: Iterable<string> | undefined,
  recipes: readonly Recipe[],
  problems: Problem[],
): Promise<LoadedProxy[]> {
  const mistakes: Problem[] = []
  const content = withRecipes(yaml, recipes, mistakes)
  const folders = { folder, programs: join(root, 'proxies', 'programs') }
  mistakes.push(...(await checkProxy({ ...yaml, content }, folders, features)))
  const { knownFailures, places } = await readKnownFailures(root, folder, content, mistakes)
  problems.push(...mistakes)
  if (mistakes.length > 0) return []
  const file = shown(root, yaml.file)
  const canaries = (content.canaries ?? []).map((canary, index) => ({
    ...canary,
    source: { file, line: yaml.place(['canaries', index]).line },
  }))
  return [
    {
      name: content.name,
      title: content.title,
      homepage: content.homepage,
      licence: content.licence,
      folder,
      version: content.version,
      versions: [content.version, ...(content.versions ?? [])],
      variants: variantsAt(content, folder, content.version, yaml.file),
      knownFailures,
      canaries,
      embedded: content.embedded === true,
      ...(content.only && { only: content.only }),
      written: content,
      file: yaml.file,
      knownFailurePlaces: places,
      canaryPlaces: canaries.map((_, index) => yaml.place(['canaries', index, 'cases'])),
    },
  ]
}

async function readKnownFailures(
  root: string,
  folder: string,
  proxy: CompleteProxy,
  problems: Problem[],
): Promise<{ knownFailures: KnownFailure[]; places: Place[] }> {
  const file = join(folder, 'known-failures.yaml')
  const none = { knownFailures: [], places: [] }
  if (!(await exists(file))) return none
  const yaml = await readYaml(file, knownFailuresSchema, problems, folder)
  if (yaml === undefined) return none
  problems.push(...checkKnownFailures(yaml, proxy))
  return {
    knownFailures: yaml.content.map((entry, index) => ({
      ...entry,
      source: { file: shown(root, file), line: yaml.place([index]).line },
    })),
    places: yaml.content.map((_, index) => yaml.place([index, 'cases'])),
  }
}

/** As seen from the project, where it is the project's. */
function shown(root: string, file: string): string {
  const inside = relative(root, file)
  return inside.startsWith('..') ? file : inside
}
