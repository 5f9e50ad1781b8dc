/** Recipes of known programs (`proxies/programs/NAME/recipe.yaml`), and services that use one completed by it. */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BuildFile, ProxyFile, ServiceOverride } from './proxy-schema.ts'
import { type RecipeFile, recipeSchema, type ServiceFile } from './service-schema.ts'
import { didYouMean } from './yaml/near-misses.ts'
import type { Problem } from './yaml/problem.ts'
import { readYaml, type YamlFile } from './yaml/yaml-file.ts'

export type Recipe = RecipeFile & { readonly name: string }

/** A service with everything that it needs to start. */
export type CompleteService = ServiceOverride & Required<Pick<ServiceOverride, 'title' | 'ready'>>

/** A proxy file in which every recipe has been filled in. */
export type CompleteProxy = Omit<ProxyFile, 'services'> & {
  readonly services: Readonly<Record<string, CompleteService>>
  /** Versions of the proxy that the recipes of its services have: those of the services whose version is the proxy's. */
  readonly served: readonly string[]
}

/** All recipes of the project, by name; paths of Go modules are absolute. */
export async function readRecipes(root: string, problems: Problem[]): Promise<Recipe[]> {
  const parent = join(root, 'proxies', 'programs')
  const names = (await readdir(parent).catch((): string[] => [])).toSorted()
  const read = await Promise.all(
    names.map(async (name): Promise<Recipe[]> => {
      const folder = join(parent, name)
      const file = join(folder, 'recipe.yaml')
      if (!(await stat(file).catch(() => undefined))) return []
      const yaml = await readYaml(file, recipeSchema, problems)
      if (yaml === undefined) return []
      const { build, with: further, ...rest } = yaml.content
      return [
        {
          ...rest,
          name,
          build: 'harness' in build ? build : withModule(build, folder),
          ...(further && { with: further.map((one) => withModule(one, folder)) }),
        },
      ]
    }),
  )
  return read.flat()
}

function withModule(build: BuildFile, folder: string): BuildFile {
  return 'go' in build ? { go: { ...build.go, module: resolve(folder, build.go.module) } } : build
}

/** Whether a recipe has this version. */
export function hasVersion({ versions }: Pick<Recipe, 'versions'>, version: string): boolean {
  return versions.some((one) => (one.endsWith('*') ? version.startsWith(one.slice(0, -1)) : one === version))
}

/** The version of a service without a word about it. */
export const defaultVersion = ({ versions }: Pick<Recipe, 'versions'>) => versions[0]?.replace(/\.?\*$/, '') ?? ''

/** Fills in what services leave to their recipes; what is still missing then goes to `problems`. */
export function withRecipes(yaml: YamlFile<ProxyFile>, recipes: readonly Recipe[], problems: Problem[]): CompleteProxy {
  const { content } = yaml
  const services: Record<string, CompleteService> = {}
  for (const [name, written] of Object.entries(content.services ?? {})) {
    const report = (path: readonly string[], message: string) =>
      void problems.push({ ...yaml.place(['services', name, ...path]), message })
    const full = completed(written, content, recipes, report)
    const { title, ready } = full
    const missing = [
      ...(title === undefined ? ['"title" is missing', 'text'] : []),
      ...(ready === undefined ? ['"ready" is missing', 'a mapping'] : []),
    ]
    for (let at = 0; at < missing.length; at += 2)
      report([], `${missing[at]} in services.${name}: expected ${missing[at + 1]}`)
    if (full.command === undefined && (full.pull === undefined || full.build !== undefined))
      report([], `"command" is missing in services.${name}: expected a list`)
    services[name] = { ...full, title: title ?? name, ready: ready ?? { port: 443 } }
  }
  return { ...content, services, served: servedBy(content, recipes) }
}

/** Without globs, which name no version that could be asked for. */
function servedBy({ services = {}, version, versions = [] }: ProxyFile, recipes: readonly Recipe[]): readonly string[] {
  const [first, ...others] = Object.values(services).flatMap(({ build, version: own }) =>
    build !== undefined && 'recipe' in build && own === '{version}'
      ? recipes.filter(({ name }) => name === build.recipe)
      : [],
  )
  const common = (first?.versions ?? []).filter(
    (one) => !one.endsWith('*') && others.every((other) => hasVersion(other, one)),
  )
  return [...new Set([version, ...versions, ...common])]
}

function completed(
  written: ServiceFile,
  { version, versions = [] }: ProxyFile,
  recipes: readonly Recipe[],
  report: (path: readonly string[], message: string) => void,
): ServiceOverride {
  const { build, ...rest } = written
  if (build === undefined) return rest
  if (!('recipe' in build)) return { ...rest, build }
  const recipe = recipes.find(({ name }) => name === build.recipe)
  if (recipe === undefined) {
    const known = recipes.map(({ name }) => name)
    report(
      ['build', 'recipe'],
      `expected a known program, found "${build.recipe}"${didYouMean(build.recipe, known) || `; known: ${known.join(', ')}`}`,
    )
    return { title: build.recipe, pull: build.recipe, ready: { port: 443 }, ...rest }
  }
  const wanted = written.version ?? defaultVersion(recipe)
  for (const asked of [version, ...versions].map((one) => wanted.replaceAll('{version}', one)))
    if (!hasVersion(recipe, asked))
      report(
        written.version === undefined ? ['build', 'recipe'] : ['version'],
        `expected a version that the recipe ${recipe.name} has (${recipe.versions.join(', ')}), found "${asked}"; an image of another version needs pull and command, and no build`,
      )
  const {
    name: _name,
    images: _images,
    versions: _versions,
    measured: _cost,
    program,
    arguments: usual,
    ...known
  } = recipe
  return {
    command: [...program, ...(written.arguments ?? usual ?? [])],
    ...known,
    ...rest,
    version: wanted,
    env: { ...recipe.env, ...written.env },
    build: recipe.build,
  }
}
