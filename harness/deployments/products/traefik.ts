/** What Traefik is told: by flags, by its static and dynamic files, and by Docker labels. */
import { resolve } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { yamlScalars } from '../yaml-scalars.ts'
import { type Facts, isIdentity, type Passwords, type Said, type Upstream, upstreamOf } from './facts.ts'
import { changedLines, usersInstead } from './user-lines.ts'

/** Settings in one spelling: `http.routers.claw.rule` → text, with the place. */
export type Settings = readonly {
  readonly key: string
  readonly value: string
  readonly place: Place
  /** As it is written, where it is one. */
  readonly label?: string
}[]

/** Flags of the command line; a flag without a value is true. */
export function settingsOfFlags(args: readonly string[], place: (index: number) => Place): Settings {
  return args.flatMap((arg, index) => {
    const [, key, value] = /^--([\w.[\]-]+)(?:=([\s\S]*))?$/.exec(arg) ?? []
    return key === undefined ? [] : [{ key: key.toLowerCase(), value: value ?? 'true', place: place(index) }]
  })
}

export function settingsOfLabels(labels: Readonly<Record<string, string>>, place: (label: string) => Place): Settings {
  return Object.entries(labels)
    .filter(([label]) => label.toLowerCase().startsWith('traefik.'))
    .map(([label, value]) => ({
      key: label.slice('traefik.'.length).toLowerCase(),
      value,
      place: place(label),
      label,
    }))
}

/** A YAML file, flattened. @throws UserError with the line of what cannot be read */
export function settingsOfYaml(text: string, file: string): Settings {
  const lines = text.split('\n')
  const place = (value: string): Place => {
    const line = lines.findIndex((one) => one.includes(value))
    return { file, line: line + 1 || 1, column: line < 0 ? 1 : (lines[line]?.indexOf(value) ?? 0) + 1 }
  }
  const flat = (node: unknown, key: string): Settings => {
    if (Array.isArray(node)) {
      const plain = node.every((one) => typeof one !== 'object')
      return plain
        ? [{ key, value: node.join(','), place: place(String(node[0] ?? '')) }]
        : node.flatMap((one, index) => flat(one, `${key}[${index}]`))
    }
    if (typeof node === 'object' && node !== null) {
      const inner = Object.entries(node)
      // `tls: {}` switches TLS on.
      return inner.length === 0
        ? [{ key, value: 'true', place: place(key) }]
        : inner.flatMap(([name, value]) => flat(value, key === '' ? name : `${key}.${name}`))
    }
    return [{ key, value: String(node ?? 'true'), place: place(String(node ?? '')) }]
  }
  return flat(parsed(text, file), '').map((one) => ({ ...one, key: one.key.toLowerCase() }))
}

