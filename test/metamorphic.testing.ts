/** A folder with the hardened nginx once as it is, and once for each constant that is changed in its files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'

export type Found = Readonly<Record<string, string>>

/** What is not as before, with both. */
export function differences(before: Found, after: Found): Record<string, string> {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    keys.filter((key) => before[key] !== after[key]).map((key) => [key, `${before[key]} -> ${after[key]}`]),
  )
}

type Replacement = readonly [before: string, after: string]

type Changed = {
  /** Texts of `nginx.conf` and `oauth2-proxy.cfg`; each must be there. */
  readonly replace: readonly Replacement[]
  /** Keys of the variant in proxy.yaml. */
  readonly variant?: Readonly<Record<string, unknown>>
  /** Beginnings of the cells (case, transport) that come out otherwise because the proxy does something else. */
  readonly rightly?: readonly string[]
}

/** The header takes the place of the trusted one, and the trusted one is emptied where the header was. */
const identity = (header: string, claim = 'email'): Changed => ({
  replace: [
    ['X-Auth-Request-Email $user', `${header} $user`],
    [`proxy_set_header ${header} "";`, 'proxy_set_header X-Auth-Request-Email "";'],
    ['$upstream_http_x_auth_request_email', `$upstream_http_x_auth_request_${claim}`],
  ],
  variant: { identity: header },
})

export const changedConstants: Readonly<Record<string, Changed>> = {
  usual: { replace: [] },
  'other-header': identity('Remote-User'),
  'user-names': {
    ...identity('X-Auth-Request-Preferred-Username', 'preferred_username'),
    // Addresses that are no single address name nobody here. Whoever lacks a user name has an address, and oauth2-proxy lets them sign in.
    rightly: ['identity.claims.not-one-address ', 'spoofing.no-claim.assertions '],
  },
  subjects: {
    ...identity('X-Auth-Request-User', 'user'),
    // Everybody has a subject: the cases about users without one are unsupported.
    rightly: [
      'identity.claims.not-one-address ',
      'identity.users.no-',
      'spoofing.no-claim.',
      'hop-by-hop.identity.no-claim ',
      'websocket.upgrade.no-claim ',
    ],
  },
  'required-header': {
    replace: [
      [
        'proxy_set_header X-Forwarded-Proto $scheme;\n        proxy',
        'proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header X-Proxy-Secret s3cret;\n        proxy',
      ],
    ],
    variant: { 'required-headers': ['x-proxy-secret'] },
  },
  'access-assertion': {
    replace: [
      [
        'proxy_set_header X-Forwarded-Proto $scheme;\n        proxy',
        'proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header Cf-Access-Jwt-Assertion signed;\n        proxy',
      ],
    ],
    variant: { 'required-headers': ['cf-access-jwt-assertion'] },
    // The assertion is the proxy's own here, so a client's does not arrive.
    rightly: ['spoofing.public-route.assertions '],
  },
  'nothing-required': {
    replace: [],
    variant: { 'required-headers': [] },
    // There is no header that a request could lack.
    rightly: [
      'gateway.trusted-source.required-header-missing ',
      'hop-by-hop.forwarded.required-headers ',
      'hop-by-hop.forwarded.required-headers-survive ',
      'spoofing.no-claim.required-header ',
      'spoofing.public-route.required-header ',
    ],
  },
  portal: {
    replace: [
      ['server_name app.test', 'server_name chat.example.com auth.example.com'],
      [
        'return 302 /oauth2/start?rd=$request_uri',
        'return 302 https://auth.example.com/oauth2/start?rd=https://chat.example.com$request_uri',
      ],
      [
        'https://app.test/oauth2/callback"',
        'https://auth.example.com/oauth2/callback"\ncookie_domains = [".example.com"]\nwhitelist_domains = [".example.com"]',
      ],
    ],
    variant: {
      host: 'chat.example.com',
      names: { proxy: ['auth.example.com'] },
      login: { callbacks: ['https://auth.example.com/oauth2/callback'], 'log-out': '/oauth2/sign_out' },
    },
  },
  'public-host': {
    replace: [['app.test', 'gate.example.com']],
    variant: { host: 'gate.example.com' },
  },
  'auth-port': {
    replace: [[':4180', ':9091']],
    variant: { services: { auth: { ready: { port: 9091 } } } },
  },
  'closed-connections': {
    replace: [['access_log off;', 'access_log off;\n    keepalive_timeout 0;']],
    // Measured with nginx 1.22.1: over h2 it neither answers a request with trailers nor closes within 5 s, which is a fail of its own.
    rightly: ['merged', 'dropped', 'other-trusted-names'].map((id) => `spoofing.trailers.${id} h2`),
  },
  'own-scopes': { replace: [['X-Openclaw-Scopes ""', 'X-Openclaw-Scopes "operator.read,operator.write"']] },
  issuer: { replace: [['http://idp.test', 'http://sso.example.com/realms/home']] },
}

const written = z.looseObject({
  login: z.looseObject({ callbacks: z.array(z.string()) }),
  variants: z.looseObject({ hardened: z.record(z.string(), z.unknown()) }),
})

/** @param root of the project. @param folder is made, with a variant for each of `changedConstants` */
export async function writeChanged(root: string, folder: string): Promise<void> {
  const source = join(root, 'proxies', 'nginx-oauth2-proxy')
  const {
    canaries: _,
    versions: __,
    login,
    variants,
    ...proxy
  } = written.parse(parse(await readFile(join(source, 'proxy.yaml'), 'utf8')))
  const files = ['nginx.conf', 'oauth2-proxy.cfg']
  const texts = await Promise.all(files.map((file) => readFile(join(source, 'hardened', file), 'utf8')))
  const changed: [string, unknown][] = []
  for (const [name, { replace, variant }] of Object.entries(changedConstants)) {
    const missing = replace.filter(([before]) => !texts.some((text) => text.includes(before)))
    if (missing.length > 0) throw new Error(`${name}: the hardened files have no ${missing.map(([before]) => before)}`)
    await mkdir(join(folder, name), { recursive: true })
    for (const [index, file] of files.entries())
      await writeFile(join(folder, name, file), replaced(texts[index] ?? '', replace))
    const address = (text: string) => replaced(text, replace)
    changed.push([
      name,
      {
        ...variants.hardened,
        title: name,
        login: {
          ...login,
          callbacks: login.callbacks.map(address),
          ...(name === 'issuer' && { issuer: address('http://idp.test') }),
        },
        ...variant,
      },
    ])
  }
  await writeFile(
    join(folder, 'proxy.yaml'),
    stringify({ ...proxy, name: 'changed', variants: Object.fromEntries(changed) }),
  )
}

function replaced(text: string, replace: readonly Replacement[]): string {
  return replace.reduce((result, [before, after]) => result.replaceAll(before, after), text)
}
