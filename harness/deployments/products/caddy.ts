/** What a Caddyfile says: its sites, where they forward to, and whom they ask. Read by its words: nothing of Caddy is run for it. */
import type { Place } from '../../plan/yaml/problem.ts'
import { type Facts, isIdentity, type Said, type Upstream, upstreamOf } from './facts.ts'

type Line = {
  readonly words: readonly string[]
  readonly depth: number
  readonly place: Place
  readonly opens: boolean
}

export function caddyFacts(text: string, file: string): Facts {
  const lines = linesOf(text, file)
  const named = (name: string) => lines.filter(({ words }) => words[0] === name)
  const sites = lines.filter(
    ({ depth, opens, words }) => depth === 0 && opens && words.length > 0 && !words[0]?.startsWith('('),
  )
  // The site that leads to the gateway is the one that matters; a portal may stand before it in the file.
  const toGateway =
    named('reverse_proxy').find(({ words }) => words.some((word) => /:18789$/.test(word)))?.place.line ?? 0
  const own = sites.findLast(({ place }) => place.line < toGateway)
  const addresses = sites
    .toSorted((one, other) => Number(other === own) - Number(one === own))
    .flatMap(({ words, place }) =>
      words
        .flatMap((word) => word.split(','))
        .filter(Boolean)
        .map((value) => ({ value, place })),
    )
  const hosts = addresses.flatMap(({ value, place }): Said[] => {
    const host = value.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
    return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host) ? [{ value: host, place }] : []
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
    upstreams: named('reverse_proxy').flatMap(({ words, place }) => targets(words.slice(1), place)),
    auth: named('forward_auth').flatMap(({ words, place }) => targets(words.slice(1), place)),
    identities: [
      ...named('copy_headers').flatMap(({ words, place }) =>
        words.slice(1).map((one) => ({ value: one.split('>').at(-1) ?? one, place })),
      ),
      ...named('header_up').map(({ words, place }) => ({ value: words[1] ?? '', place })),
    ].filter(({ value }) => isIdentity(value)),
    passwords: [...named('basic_auth'), ...named('basicauth')].map(({ place }) => ({ value: 'basic_auth', place })),
    clientAuthorities: [
      ...named('trusted_ca_cert_file').map(({ words, place }) => ({ value: words[1] ?? '', place })),
      ...named('trust_pool').map(({ words, place }) => ({ value: words[1] === 'file' ? (words[2] ?? '') : '', place })),
    ].filter(({ value }) => value.startsWith('/')),
    h2: true,
  }
}

/** Upstreams stand after an optional matcher (`/path*`, `@name`, `*`). */
function targets(words: readonly string[], place: Place): Said<Upstream>[] {
  return words
    .filter((word) => !/^[/@*]/.test(word) || /^https?:/.test(word))
    .flatMap((word) => {
      const upstream = upstreamOf(word)
      return upstream === undefined ? [] : [{ value: upstream, place }]
    })
}

function linesOf(text: string, file: string): Line[] {
  let depth = 0
  return text.split('\n').flatMap((raw, index): Line[] => {
    const words = [...raw.replace(/(^|\s)#.*$/, '').matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+)/g)].map(
      ([, double, tick, plain]) => double ?? tick ?? plain ?? '',
    )
    const opens = words.at(-1) === '{'
    if (words[0] === '}') depth -= 1
    const content = words.filter((word) => word !== '{' && word !== '}')
    const line: Line = {
      words: content,
      depth,
      opens,
      place: { file, line: index + 1, column: raw.search(/\S/) + 1 || 1 },
    }
    if (opens) depth += 1
    // The block of global options has no name.
    return content.length === 0 ? [] : [line]
  })
}