/** @throws UserError for what Traefik reads and this suite does not: what the file says would then count for nothing */
function parsed(text: string, file: string): unknown {
  const template = text.split('\n').findIndex((line) => /\{\{.*\}\}/.test(line.replace(/#.*$/, '')))
  if (template >= 0)
    refuseOn([
      {
        file,
        line: template + 1,
        column: 1,
        message: 'templates ({{ }}) are not filled in: write what this one comes to',
      },
    ])
  if (file.endsWith('.toml'))
    refuseOn([
      { file, line: 1, column: 1, message: 'TOML is not read here: write the same as YAML (Traefik reads both)' },
    ])
  try {
    return parse(text)
  } catch (error) {
    const pos = error instanceof YAMLParseError ? error.linePos?.[0] : undefined
    refuseOn([
      {
        file,
        line: pos?.line ?? 1,
        column: pos?.col ?? 1,
        message: `not valid YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      },
    ])
    return undefined
  }
}

/** A dynamic file of Traefik: its text, for what is to be changed in it. */
export type DynamicFile = { readonly file: string; readonly text: string }

/** @param dynamic the files in which users of basic authentication may stand */
export function traefikFacts(settings: Settings, dynamic: readonly DynamicFile[] = []): Facts {
  const matching = (pattern: RegExp) => settings.filter(({ key }) => pattern.test(key))
  const hosts = matching(/^http\.routers\.[^.]+\.rule$/).flatMap(({ value, place }): Said[] =>
    [...value.matchAll(/Host\(([^)]*)\)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/[`"']([^`"']+)[`"']/g)].flatMap(([, host]) =>
        host === undefined ? [] : [{ value: host, place }],
      ),
    ),
  )
  const [resolver] = matching(/(^|\.)certresolver$|^certificatesresolvers\./)
  const [secure] = settings.filter(
    ({ key, value }) => /\.tls(\.|$)/.test(key) || (/^entrypoints\..*\.address$/.test(key) && /:443\b/.test(value)),
  )
  const own = resolver ?? secure
  const listens = matching(/^entrypoints\.[^.]+\.address$/).map(({ value, key }) => ({
    port: Number(/:(\d+)/.exec(value)?.[1] ?? 80),
    tls: settings.some((one) => one.key.startsWith(key.replace(/address$/, 'http.tls'))) || /:443\b/.test(value),
  }))
  const files = matching(/\.(certfile|keyfile)$/)
  return {
    hosts,
    certificates: Object.fromEntries(
      files.map(({ key, value }) => [value, key.endsWith('certfile') ? ('certificate' as const) : ('key' as const)]),
    ),
    // Without a certificate of its own it shows one that it has made itself.
    ...(files.length === 0 && own && { ownCertificate: { value: resolver ? 'ACME' : 'its own', place: own.place } }),
    listens,
    upstreams: matching(/\.loadbalancer\.servers(\[\d+\])?\.url$/).flatMap(upstreamSaid),
    auth: matching(/\.forwardauth\.address$/).flatMap(upstreamSaid),
    identities: [
      ...matching(/\.forwardauth\.authresponseheaders$/).flatMap(({ value, place }) =>
        value
          .split(',')
          .map((one) => one.trim())
          .filter(isIdentity)
          .map((one) => ({ value: one, place })),
      ),
      // Whatever its name: it carries the user and nothing else.
      ...matching(/\.(basicauth|digestauth)\.headerfield$/),
    ],
    passwords: passwordsOf(settings, dynamic),
    h2: true,
  }
}

function upstreamSaid({ value, place }: Said): Said<Upstream>[] {
  const upstream = upstreamOf(value)
  return upstream === undefined ? [] : [{ value: upstream, place }]
}

/** `usersFile`, `users` in a label, and `users` in a dynamic file. */
function passwordsOf(settings: Settings, dynamic: readonly DynamicFile[]): Passwords[] {
  const [digest] = settings.filter(({ key }) => /\.digestauth\.users(file)?$/.test(key))
  if (digest !== undefined)
    return [
      {
        kind: 'refused',
        value: 'no user of the run can sign in with digest authentication: write basicAuth with usersFile there',
        place: digest.place,
      },
    ]
  const files = settings.flatMap(({ key, value, place }): Passwords[] =>
    key.endsWith('.basicauth.usersfile') ? [{ kind: 'file', value: resolve('/', value), place }] : [],
  )
  const labels = settings.flatMap(({ key, value, place, label }): Passwords[] =>
    label !== undefined && key.endsWith('.basicauth.users')
      ? [
          {
            kind: 'label',
            label,
            instead: '{htpasswd:alice},{htpasswd:bob}',
            value: usersSaid(value.split(',')),
            place,
          },
        ]
      : [],
  )
  return [...files, ...labels, ...dynamic.flatMap(passwordsIn)]
}

function passwordsIn({ file, text }: DynamicFile): Passwords[] {
  const lists = Map.groupBy(
    yamlScalars(text).filter(({ path }) => /\.basicauth\.users\.\d+$/.test(path.join('.').toLowerCase())),
    ({ path }) => path.slice(0, -1).join('.'),
  )
  return [...lists.values()].flatMap((users): Passwords[] => {
    const changes = changedLines(
      file,
      text,
      usersInstead(
        users,
        (user) => `"{htpasswd:${user}}"`,
        ({ inFlow, start }) => (inFlow ? ', ' : `\n${' '.repeat(columnOf(text, start))}- `),
      ),
    )
    const [first] = changes
    const place: Place = { file, line: first?.line ?? 1, column: 1 }
    return [{ kind: 'lines', value: usersSaid(users.map(({ value }) => value)), place, changes }]
  })
}

/** Where the hyphen before an item is. */
const columnOf = (text: string, start: number) => text.lastIndexOf('-', start) - (text.lastIndexOf('\n', start - 1) + 1)

/** Their names, without the hashes. */
const usersSaid = (users: readonly string[]) =>
  users
    .slice(0, 2)
    .map((one) => `"${one.trim().split(':')[0]}"`)
    .join(' and ')

/** The first host that a rule among the labels names. */
export const hostInLabels = (labels: Readonly<Record<string, string>>): string | undefined =>
  Object.values(labels).flatMap((value) => /Host\(\s*[`"']([^`"']+)/.exec(value)?.[1] ?? [])[0]
