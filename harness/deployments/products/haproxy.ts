/** What a haproxy.cfg says: its sections are read line by line, as HAProxy reads them. Nothing of HAProxy is run for it. */
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { type Facts, isIdentity, type Passwords, type Said, type Upstream, upstreamOf } from './facts.ts'
import { changedLines, usersInstead } from './user-lines.ts'

type Line = { readonly words: readonly string[]; readonly place: Place }
type Section = { readonly kind: string; readonly name: string; readonly lines: readonly Line[] }

const sectionKinds =
  /^(global|defaults|frontend|backend|listen|userlist|peers|resolvers|mailers|program|ring|log-forward|cache|http-errors|fcgi-app|crt-store|traces)$/

/** @throws UserError with the line of a quote without an end, and of one that stands in no section */
export function haproxyFacts(text: string, file: string): Facts {
  const sections = sectionsOf(text, file)
  const all = sections.flatMap(({ lines }) => lines)
  const named = (name: string) => all.filter(({ words }) => words[0] === name)
  const servers = (backend: string) =>
    sections
      .filter(({ kind, name }) => /^(backend|listen)$/.test(kind) && name === backend)
      .flatMap(({ lines }) => lines.filter(({ words }) => words[0] === 'server').flatMap(serverOf))
  const binds = sections
    .filter(({ kind }) => /^(frontend|listen)$/.test(kind))
    .flatMap(({ lines }) => lines.filter(({ words }) => words[0] === 'bind'))
  const asked = new Set(askedBackends(all))
  const everywhere = sections.filter(({ kind }) => /^(backend|listen)$/.test(kind)).map(({ name }) => name)
  return {
    hosts: all.flatMap(hostsOf),
    // One file with certificate and key, or a folder of such files.
    certificates: Object.fromEntries(
      binds.flatMap(({ words }) =>
        after(words, 'crt').map((path) => [
          /\.\w+$/.test(path) ? path : `${path.replace(/\/$/, '')}/run.pem`,
          'pair' as const,
        ]),
      ),
    ),
    listens: binds.flatMap(({ words }) => {
      const port = Number(/:(\d+)$/.exec(words[1] ?? '')?.[1])
      return port > 0 ? [{ port, tls: words.includes('ssl') }] : []
    }),
    upstreams: everywhere.filter((name) => !asked.has(name)).flatMap(servers),
    auth: [...asked].flatMap(servers),
    identities: [...named('http-request')].flatMap(({ words: [, action, header = '', value = ''], place }) =>
      /^(set|add)-header$/.test(action ?? '') && isIdentity(header) && /%\[/.test(value)
        ? [{ value: header, place }]
        : [],
    ),
    passwords: sections.filter(({ kind }) => kind === 'userlist').flatMap((one) => passwordsOf(one, text, file)),
    // Whatever is not verified counts for nothing (HAProxy: bind, "verify").
    clientAuthorities: binds
      .filter(({ words }) => after(words, 'verify').some((one) => /^(optional|required)$/.test(one)))
      .flatMap(({ words, place }) =>
        [...after(words, 'ca-file'), ...after(words, 'ca-verify-file')].map((value) => ({ value, place })),
      ),
    h2: binds.some(({ words }) => after(words, 'alpn').some((list) => list.split(',').includes('h2'))),
  }
}

/** `user jane password $5$… groups admins`, and `group admins users jane`. */
function passwordsOf({ lines }: Section, text: string, file: string): Passwords[] {
  const whole = ({ place: { line } }: Line) => {
    const start =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0)
    return { start, end: start + (text.split('\n')[line - 1]?.length ?? 0) }
  }
  const written = lines
    .filter(({ words: [first, , kind] }) => first === 'user' && /^(insecure-)?password$/.test(kind ?? ''))
    .map((line) => ({ ...line, ...whole(line) }))
  const [first, second] = written
  if (first === undefined) return []
  const instead = usersInstead(
    written,
    (user, { words }) =>
      `    ${['user', `{name:${user}}`, 'insecure-password', `{password:${user}}`, ...words.slice(4)].join(' ')}`,
    () => '\n',
  )
  const [alice, bob = alice] = [first.words[1], second?.words[1]]
  const inGroup = (name: string) => [
    ...(name === alice ? ['{name:alice}'] : []),
    ...(name === bob ? ['{name:bob}'] : []),
    ...(name !== alice && name !== bob ? [name] : []),
  ]
  const groups = lines
    .filter(({ words }) => words[0] === 'group' && words[2] === 'users')
    .map((line) => ({
      ...whole(line),
      text: `    group ${line.words[1]} users ${(line.words[3] ?? '').split(',').flatMap(inGroup).join(',')}`,
    }))
  const value = [alice, ...(second ? [bob] : [])].map((name) => `"${name}"`).join(' and ')
  return [{ kind: 'lines', value, place: first.place, changes: changedLines(file, text, [...instead, ...groups]) }]
}

