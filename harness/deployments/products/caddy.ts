/** What a Caddyfile says: its sites, where they forward to, and whom they ask. */
import type { Place } from '../../plan/yaml/problem.ts'
import type { Line } from './caddyfile.ts'
import {
  type Facts,
  isIdentity,
  type LineChange,
  type Passwords,
  type Said,
  type Upstream,
  upstreamOf,
} from './facts.ts'

export function caddyFacts(lines: readonly Line[]): Facts {
  const named = (name: string) => lines.filter(({ words }) => words[0] === name)
  const sites = lines.filter(({ around, opens }) => around.length === 0 && opens)
  const forwards = [
    ...named('reverse_proxy').map((line) => ({ ...line, words: line.words.slice(1) })),
    // `reverse_proxy { to claw:18789 }`
    ...named('to')
      .filter(({ around }) => around.at(-1)?.words[0] === 'reverse_proxy')
      .map((line) => ({ ...line, words: line.words.slice(1) })),
  ]
  // The site that leads to the gateway is the one that matters; a portal may stand before it in the file.
  const own = forwards.find(({ words }) => words.some((word) => /:18789$/.test(word)))?.around[0]
  // One that a request decides may lead to the gateway as well.
  const allKnown = forwards.every(({ words, opens, place }) => opens || targets(words, place).length > 0)
  const addresses = sites
    .toSorted((one, other) => Number(other === own) - Number(one === own))
    .flatMap((site) =>
      site.words
        .flatMap((word) => word.split(','))
        .filter(Boolean)
        .map((value) => ({ value, place: site.place, ...siteOf([site]) })),
    )
  const hosts = addresses.flatMap(({ value, ...where }): Facts['hosts'] => {
    const host = value.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
    return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host) ? [{ value: host, ...where }] : []
  })
  const tls = named('tls')
  const files = tls.filter(({ words }) => words.length >= 3)
  const automatic =
    hosts.length > 0 && files.length === 0 && !addresses.every(({ value }) => /^http:\/\/|^:80$/.test(value))
  const [first] = hosts
  return {
    hosts,
    certificates: Object.fromEntries(
      files.flatMap(({ words: [, certificate = '', key = ''] }) => [
        [certificate, 'certificate' as const],
        [key, 'key' as const],
      ]),
    ),
    ...(automatic &&
      first && {
        ownCertificate: {
          value: tls.some(({ words }) => words[1] === 'internal') ? 'internal' : 'ACME',
          place: first.place,
        },
      }),
    listens: addresses.map(({ value }) => {
      const port = Number(/:(\d+)$/.exec(value)?.[1] ?? (/^http:\/\//.test(value) ? 80 : 443))
      return { port, tls: port !== 80 && !/^http:\/\//.test(value) && (hosts.length > 0 || files.length > 0) }
    }),
    upstreams: forwards.flatMap(({ words, place, around }) =>
      targets(words, place).map((one) => ({
        ...one,
        value: { ...one.value, ...(allKnown && belowOf(around)), ...siteOf(around), ...behindOf(around, place, lines) },
      })),
    ),
    auth: named('forward_auth').flatMap(({ words, place }) => targets(words.slice(1), place)),
    identities: [
      ...named('copy_headers').flatMap(({ words, place }) =>
        words.slice(1).map((one) => ({ value: one.split('>').at(-1) ?? one, place })),
      ),
      ...named('header_up').map(({ words: [, value = '', name = ''], place }) => ({
        value,
        place,
        ...(/^[\w@.-]+$/.test(name) && { always: name }),
      })),
    ].filter(({ value }) => isIdentity(value)),
    passwords: passwordsOf(lines),
    clientAuthorities: [
      ...named('trusted_ca_cert_file').map(({ words, place }) => ({ value: words[1] ?? '', place })),
      ...named('trust_pool').map(({ words, place }) => ({ value: words[1] === 'file' ? (words[2] ?? '') : '', place })),
    ].filter(({ value }) => value.startsWith('/')),
    clientLists: clientListsOf(lines, forwards),
    h2: true,
  }
}

/** `@lan remote_ip 192.168.0.0/16` around every way on, or `@others not remote_ip …` that is answered here. */
function clientListsOf(
  lines: readonly Line[],
  forwards: readonly { readonly words: readonly string[]; readonly around: readonly Line[] }[],
): NonNullable<Facts['clientLists']> {
  const pattern = /^(\s*@\S+\s+(?:not\s+)?(?:remote_ip|client_ip)\s+)(?:forwarded\s+)?[^{}]+$/
  return lines.flatMap(({ words, place, raw }) => {
    const [name = '', first] = words
    const kept = pattern.exec(raw)?.[1]
    if (!name.startsWith('@') || kept === undefined) return []
    const closes =
      first === 'not'
        ? lines.some(({ words: [what, on] }) => /^(respond|abort|error)$/.test(what ?? '') && on === name)
        : forwards.every(
            (one) =>
              one.words[0] === name ||
              one.around.some((line) => line.words.includes(name)) ||
              isOther(one, lines, name),
          )
    return closes
      ? [{ value: raw.trim(), place, changes: [{ file: place.file, line: place.line, text: `${kept}0.0.0.0/0 ::/0` }] }]
      : []
  })
}

/** In a site that knows nothing of this matcher. */
const isOther = ({ around: [site] }: { readonly around: readonly Line[] }, lines: readonly Line[], name: string) =>
  !lines.some(({ words, around }) => words[0] === name && around[0]?.place === site?.place)

/** `handle_path /claw/*` and its like. */
function belowOf(around: readonly Line[]): Pick<Upstream, 'below' | 'belowIn'> {
  const handled = around.findLast(({ words: [name] }) => /^(handle_path|handle|route)$/.test(name ?? ''))
  const path = handled?.words[1]
  if (handled === undefined || !path?.startsWith('/') || /^\/\*?$/.test(path)) return {}
  const { place, raw } = handled
  return { below: path, belowIn: [{ file: place.file, line: place.line, text: raw }] }
}

const siteOf = ([site]: readonly Line[]): Pick<Upstream, 'site'> =>
  site === undefined ? {} : { site: `${site.place.file}:${site.place.line}` }

/** What stands in a block around it counts for it as well. @param place of the `reverse_proxy`, whose own block may name the user */
function behindOf(around: readonly Line[], place: Place, lines: readonly Line[]): Pick<Upstream, 'behind'> {
  const forIt = lines.filter((line) => line.around.every((one) => around.includes(one) || one.place === place))
  const named = (name: RegExp) => forIt.filter(({ words }) => name.test(words[0] ?? ''))
  const says = [
    ...named(/^header_up$/).flatMap(({ words: [, header = ''] }) => [header]),
    ...forIt.filter(({ words: [name] }) => name === 'forward_auth').flatMap((line) => copied(line, lines)),
  ]
  if (says.some(isIdentity)) return { behind: 'user' }
  return named(/^(forward_auth|basic_?auth|authorize|authenticate)$/).length > 0 ? { behind: 'log-in' } : {}
}

/** Headers that a `forward_auth` takes from the answer. */
const copied = (auth: Line, lines: readonly Line[]): string[] =>
  lines
    .filter(({ words: [name], around }) => name === 'copy_headers' && around.at(-1)?.place === auth.place)
    .flatMap(({ words }) => words.slice(1).map((one) => one.split('>').at(-1) ?? one))

/** Upstreams stand after an optional matcher (`/path*`, `@name`, `*`). */
function targets(words: readonly string[], place: Place): Said<Upstream>[] {
  return words
    .filter((word) => !/^[/@*]/.test(word) || /^https?:/.test(word))
    .flatMap((word) => {
      const upstream = upstreamOf(word)
      return upstream === undefined ? [] : [{ value: upstream, place }]
    })
}

/** Users stand in the block, one a line, with a hash of bcrypt or argon2id. */
function passwordsOf(lines: readonly Line[]): Passwords[] {
  const blocks = lines.filter(({ words: [name], opens }) => /^(basic_auth|basicauth)$/.test(name ?? '') && opens)
  return blocks.flatMap((block): Passwords[] => {
    const written = lines.filter(({ around, words }) => around.at(-1) === block && words.length >= 2)
    const [first, second] = written
    if (first === undefined) return []
    const indent = (line: Line) => /^\s*/.exec(line.raw)?.[0] ?? ''
    const as = (user: string, line: Line) => `${indent(line)}{name:${user}} {bcrypt:${user}}`
    const change = ({ place: { file, line } }: Line, text: string): LineChange => ({ file, line, text })
    const changes = [
      // The run's hashes are of bcrypt.
      ...(block.words.some((word) => /^(argon2id|scrypt)$/.test(word))
        ? [change(block, block.raw.replace(/\b(argon2id|scrypt)\b/, 'bcrypt'))]
        : []),
      change(first, second ? as('alice', first) : `${as('alice', first)}\n${as('bob', first)}`),
      ...(second ? [change(second, as('bob', second))] : []),
    ]
    return [{ kind: 'lines', value: usersSaid([first, second]), place: first.place, changes }]
  })
}

const usersSaid = (lines: readonly (Line | undefined)[]) =>
  lines.flatMap((line) => (line === undefined ? [] : [`"${line.words[0] ?? ''}"`])).join(' and ')
