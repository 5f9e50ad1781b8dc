/** The paths of an environment that cases visit beside the usual ones: those that the variant lists, and those that its configuration names. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Service, Variant } from '../../plan/proxy.ts'
import { type PathRule, pathRules } from './path-rules.ts'
import { samplePaths } from './sample-paths.ts'

export type ConfiguredPath = {
  /** What requests ask for. */
  readonly path: string
  /** `variant`: it is listed there and leads to the gateway. `configuration`: it may lead elsewhere. */
  readonly namedBy: 'variant' | 'configuration'
  /** Needs no log-in on purpose. */
  readonly exempt: boolean
}

export type ConfiguredPaths = {
  readonly paths: readonly ConfiguredPath[]
  /** What the configuration names and no request can be sent to, with why: `location ~ \.php$ (…)`. */
  readonly unvisited: readonly string[]
}

type Asked = Pick<Variant, 'folder' | 'services' | 'features' | 'gateway' | 'login' | 'paths' | 'exempt'>

/** So many that the configuration names are visited; what a variant lists comes on top. */
const most = 30
const largest = 1 << 20
const mostFiles = 200

/** Never rejects. */
export async function configuredPaths(variant: Asked): Promise<ConfiguredPaths> {
  const unvisited: string[] = []
  const files = [...new Set(variant.services.flatMap(({ files: written }) => Object.keys(written)))]
  const texts = await Promise.all(files.map((file) => textsIn(resolve(variant.folder, file), file, unvisited)))
  const settings = variant.services.map(settingsOf)
  const rules = pathRules([...texts.flat(), ...settings, labelled(variant.gateway.labels)].join('\n'))
  const read = visits(rules, variant, unvisited)
  const exempt = exemptPaths(variant)
  const listed = [...(variant.paths ?? []), ...(variant.exempt ?? [])]
  const kept = read.filter((path) => !listed.includes(path))
  if (kept.length > most) unvisited.push(`${kept.slice(most).join(', ')} (more than ${most} paths)`)
  const of = (path: string, namedBy: ConfiguredPath['namedBy']): ConfiguredPath => ({
    path,
    namedBy,
    exempt: exempt.some((one) => path === one || path.startsWith(one.endsWith('/') ? one : `${one}/`)),
  })
  return {
    paths: [
      ...[...new Set(listed)].map((path) => of(path, 'variant')),
      ...kept.slice(0, most).map((path) => of(path, 'configuration')),
    ],
    unvisited,
  }
}

/** `public-route` declares `/public`. A route that was only seen is declared by nobody. */
function exemptPaths({ exempt = [], features }: Asked): readonly string[] {
  return features.includes('public-route') ? [...exempt, '/public'] : exempt
}

/** Whoever asks for one of these may have no session afterwards, and all other cases need it. */
const endsSession = /(log|sign)[-_]?(out|off)|end[-_]?session/i

function visits(rules: readonly PathRule[], { login }: Asked, unvisited: string[]): string[] {
  const paths = rules.flatMap((rule) => {
    const samples = samplePaths(rule)
    if (samples.length === 0) unvisited.push(`${rule.written} (no path is known that it matches)`)
    const ends = samples.filter((path) => endsSession.test(path) || path === login.logOut)
    if (ends.length > 0) unvisited.push(`${rule.written} (a request to it may end the session)`)
    return samples.filter((path) => !ends.includes(path))
  })
  return [...new Set(paths)]
}

/** The text of a file, or of all files below a folder. */
async function textsIn(path: string, shown: string, unvisited: string[]): Promise<string[]> {
  try {
    const about = await stat(path)
    if (about.isFile()) {
      if (about.size <= largest) return [await readFile(path, 'utf8')]
      unvisited.push(`${shown} (larger than 1 MiB, not read)`)
      return []
    }
    if (!about.isDirectory()) return []
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    // Links are left alone: they may lead out of the folder.
    const files = entries.filter((entry) => entry.isFile())
    if (files.length > mostFiles) unvisited.push(`${shown} (more than ${mostFiles} files, the others were not read)`)
    const texts = files
      .slice(0, mostFiles)
      .map((entry) => textsIn(join(entry.parentPath, entry.name), join(shown, entry.name), unvisited))
    return (await Promise.all(texts)).flat()
  } catch {
    unvisited.push(`${shown} (could not be read)`)
    return []
  }
}

/** Arguments, environment variables and labels, written as the configuration files are. */
function settingsOf({ command, env, labels }: Service): string {
  return [...command, ...Object.entries(env).map(([key, value]) => `${key}=${value}`), labelled(labels)].join('\n')
}

/** `caddy.handle: /x*` → `handle /x*` */
function labelled(labels: Readonly<Record<string, string>> = {}): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key.split('.').at(-1)} ${value}`)
    .join('\n')
}
