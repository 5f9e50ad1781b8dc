/** What an nginx configuration says. */
import { isAbsolute, join } from 'node:path'
import type { Place } from '../../plan/yaml/problem.ts'
import { type Facts, type Identity, isIdentity, type Said, type Upstream, upstreamOf } from './facts.ts'
import type { Directive } from './nginx-file.ts'

/** All directives, those inside blocks too, with the blocks around each, the outermost first. */
function* walk(
  directives: readonly Directive[],
  around: readonly Directive[] = [],
): Generator<{ directive: Directive; around: readonly Directive[] }> {
  for (const directive of directives) {
    yield { directive, around }
    if (directive.block) yield* walk(directive.block, [...around, directive])
  }
}

export function nginxFacts(directives: readonly Directive[]): Facts {
  const all = [...walk(directives)]
  const named = (name: string) => all.filter(({ directive }) => directive.name === name)
  const pools = new Map(
    named('upstream').map(({ directive: { args, block = [] } }) => [
      args[0],
      block.filter(({ name }) => name === 'server'),
    ]),
  )
  const sets = named('set')
  // Servers may each have their own under one name.
  const variable = (name: string, around: readonly Directive[]) =>
    (
      sets.findLast((one) => one.directive.args[0] === name && one.around.every((block) => around.includes(block))) ??
      sets.findLast((one) => one.directive.args[0] === name)
    )?.directive.args[1] ?? name
  const target = ({ args: [url = ''], place }: Directive, around: readonly Directive[]): Said<Upstream>[] => {
    const direct = upstreamOf(url.replaceAll(/\$\w+/g, (name) => variable(name, around)))
    const pool = direct && pools.get(direct.host)
    if (pool) return pool.flatMap((server) => said(upstreamOf(server.args[0] ?? ''), server.place))
    return said(direct, place)
  }
  const asked = new Set(named('auth_request').map(({ directive }) => directive.args[0]))
  const passes = named('proxy_pass')
  // One that a request decides, or a file that is not here, may lead to the gateway as well.
  const allKnown =
    passes.every(({ directive, around }) => target(directive, around).length > 0) &&
    !named('include').some(({ around }) => around.some(({ name }) => name === 'location'))
  const isAsked = (around: readonly Directive[]) => {
    const location = around.findLast(({ name }) => name === 'location')
    const path = location?.args.at(-1) ?? ''
    return [...asked].some(
      (uri) => uri === path || (location?.args[0] === path && path !== '/' && uri?.startsWith(path)),
    )
  }
  const fromAuth = new Set(
    named('auth_request_set').flatMap(({ directive: { args } }) =>
      /upstream_http_/.test(args[1] ?? '') ? [args[0] ?? ''] : [],
    ),
  )
  const listens = named('listen').map(({ directive: { args } }) => ({
    port: Number(/(\d+)$/.exec(args[0] ?? '')?.[1] ?? 80),
    tls: args.includes('ssl'),
  }))
  const saysUser = ({ name, args: [header = '', value = ''] }: Directive) =>
    name === 'proxy_set_header' &&
    (value === '$remote_user' ||
      (isIdentity(header) &&
        (fromAuth.has(value) || /\$remote_user|\$ssl_client|\$upstream_http_/.test(value) || isName.test(value))))
  return {
    hosts: gatewayFirst(
      named('server_name'),
      passes.filter(({ directive, around }) => target(directive, around).some(({ value }) => value.port === 18_789)),
    ).flatMap(({ directive: { args, place }, around }) =>
      args.flatMap(hostNamed).map((value) => ({ value, place, ...siteOf(around) })),
    ),
    certificates: Object.fromEntries([
      ...named('ssl_certificate').map(({ directive }) => [inEtc(directive.args[0]), 'certificate'] as const),
      ...named('ssl_certificate_key').map(({ directive }) => [inEtc(directive.args[0]), 'key'] as const),
    ]),
    listens,
    upstreams: passes
      .filter(({ around }) => !isAsked(around))
      .flatMap(({ directive, around }) =>
        target(directive, around).map((one) => ({
          ...one,
          value: {
            ...one.value,
            ...(allKnown && belowOf(around, directive.args[0] ?? '')),
            ...siteOf(around),
            ...behindOf(around, saysUser),
          },
        })),
      ),
    auth: passes.filter(({ around }) => isAsked(around)).flatMap(({ directive, around }) => target(directive, around)),
    identities: all.flatMap(({ directive }) => (saysUser(directive) ? [identityOf(directive)] : [])),
    passwords: named('auth_basic_user_file').map(({ directive: { args, place } }) =>
      args[0]?.includes('$')
        ? {
            kind: 'refused',
            value: `which file has the users depends on the request (${args[0]}): write the name of one file`,
            place,
          }
        : { kind: 'file', value: inEtc(args[0]), place },
    ),
    clientAuthorities: named('ssl_client_certificate').map(({ directive: { args, place } }) => ({
      value: inEtc(args[0]),
      place,
    })),
    clientLists: clientListsOf(all),
    otherwise: all.flatMap(({ directive }) => otherwiseOf(directive)),
    h2:
      named('http2').some(({ directive }) => directive.args[0] === 'on') ||
      named('listen').some(({ directive }) => directive.args.includes('http2')),
  }
}

