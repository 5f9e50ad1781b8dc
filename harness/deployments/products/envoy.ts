/** What an envoy.yaml says: listeners, virtual hosts, clusters, and which of them ext_authz asks. */
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { yamlScalars } from '../yaml-scalars.ts'
import { asMap, type Path, type YamlTree } from '../yaml-tree.ts'
import { type Facts, isIdentity, type Passwords, type Said, type Upstream } from './facts.ts'
import { changedLines } from './user-lines.ts'

type Found = { readonly key: string; readonly value: unknown; readonly path: Path }

/** @throws UserError with the line of what a run cannot be */
export function envoyFacts(
  { root, place }: YamlTree,
  written: { readonly file: string; readonly text: string },
): Facts {
  const all = [...walk(root, [])]
  const named = (key: string, below: Path = []) =>
    all.filter((one) => one.key === key && below.every((part, index) => one.path[index] === part))
  const texts = (list: readonly Found[]): Said[] =>
    list.flatMap(({ value, path }) =>
      [value].flat().flatMap((one) => (typeof one === 'string' ? [{ value: one, place: place(path) }] : [])),
    )
  const refuse = (found: Found | undefined, message: string) => {
    if (found !== undefined) refuseOn([{ ...place(found.path), message }])
  }
  refuse(
    named('token_endpoint')[0],
    'Envoy signs users in itself here (the filter oauth2), and names the endpoints of the provider one by one: the provider of a run has others. Write a folder for it; proxies/envoy-oauth2 is one to start from',
  )
  refuse(
    named('grpc_service').find(({ path }) => typeAt(root, path.slice(0, -1)).endsWith('.ExtAuthz')),
    'ext_authz asks over gRPC here: oauth2-proxy and the other services of a run answer HTTP (http_service)',
  )
  refuse(
    named('dynamic_resources')[0],
    'the configuration comes from a server (dynamic_resources): name a file that has all of it',
  )

  const asked = new Set(
    named('server_uri').flatMap(({ value }) => {
      const cluster = asMap(value)?.cluster
      return typeof cluster === 'string' ? [cluster] : []
    }),
  )
  const clusters = all.filter(({ key, path }) => key === 'name' && path.length === 4 && path[1] === 'clusters')
  const upstreams = clusters.flatMap(({ value, path }) =>
    named('socket_address', path.slice(0, 3)).flatMap((found): (Said<Upstream> & { readonly cluster: unknown })[] => {
      const { address, port_value: port } = asMap(found.value) ?? {}
      return typeof address === 'string' && typeof port === 'number'
        ? [{ value: { host: address, port }, place: place([...found.path, 'address']), cluster: value }]
        : []
    }),
  )
  const isAsked = ({ cluster }: { readonly cluster: unknown }) => typeof cluster === 'string' && asked.has(cluster)
  const filename = (key: string) =>
    named(key).flatMap(({ value }) => {
      const file = asMap(value)?.filename
      return typeof file === 'string' ? [file] : []
    })
  const listeners = named('listeners').flatMap(({ value, path }) =>
    Array.isArray(value) ? value.map((_, index) => [...path, index]) : [],
  )
  return {
    hosts: texts(named('domains'))
      .map(({ value, ...rest }) => ({ ...rest, value: value.replace(/:\d+$/, '') }))
      .filter(({ value }) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(value)),
    certificates: Object.fromEntries([
      ...filename('certificate_chain').map((path) => [path, 'certificate'] as const),
      ...filename('private_key').map((path) => [path, 'key'] as const),
    ]),
    listens: listeners.flatMap((path) => {
      const [address] = named('socket_address', path)
      const port = asMap(address?.value)?.port_value
      return typeof port === 'number' ? [{ port, tls: named('transport_socket', path).length > 0 }] : []
    }),
    upstreams: upstreams.filter((one) => !isAsked(one)),
    auth: upstreams.filter(isAsked),
    identities: [
      ...[
        ...named('allowed_upstream_headers').flatMap(({ path }) => texts(named('exact', path))),
        ...texts(named('header_name')),
      ].filter(({ value }) => isIdentity(value)),
      // Whatever its name: it carries the user and nothing else.
      ...texts(named('forward_username_header')),
    ],
    passwords: named('users')
      .filter(({ path }) => typeAt(root, path.slice(0, -1)).endsWith('.BasicAuth'))
      .map(({ value, path }): Passwords => passwordsOf(asMap(value) ?? {}, path, { ...written, place: place(path) })),
    h2: texts(named('alpn_protocols')).some(({ value }) => value === 'h2'),
  }
}

/** The type of a filter's configuration, empty where the mapping has none. */
function typeAt(root: unknown, path: Path): string {
  let node: unknown = root
  for (const part of path) node = Array.isArray(node) ? node[Number(part)] : asMap(node)?.[String(part)]
  return String(asMap(node)?.['@type'] ?? '')
}

/** Every key of every mapping, at any depth. */
function* walk(node: unknown, path: Path): Generator<Found> {
  if (Array.isArray(node)) for (const [index, item] of node.entries()) yield* walk(item, [...path, index])
  for (const [key, value] of Object.entries(asMap(node) ?? {})) {
    yield { key, value, path: [...path, key] }
    yield* walk(value, [...path, key])
  }
}

/** A file, or the lines of one in the configuration itself (`inline_string`). */
function passwordsOf(
  users: Readonly<Record<string, unknown>>,
  path: Path,
  { file, text, place }: { readonly file: string; readonly text: string; readonly place: Place },
): Passwords {
  if (typeof users.filename === 'string') return { kind: 'file', value: users.filename, place }
  const inline = yamlScalars(text).find((one) => one.path.join('.') === [...path, 'inline_string'].join('.'))
  if (inline === undefined)
    return {
      kind: 'refused',
      value: 'users of the run are put into filename or inline_string, and users has neither',
      place,
    }
  const changes = changedLines(file, text, [
    { start: inline.start, end: inline.end, text: '"{htpasswd:alice}\\n{htpasswd:bob}"' },
  ])
  const names = inline.value
    .trim()
    .split('\n')
    .map((one) => `"${one.split(':')[0]}"`)
  return { kind: 'lines', value: names.join(' and '), place, changes }
}
