/** Values in a configuration that belong to the lab: found by the lab's own names, so that a reader knows what to put in their place. Pure. */
import { posix } from 'node:path'
import { users } from '../../identity/users.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Variant } from '../../plan/proxy.ts'
import { hostNamesOf } from '../../run/environments/container-specs.ts'
import { usualClient } from '../../run/environments/provider.ts'

export type Line = {
  /** As the guide calls it. */
  readonly file: string
  readonly number: number
  readonly text: string
}

export type Change = {
  readonly value: string
  /** One sentence. */
  readonly put: string
  readonly lines: readonly Line[]
}

export const changesHeading = 'What to change for your host'
export const changesInWords =
  'These values belong to the lab. Variables that a program is started with are in proxy.yaml; {secret:…} and {address:…} are filled in by the run.'

type Rule = { readonly pattern: RegExp; readonly put: (value: string) => string }

/** Each value once, with all its lines, in the order in which they are met. */
export function changesIn(lines: readonly Line[], variant: Variant): readonly Change[] {
  const rules = rulesOf(variant)
  const found = new Map<string, { put: string; lines: Line[] }>()
  for (const line of lines) {
    let rest = withoutComment(line.text)
    // What one rule has found is not looked at again: the host of an issuer is no host of its own.
    for (const { pattern, put } of rules)
      rest = rest.replace(pattern, (value) => {
        const one = found.get(value) ?? { put: put(value), lines: [] }
        if (!one.lines.some(({ file, number }) => file === line.file && number === line.number)) one.lines.push(line)
        found.set(value, one)
        return ' '.repeat(value.length)
      })
  }
  return [...found].map(([value, one]) => ({ value, ...one }))
}

/** A file's lines, by the name under which the guide shows it. */
export function linesOf({ path, text }: { readonly path: string; readonly text: string }): readonly Line[] {
  const file = posix.basename(path)
  return text.split('\n').map((line, index) => ({ file, number: index + 1, text: line }))
}

/** What proxy.yaml starts the variant's services with beside files: the lines that have it, with the values as they are after loading. */
export function settingLines(
  proxyYaml: { readonly path: string; readonly text: string },
  { name: variant, services }: Pick<Variant, 'name' | 'services'>,
): readonly Line[] {
  const all = linesOf(proxyYaml)
  const start = all.findIndex(({ text }) => text.startsWith(`  ${variant}:`))
  const length = all.slice(start + 1).findIndex(({ text }) => /^ {0,2}\S/.test(text))
  // What the variant itself says goes before what it shares with others.
  const lines = [...all.slice(start, length < 0 ? undefined : start + 1 + length), ...all]
  const settings = services.flatMap(({ env, command }) => [
    ...Object.entries(env).map(([name, value]) => ({ key: `${name}:`, value, text: `${name}=${value}` })),
    ...command.map((value) => ({ key: '', value, text: value })),
  ])
  return settings.flatMap(({ key, value, text }) => {
    const line =
      lines.find((one) => one.text.includes(key) && one.text.includes(value)) ??
      lines.find((one) => key !== '' && one.text.includes(key))
    return line === undefined ? [] : [{ ...line, text }]
  })
}

/** In every language of these files but Lua, which has `--`. */
const withoutComment = (text: string) => text.replace(/(^|\s)(#|--\s|\/\/\s).*$/, '')

/** What the run puts into /run/conformance. */
const runFiles: Readonly<Record<string, string>> = {
  'tls.crt': 'The certificate of your public host name.',
  'tls.key': 'The private key of that certificate.',
  'tls.pem': 'The certificate of your public host name, and its private key.',
  'ca.crt': 'The authority that issued your certificates; leave it out where a public one did.',
  'secrets/client': 'A file with the client secret that your OpenID provider gave you.',
  htpasswd: 'Your users with hashes of their passwords.',
  'jwt.key': 'A private key of your own (EC, P-256).',
  emails: 'The e-mail addresses of your users.',
}

function rulesOf(variant: Variant): readonly Rule[] {
  const { host, login, names, services } = variant
  const { issuer, clientId } = { ...usualClient, ...login }
  const [, domain = ''] = users.alice.email.split('@')
  const titles = [
    ...services.map(({ name, title }) => ({ name, title: title.replace(' (stand-in)', '') })),
    { name: 'gateway', title: 'gateway' },
  ]
  return [
    rule('/run/conformance/[\\w./-]*\\w', (path) => {
      const name = path.replace('/run/conformance/', '')
      return runFiles[name] ?? `A file of your own: ${name.startsWith('secrets/') ? 'a random secret' : 'a key'}.`
    }),
    ...login.callbacks.map((callback) =>
      rule(escaped(callback), () => 'The same path on your public host name; register it with your OpenID provider.'),
    ),
    rule(`${escaped(issuer)}(?:/[\\w./-]*)?`, (value) =>
      value === issuer
        ? 'The issuer of your OpenID provider.'
        : 'The same address of your OpenID provider; its metadata (/.well-known/openid-configuration) names it.',
    ),
    ...endpoint([new URL(issuer).hostname], 'Host and port of your OpenID provider.'),
    ...titles
      .filter(({ name }) => name !== 'proxy')
      .flatMap(({ name, title }) =>
        endpoint(hostNamesOf(name, { host, names, services: [] }), `Where your ${title} listens.`),
      ),
    rule(
      `(?:127\\.0\\.0\\.1|localhost):${gatewayPort}`,
      () => 'Where your gateway listens; as it is where it runs on the same host.',
    ),
    word(host, 'Your public host name.'),
    ...(names.proxy ?? []).map((name) => word(name, 'A host name of your own for the log-in pages.')),
    ...(login.signIn === undefined ? [word(clientId, 'The client ID that your OpenID provider gave you.')] : []),
    rule(`\\w+@${escaped(domain)}`, () => 'An address of a user of yours.'),
    word(domain, "The domain of your users' e-mail addresses."),
    rule(
      '(?<![\\w.])/public(?=[/(])',
      () => 'A route without log-in, there to be tested. Take it out, or put a path of yours.',
    ),
    rule('\\{secret:client\\}', () => 'The client secret that your OpenID provider gave you.'),
    rule('\\{secret:[\\w-]+\\}', () => 'A random secret of your own.'),
    ...titles.map(({ name, title }) => rule(`\\{address:${name}\\}`, () => `The address of your ${title}.`)),
  ]
}

const rule = (source: string, put: Rule['put']): Rule => ({ pattern: new RegExp(source, 'g'), put })

/** By itself or as the host of an address, not as a part of another name or path. */
const word = (name: string, put: string) => rule(`(?<![\\w.@-]|\\w/)${escaped(name)}(?![\\w-]|\\.\\w)`, () => put)

/** `http://auth:4180`, `auth:4180`, `http://auth`; and with the port in a key of its own, as Envoy and lighttpd have it: `auth, port_value: 4180`. */
const endpoint = (names: readonly string[], put: string): readonly Rule[] =>
  names.flatMap((name) => {
    const own = `(?<![\\w.-])${escaped(name)}`
    return [
      rule(`(?:https?://)?${own}:\\d+`, () => put),
      rule(`https?://${own}(?![\\w.-])`, () => put),
      rule(`${own}"?, "?port\\w*"?(?::| =>) \\d+`, () => put),
    ]
  })

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