/** Backends that a script asks (`lua.auth-request BACKEND PATH`), and those that have oauth2-proxy's own pages. */
function askedBackends(lines: readonly Line[]): string[] {
  const signIn = new Set(
    lines.flatMap(({ words: [first, name = '', ...rest] }) =>
      first === 'acl' && rest.some((word) => /^\/oauth2\b/.test(word)) ? [name] : [],
    ),
  )
  return lines.flatMap(({ words: [first, action = '', backend = '', ...rest] }) => {
    if (first === 'http-request' && /^lua\.auth-(request|intercept)$/.test(action)) return [backend]
    if (first !== 'use_backend') return []
    return [backend, ...rest].some((word) => signIn.has(word) || /^\/oauth2\b/.test(word)) ? [action] : []
  })
}

function serverOf({ words, place }: Line): Said<Upstream>[] {
  const upstream = upstreamOf(words[2] ?? '')
  return upstream === undefined ? [] : [{ value: upstream, place }]
}

/** `hdr(host) -i a.example b.example`, in a rule or an acl. */
function hostsOf({ words, place }: Line): Said[] {
  const at = words.findIndex((word) => /^(req\.)?hdr(_dom|_end)?\(host\)|^ssl_fc_sni|^req[._]ssl_sni/i.test(word))
  if (at < 0) return []
  const end = words.findIndex((word, index) => index > at && /^(\}|if|unless|or|\|\|)$/.test(word))
  return words
    .slice(at + 1, end < 0 ? undefined : end)
    .filter((word) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(word))
    .map((value) => ({ value, place }))
}

function after(words: readonly string[], keyword: string): string[] {
  const value = words[words.indexOf(keyword) + 1]
  return words.includes(keyword) && value !== undefined ? [value] : []
}

function sectionsOf(text: string, file: string): Section[] {
  const sections: { kind: string; name: string; lines: Line[] }[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const place: Place = { file, line: index + 1, column: raw.search(/\S/) + 1 || 1 }
    const words = wordsOf(raw, place)
    const [kind = '', name = ''] = words
    if (kind === '') continue
    const last = sections.at(-1)
    if (sectionKinds.test(kind) && !/^\s/.test(raw)) sections.push({ kind, name, lines: [] })
    else if (last === undefined)
      refuseOn([{ ...place, message: `expected a section such as global, defaults or frontend, found "${kind}"` }])
    else last.lines.push({ words, place })
  }
  return sections
}

/** Quotes of both kinds, a backslash before any character, and comments. */
function wordsOf(raw: string, place: Place): string[] {
  const words: string[] = []
  const pattern = /\s+|(#.*$)|((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'#\\])+)|(.)/g
  for (const [, comment, word, odd] of raw.matchAll(pattern)) {
    if (comment !== undefined) break
    if (odd === '"' || odd === "'") refuseOn([{ ...place, message: `this line has a ${odd} without an end` }])
    if (word !== undefined)
      words.push(
        word.replaceAll(
          /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
          (_all, double, single, plain) => double ?? single ?? plain ?? '',
        ),
      )
  }
  return words
}
