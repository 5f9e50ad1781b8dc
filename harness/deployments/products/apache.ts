/** What a configuration of Apache httpd says: its sections and directives, and mod_auth_openidc's own log-in. */
import { resolve } from 'node:path'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { type Facts, isIdentity, type Passwords, type Said, type Upstream, upstreamOf } from './facts.ts'

type Directive = {
  readonly name: string
  readonly args: readonly string[]
  readonly place: Place
  readonly raw: string
  /** The section that it is in. */
  readonly within?: Directive
}

/** @throws UserError with the line of a section that is not closed, and of what a run cannot be */
export function apacheFacts(text: string, file: string): Facts {
  const all = directivesOf(text, file)
  const named = (...names: readonly string[]) => all.filter(({ name }) => names.includes(name))
  const first = (name: string): Said | undefined =>
    named(name).flatMap(({ args: [value = ''], place }) => (value === '' ? [] : [{ value, place }]))[0]
  const relative = named('loadmodule').find(({ args: [, path = ''] }) => !path.startsWith('/usr/lib/apache2/modules/'))
  if (relative !== undefined)
    refuseOn([
      {
        ...relative.place,
        message: `modules are loaded from ${relative.args[1] ?? ''}, where the Apache of a run (Debian's) has none: name the file with your <VirtualHost> instead, without LoadModule`,
      },
    ])
  const hosts = named('servername', 'serveralias').flatMap(({ args, place }) =>
    args
      .map((one) => one.replace(/^https?:\/\//, '').replace(/:\d+$/, ''))
      .filter((one) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(one))
      .map((value) => ({ value, place })),
  )
  const upstreams = named('proxypass', 'proxypassmatch').flatMap((pass): Facts['upstreams'] =>
    pass.args.flatMap((one) => {
      const upstream = /^(https?|wss?|h2c?):\/\//.test(one)
        ? upstreamOf(one.replace(/^(ws|h2c?)(s?):/, 'http$2:'))
        : undefined
      return upstream === undefined ? [] : [{ value: { ...upstream, ...belowOf(pass, one, all) }, place: pass.place }]
    }),
  )
  // The virtual host that leads to the gateway is the one that matters.
  const toGateway = upstreams.find(({ value }) => value.port === 18_789)?.place.line ?? 0
  const own = hosts.findLast(({ place }) => place.line < toGateway)
  const secure = named('sslcertificatefile').length > 0
  return {
    hosts: hosts.toSorted((one, other) => Number(other === own) - Number(one === own)),
    certificates: Object.fromEntries([
      ...named('sslcertificatefile').map(({ args: [path = ''] }) => [path, 'certificate'] as const),
      ...named('sslcertificatekeyfile').map(({ args: [path = ''] }) => [path, 'key'] as const),
    ]),
    listens: [...named('listen'), ...named('<virtualhost')].flatMap(({ args: [address = ''] }) => {
      const port = Number(/(\d+)$/.exec(address)?.[1])
      return port > 0 ? [{ port, tls: secure && port !== 80 }] : []
    }),
    upstreams,
    auth: [],
    identities: identitiesOf(all),
    passwords: passwordsOf(all, text),
    h2: named('protocols').some(({ args }) => args.includes('h2')),
    ...clientOf(first, own?.value ?? hosts[0]?.value ?? 'app.test'),
  }
}

/** `ProxyPass /claw/ http://…/`, or the same in `<Location /claw>`; what else is said of the path moves with it. */
function belowOf(
  { name, args: [first = ''], within }: Directive,
  url: string,
  all: readonly Directive[],
): Pick<Upstream, 'below' | 'belowIn'> {
  const below = first.startsWith('/') ? first : within?.name === '<location' ? (within.args[0] ?? '') : ''
  if (name !== 'proxypass' || !/^\/./.test(below)) return {}
  const prefix = below.replace(/\/$/, '')
  const said = all.filter(
    ({ name: one, args: [path = ''] }) =>
      /^(<location|proxypass|proxypassreverse)$/.test(one) && `${path}/`.startsWith(`${prefix}/`),
  )
  return {
    below,
    ...(/^\w+:\/\/[^/]+\/?$/.test(url) && {
      belowIn: said.map(({ place, raw }) => ({ file: place.file, line: place.line, text: raw })),
    }),
  }
}

/** `AuthUserFile` has the users, and `Require user` names those of them that may come in. */
function passwordsOf(all: readonly Directive[], text: string): Passwords[] {
  const root = all.find(({ name }) => name === 'serverroot')?.args[0] ?? '/etc/apache2'
  const files = all
    .filter(({ name }) => name === 'authuserfile')
    .map(({ args: [path = ''], place }): Passwords => ({ kind: 'file', value: resolve(root, path), place }))
  const odd = all.find(
    ({ name, args }) =>
      (name === 'authtype' && /^(digest|form)$/i.test(args[0] ?? '')) ||
      (name === 'authbasicprovider' && args.some((one) => one.toLowerCase() !== 'file')),
  )
  if (odd !== undefined)
    return [
      {
        kind: 'refused',
        value: `users of the run cannot be put where ${odd.name === 'authtype' ? 'AuthType' : 'AuthBasicProvider'} ${odd.args.join(' ')} looks for them: only a file of HTTP basic authentication (AuthType Basic, AuthUserFile) can be theirs`,
        place: odd.place,
      },
    ]
  if (files.length === 0) return []
  const lines = text.split('\n')
  const named = all.filter(({ name, args: [kind = ''] }) => name === 'require' && /^(user|group)$/i.test(kind))
  return [
    ...files,
    ...named.map(({ args, place }): Passwords => {
      const { file, line } = place
      const indent = /^\s*/.exec(lines[line - 1] ?? '')?.[0] ?? ''
      const instead = `${indent}Require user {name:alice} {name:bob}`
      const value = args
        .slice(1)
        .map((one) => `"${one}"`)
        .join(' and ')
      return { kind: 'lines', value, place, changes: [{ file, line, text: instead }] }
    }),
  ]
}

/**
 * `RequestHeader set X-Remote-User expr=%{REMOTE_USER}`, `%{REMOTE_USER}s`, or a variable that a rule has made of it
 * (`RewriteRule .* - [E=WHO:%{LA-U:REMOTE_USER}]`); else what mod_auth_openidc makes of the claim.
 */
function identitiesOf(all: readonly Directive[]): Said[] {
  const ofUser = /REMOTE_USER|OIDC_CLAIM|SSL_CLIENT/
  const made = all
    .filter(
      ({ name, args }) => /^(rewriterule|setenvif|setenvifexpr)$/.test(name) && args.some((one) => ofUser.test(one)),
    )
    .flatMap(({ args }) => args.flatMap((one) => [...one.matchAll(/\bE=(\w+):|^(\w+)=/g)]))
    .map(([, rule, variable]) => rule ?? variable ?? '')
  const says = (value: string) => ofUser.test(value) || made.some((name) => value.includes(`%{${name}}e`))
  const set = all.flatMap(({ name, args: [action = '', header = '', value = ''], place }) =>
    name === 'requestheader' &&
    /^(set|add|append|merge|setifempty)$/i.test(action) &&
    (isIdentity(header) || /^(expr=)?%\{REMOTE_USER\}[es]?$/.test(value)) &&
    says(value)
      ? [{ value: header, place }]
      : [],
  )
  const passed = all.find(({ name }) => name === 'oidcpassclaimsas')?.args[0] ?? 'both'
  const [redirect] = all.filter(({ name }) => name === 'oidcredirecturi')
  return set.length === 0 && redirect !== undefined && /both|headers/.test(passed)
    ? [{ value: 'OIDC_CLAIM_email', place: redirect.place }]
    : set
}

function clientOf(first: (name: string) => Said | undefined, host: string): Pick<Facts, 'client'> {
  const metadata = first('oidcprovidermetadataurl')
  const redirect = first('oidcredirecturi')
  if (metadata === undefined || redirect === undefined) return {}
  const clientId = first('oidcclientid')?.value
  const secret = first('oidcclientsecret')?.value
  return {
    client: {
      place: metadata.place,
      value: {
        provider: 'oidc',
        issuer: metadata.value.replace(/\/\.well-known\/openid-configuration$/, ''),
        ...(clientId !== undefined && { clientId }),
        // A variable is filled in by the run.
        ...(secret !== undefined && !secret.startsWith('$') && { clientSecret: secret }),
        redirect: new URL(redirect.value, `https://${host}/`).href,
      },
    },
  }
}

/** Folders of log files that a relative path names: other systems than Debian have `logs` there. */
export function apacheLogFolders(text: string): string[] {
  const logs = text.matchAll(/^\s*(?:ErrorLog|CustomLog|TransferLog|ScriptLog)\s+"?([\w.-][\w./-]*)\/[\w.-]+/gim)
  return [...new Set([...logs].map(([, folder = '']) => resolve('/etc/apache2', folder)))]
}

/** Variables that stand for a secret of the log-in, with what the run puts there. */
export function apacheSecrets(text: string): Readonly<Record<string, string>> {
  const variable = (directive: string) => new RegExp(`^\\s*${directive}\\s+"?\\$\\{(\\w+)\\}`, 'im').exec(text)?.[1]
  const client = variable('OIDCClientSecret')
  const cookie = variable('OIDCCryptoPassphrase')
  return {
    ...(client !== undefined && { [client]: '{secret:client}' }),
    ...(cookie !== undefined && { [cookie]: '{secret:cookie}' }),
  }
}

/** Names are in lower case; `<VirtualHost` begins a section. A # begins a comment only at the start of a line. */
function directivesOf(text: string, file: string): Directive[] {
  const open: Directive[] = []
  const out: Directive[] = []
  let continued = ''
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.endsWith('\\') && !/^\s*#/.test(raw)) {
      continued += `${raw.slice(0, -1)} `
      continue
    }
    const line = continued + raw
    continued = ''
    const place: Place = { file, line: index + 1, column: raw.search(/\S/) + 1 || 1 }
    if (/^\s*(#|$)/.test(line)) continue
    const closing = /^\s*<\/(\w+)/.exec(line)?.[1]?.toLowerCase()
    const [name = '', ...args] = [...line.replace(/>\s*$/, '').matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
      ([, double, single, plain]) => double ?? single ?? plain ?? '',
    )
    if (closing !== undefined) {
      const last = open.pop()
      if (last?.name !== `<${closing}`)
        refuseOn([
          {
            ...place,
            message: last ? `expected </${last.name.slice(1)}>, found </${closing}>` : `unexpected </${closing}>`,
          },
        ])
      continue
    }
    const within = open.at(-1)
    const directive = { name: name.toLowerCase(), args, place, raw, ...(within && { within }) }
    if (name.startsWith('<')) open.push(directive)
    out.push(directive)
  }
  const [unclosed] = open
  if (unclosed !== undefined) refuseOn([{ ...unclosed.place, message: `${unclosed.name}> is not closed` }])
  return out
}
