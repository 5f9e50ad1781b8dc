/** One service of a compose file, in one form whichever of the allowed forms it was written in (Compose specification, "services"). */
import { isAbsolute, join, resolve } from 'node:path'
import type { Problem } from '../../plan/yaml/problem.ts'
import { liesIn } from '../lies-in.ts'
import { readText } from '../read-text.ts'
import { asMap, type Path } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import { parseEnvFile } from './env-file.ts'
import { words } from './words.ts'

export type ComposeVolume = {
  /** Absolute path on the machine of a bind mount; absent for a named volume or memory. */
  readonly source?: string
  readonly target: string
  readonly readOnly: boolean
  readonly path: Path
}

export type ComposeService = {
  readonly name: string
  readonly path: Path
  readonly image: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Names of variables that came from an env_file. */
  readonly fromFiles: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly { readonly published: number | undefined; readonly target: number }[]
  readonly exposed: readonly number[]
  readonly volumes: readonly ComposeVolume[]
  readonly tmpfs: readonly string[]
  /** Names that lead to it: its own, container_name, hostname, aliases on networks. */
  readonly names: readonly string[]
  readonly networks: readonly string[]
  readonly after: readonly string[]
  /** Everything as it was written, for what is refused. */
  readonly written: Readonly<Record<string, unknown>>
}

type Report = (path: Path, message: string) => void

/** All services that no profile leaves out. Mistakes go to `problems`. */
export async function readServices(
  document: ComposeDocument,
  profiles: readonly string[],
  problems: Problem[],
): Promise<ComposeService[]> {
  const report: Report = (path, message) => void problems.push({ ...document.place(path), message })
  if (document.root.include !== undefined)
    report(['include'], 'include is not read: run "docker compose config > resolved.yml" and name that file')
  const services = asMap(document.root.services)
  if (services === undefined) {
    report([], 'expected services: a mapping of containers')
    return []
  }
  const read = await Promise.all(
    Object.entries(services).map(async ([name, node]) => {
      const path = ['services', name]
      const written = asMap(node)
      if (written === undefined) return void report(path, `expected a mapping, the service ${name} is none`)
      const wanted = texts(written.profiles, [...path, 'profiles'], report)
      if (wanted.length > 0 && !wanted.some((one) => profiles.includes(one))) return undefined
      return await serviceOf(name, written, document, report)
    }),
  )
  return read.filter((one) => one !== undefined)
}

async function serviceOf(
  name: string,
  written: Readonly<Record<string, unknown>>,
  document: ComposeDocument,
  report: Report,
): Promise<ComposeService> {
  const path: Path = ['services', name]
  const at = (key: string) => [...path, key]
  if (written.extends !== undefined)
    report(at('extends'), 'extends is not read: run "docker compose config > resolved.yml" and name that file')
  const networks =
    asMap(written.networks) ??
    Object.fromEntries(texts(written.networks, at('networks'), report).map((one) => [one, null]))
  const aliases = Object.entries(networks).flatMap(([network, one]) =>
    texts(asMap(one)?.aliases, [...at('networks'), network, 'aliases'], report),
  )
  const { env, fromFiles } = await environmentOf(written, document, path, report)
  const entrypoint = commandOf(written.entrypoint, at('entrypoint'), report)
  const command = commandOf(written.command, at('command'), report)
  return {
    name,
    path,
    image: text(written.image) ?? '',
    ...(entrypoint && { entrypoint }),
    ...(command && { command }),
    env,
    fromFiles,
    labels: pairs(written.labels, at('labels'), report),
    ports: list(written.ports).flatMap((one, index) => portsOf(one, [...at('ports'), index], report)),
    exposed: list(written.expose).map(Number),
    volumes: [
      ...list(written.volumes).flatMap((one, index) => volumeOf(one, [...at('volumes'), index], document, report)),
      ...(['secrets', 'configs'] as const).flatMap((kind) => givenFiles(kind, written[kind], path, document, report)),
    ],
    tmpfs: texts(written.tmpfs, at('tmpfs'), report).map((one) => one.split(':')[0] ?? one),
    names: [...new Set([name, text(written.container_name), text(written.hostname), ...aliases])].filter(
      (one) => one !== undefined,
    ),
    networks: Object.keys(networks).length > 0 ? Object.keys(networks) : ['default'],
    after: asMap(written.depends_on)
      ? Object.keys(asMap(written.depends_on) ?? {})
      : texts(written.depends_on, at('depends_on'), report),
    written,
  }
}

