/** Known programs by the name and tag of their image. */
import { defaultVersion, hasVersion, type Recipe } from '../plan/recipes.ts'

type Image = { readonly repository: string; readonly tag: string }

/** `nginx` is `docker.io/library/nginx`; a digest is no version. */
export function imageOf(reference: string): Image {
  const [plain = ''] = reference.split('@')
  const [, path = '', tag = ''] = /^(.*?)(?::([^/:]+))?$/.exec(plain) ?? []
  const parts = path.split('/')
  const registry = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '')
  const full = registry ? path : parts.length === 1 ? `docker.io/library/${path}` : `docker.io/${path}`
  return { repository: full.replace(/^(index|registry-1)\.docker\.io\//, 'docker.io/'), tag }
}

type KnownProgram = {
  readonly recipe: Recipe
  /** One that the recipe has; absent where the image's version is none of them. */
  readonly version?: string
}

/** Tags that say which base or line of releases, and no version: `nginx:alpine`, `nginx:stable-alpine`. */
const anyVersion = /^(latest|stable|mainline|alpine|slim|perl|otel|bullseye|bookworm|trixie)$/

/** The recipe of an image, with the newest version that its tag allows. */
export function knownProgram(image: Image, recipes: readonly Recipe[]): KnownProgram | undefined {
  const recipe = recipes.find(({ images }) => images.includes(image.repository))
  if (recipe === undefined) return undefined
  const tag = image.tag.replace(/^v(?=\d)/, '')
  const bare = tag.replace(/-.*$/, '')
  if (bare === '' || anyVersion.test(bare)) return { recipe, version: defaultVersion(recipe) }
  const listed = recipe.versions.find((one) => one === bare || one.startsWith(`${bare}.`))
  if (listed !== undefined) return { recipe, version: listed.replace(/\.?\*$/, '') }
  return hasVersion(recipe, tag) ? { recipe, version: tag } : { recipe }
}

/**
 * The version of a recipe that is nearest to an image's, where the recipe has not that one: of the same major release, else the first of the next
 * or the last of the one before. Configurations of others are another language.
 */
export function nearestVersion(tag: string, { versions }: Pick<Recipe, 'versions'>): string | undefined {
  const numbers = (text: string) => text.split('.').map(Number)
  const [, bare] = /^v?(\d+(?:\.\d+)*)/.exec(tag) ?? []
  if (bare === undefined) return undefined
  const wanted = numbers(bare)
  const distances = (version: string) => numbers(version).map((one, at) => Math.abs(one - (wanted[at] ?? 0)))
  const away = (version: string) => {
    const [major = 0, minor = 0, patch = 0] = distances(version)
    const [newer = 0, later = 0, last = 0] = numbers(version)
    if (major === 0) return minor * 1e3 + patch
    return newer > (wanted[0] ?? 0) ? 1e6 + later * 1e3 + last : 1e6 - later * 1e3 - last
  }
  return versions
    .filter((one) => /^\d+(\.\d+)*$/.test(one) && (distances(one)[0] ?? 0) <= 1)
    .toSorted((one, other) => away(one) - away(other))[0]
}