/** Of a location with a path of its own; patterns may be of any path. @param to what `proxy_pass` says */
function belowOf(around: readonly Directive[], to: string): Pick<Upstream, 'below' | 'belowIn'> {
  const location = around.findLast(({ name }) => name === 'location')
  const [path, modified] = location?.args ?? []
  const below = path === '^~' ? modified : path
  if (location === undefined || !below?.startsWith('/') || below === '/') return {}
  const server = around.find(({ name }) => name === 'server')?.block ?? []
  const hasRoot = server.some(({ name, args }) => name === 'location' && args.at(-1) === '/')
  const { place, raw } = location
  return {
    below,
    // The rest of a request's path goes on as it is.
    ...(!hasRoot && /^\w+:\/\/[^/]+\/?$/.test(to) && { belowIn: [{ file: place.file, line: place.line, text: raw }] }),
  }
}

/** A name that stands in the file, and no variable. */
const isName = /^[\w@.-]+$/

const identityOf = ({ args: [value = '', name = ''], place }: Directive): Identity => ({
  value,
  place,
  ...(isName.test(name) && { always: name }),
})

function siteOf(around: readonly Directive[]): Pick<Upstream, 'site'> {
  const server = around.find(({ name }) => name === 'server')
  return server === undefined ? {} : { site: `${server.place.file}:${server.place.line}` }
}

/** A location without a `proxy_set_header` of its own has those around it, and the log-in of the nearest block that says one (nginx: inheritance). */
function behindOf(around: readonly Directive[], saysUser: (one: Directive) => boolean): Pick<Upstream, 'behind'> {
  const inside = around.toReversed().map(({ block = [] }) => block)
  const headers = inside.find((block) => block.some(({ name }) => name === 'proxy_set_header')) ?? []
  if (headers.some(saysUser)) return { behind: 'user' }
  const logIn = inside.flatMap((block) => block.filter(({ name }) => /^auth_(basic|request|jwt)$/.test(name)))[0]
  return logIn === undefined || logIn.args[0] === 'off' ? {} : { behind: 'log-in' }
}

type Within = { readonly directive: Directive; readonly around: readonly Directive[] }

/** The server that leads to the gateway is the one that matters; a portal may stand before it in the file. */
function gatewayFirst(names: readonly Within[], passes: readonly Within[]): readonly Within[] {
  const serverOf = ({ around }: Within) => around.find(({ name }) => name === 'server')
  const servers = new Set(passes.map(serverOf))
  return names.toSorted((one, other) => Number(servers.has(serverOf(other))) - Number(servers.has(serverOf(one))))
}

/** `music.*` is any name that begins so (nginx: "Server names"): one that the run can have. */
function hostNamed(name: string): string[] {
  const host = name.replace(/^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.\*$/i, '$1.example.test').replace(/^\*?\.(?=\w)/, 'app.')
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host) ? [host] : []
}

function inEtc(path = ''): string {
  return isAbsolute(path) ? path : join('/etc/nginx', path)
}

/** `allow 192.168.0.0/16; deny all;` around everything. Beside `satisfy any` the others still have the log-in. */
function clientListsOf(all: readonly Within[]): NonNullable<Facts['clientLists']> {
  const named = (name: string) => all.filter(({ directive }) => directive.name === name)
  if (named('satisfy').some(({ directive }) => directive.args[0] === 'any')) return []
  const isWide = ({ around }: Within) =>
    around.every(({ name, args }) => name !== 'location' || args.join(' ') === '/') &&
    around.at(-1)?.name !== 'limit_except'
  const closed = named('deny').filter((one) => one.directive.args[0] === 'all' && isWide(one))
  return closed.flatMap(({ around }) => {
    const block = around.at(-1)
    const allowed = named('allow').find((one) => one.around.at(-1) === block && one.directive.args[0] !== 'all')
    return allowed === undefined ? [] : changed(allowed.directive, 'allow all;')
  })
}

/**
 * Certbot's own options and parameters of Diffie-Hellman say how TLS is spoken, and nothing else. The first has not been found, or it would not be
 * here. Names are those of a run, which the engine's own name server has.
 */
function otherwiseOf(directive: Directive): NonNullable<Facts['otherwise']> {
  const { name, args } = directive
  if ((name === 'include' && /\/options-ssl-nginx\.conf$/.test(args[0] ?? '')) || name === 'ssl_dhparam')
    return changed(directive, '').map((one) => ({ ...one, why: 'is left out: it is about TLS alone' }))
  if (name !== 'resolver' || args[0] === engineResolver) return []
  return changed(directive, `resolver ${engineResolver} ipv6=off;`).map((one) => ({
    ...one,
    why: `is ${engineResolver}: names are those of the run`,
  }))
}

/** Docker's and Podman's own, in every network with a name. */
const engineResolver = '127.0.0.11'

/** The line with something else in the place of one directive, where that stands on it as a whole. */
function changed({ name, args, place, raw }: Directive, instead: string) {
  const pattern = new RegExp(`(?<![\\w$])${name}\\s[^;{}]*;`)
  const text = raw.replace(pattern, instead)
  return text === raw
    ? []
    : [{ value: [name, ...args].join(' '), place, changes: [{ file: place.file, line: place.line, text }] }]
}

function said<T>(value: T | undefined, place: Place): Said<T>[] {
  return value === undefined ? [] : [{ value, place }]
}