/** `env_file` first, then `environment`, which wins. A variable without a value is taken from `.env` alone. */
async function environmentOf(
  written: Readonly<Record<string, unknown>>,
  document: ComposeDocument,
  path: Path,
  report: Report,
) {
  const lookup = (name: string) => document.variables[name]
  const fromFile: Record<string, string> = {}
  const files = typeof written.env_file === 'string' ? [written.env_file] : list(written.env_file)
  for (const [index, one] of files.entries()) {
    const file = text(one) ?? text(asMap(one)?.path)
    const where = [...path, 'env_file', ...(Array.isArray(written.env_file) ? [index] : [])]
    if (file === undefined) report(where, 'expected the path of an env file')
    else if (
      isAbsolute(file) ||
      !resolve(document.folder, file).startsWith(`${document.folder}/`) ||
      !(await liesIn(join(document.folder, file), document.folder))
    )
      report(where, `expected an env file in the folder of the compose file, found ${file}`)
    else
      try {
        Object.assign(
          fromFile,
          parseEnvFile(await readText(join(document.folder, file), document.place(where)), lookup),
        )
      } catch (error) {
        const absent = error instanceof Error && /ENOENT/.test(error.message)
        if (absent && asMap(one)?.required === false) continue
        report(
          where,
          absent
            ? `the env file ${file} is not there`
            : `${file}: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
  }
  const node = written.environment
  const own = Array.isArray(node)
    ? Object.fromEntries(
        texts(node, [...path, 'environment'], report).map((one): [string, unknown] => {
          const equals = one.indexOf('=')
          return equals < 0 ? [one, null] : [one.slice(0, equals), one.slice(equals + 1)]
        }),
      )
    : (asMap(node) ?? {})
  const env = { ...fromFile }
  for (const [name, value] of Object.entries(own)) {
    const given = value === null || value === undefined ? lookup(name) : String(value)
    if (given !== undefined) env[name] = given
  }
  return { env, fromFiles: Object.keys(fromFile) }
}

const text = (node: unknown) => (typeof node === 'string' && node !== '' ? node : undefined)
const list = (node: unknown): readonly unknown[] => (Array.isArray(node) ? node : [])

function texts(node: unknown, path: Path, report: Report): string[] {
  if (node === undefined || node === null) return []
  if (typeof node === 'string') return [node]
  if (Array.isArray(node)) return node.map(String)
  report(path, 'expected text or a list')
  return []
}

function pairs(node: unknown, path: Path, report: Report): Record<string, string> {
  const map = asMap(node)
  if (map)
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, value === null ? '' : String(value)]))
  return Object.fromEntries(
    texts(node, path, report).map((one) => {
      const equals = one.indexOf('=')
      return equals < 0 ? [one, ''] : [one.slice(0, equals), one.slice(equals + 1)]
    }),
  )
}

function commandOf(node: unknown, path: Path, report: Report): readonly string[] | undefined {
  if (node === undefined || node === null) return undefined
  return typeof node === 'string' ? words(node) : texts(node, path, report)
}

/** `443`, `443:8443`, `127.0.0.1:443:8443/tcp`, or the long form. */
function portsOf(node: unknown, path: Path, report: Report): { published: number | undefined; target: number }[] {
  const map = asMap(node)
  if (map) {
    if (map.protocol === 'udp') return []
    return [{ published: map.published === undefined ? undefined : Number(map.published), target: Number(map.target) }]
  }
  const [, published, target = '', protocol] =
    /^(?:.*?(?:^|:)(\d+(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(String(node)) ?? []
  if (target === '') report(path, `expected a port such as "443:443", found "${String(node)}"`)
  if (protocol === 'udp' || target === '') return []
  // Of a range its ends decide nothing here: nobody publishes 443 in the middle of one.
  return [
    {
      published: published === undefined ? undefined : Number.parseInt(published, 10),
      target: Number.parseInt(target, 10),
    },
  ]
}

function volumeOf(node: unknown, path: Path, { folder }: ComposeDocument, report: Report): ComposeVolume[] {
  const map = asMap(node)
  if (map) {
    const target = text(map.target)
    if (target === undefined) {
      report(path, 'expected target: the place in the container')
      return []
    }
    const source = map.type === 'bind' ? text(map.source) : undefined
    return [{ ...(source && { source: absolute(source, folder) }), target, readOnly: map.read_only === true, path }]
  }
  const [first = '', second, options = ''] = String(node).split(':')
  if (second === undefined) return [{ target: first, readOnly: false, path }]
  const bound = /^[./~]/.test(first)
  return [
    {
      ...(bound && { source: absolute(first, folder) }),
      target: second,
      readOnly: options.split(',').includes('ro'),
      path,
    },
  ]
}

/** Files of the top level's `secrets` and `configs`, as Docker Compose binds them. */
function givenFiles(
  kind: 'secrets' | 'configs',
  node: unknown,
  path: Path,
  { folder, root }: ComposeDocument,
  report: Report,
): ComposeVolume[] {
  return list(node).flatMap((one, index): ComposeVolume[] => {
    const map = asMap(one)
    const name = text(map?.source) ?? text(one)
    const defined = name === undefined ? undefined : asMap(asMap(root[kind])?.[name])
    const file = text(defined?.file)
    const at = [...path, kind, index]
    if (name === undefined || file === undefined) {
      report(
        at,
        `expected one of ${kind} with file: a path in the folder of the compose file; nothing else can be given here`,
      )
      return []
    }
    const wanted = text(map?.target) ?? name
    const target = wanted.startsWith('/') ? wanted : `${kind === 'secrets' ? '/run/secrets' : ''}/${wanted}`
    return [{ source: absolute(file, folder), target, readOnly: true, path: at }]
  })
}

const absolute = (source: string, folder: string) => (source.startsWith('~') ? source : resolve(folder, source))
