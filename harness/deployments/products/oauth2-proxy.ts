/** Which OpenID client an oauth2-proxy is: from its flags, its environment and its configuration file, in this order of weight. */
import { type OidcClient, type Upstream, upstreamOf } from './facts.ts'

/** Providers that are OpenID Connect and nothing else: the run can be any of them under their own issuer. */
const openid = ['oidc', 'keycloak-oidc']

type Started = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }

/** How it is started for a run: the provider that is asked and the people that may sign in are the run's. */
type StartedForRun = Started & {
  /** Path in the container -> what the run puts there. */
  readonly fromRun: Readonly<Record<string, 'emails'>>
  /** What differs, in words. */
  readonly replaced: readonly string[]
}

/** @param cfg text of its configuration file */
export function startedForRun(started: Started, cfg = ''): StartedForRun {
  const read = (name: string, env = name) =>
    flag(started.args, name) ?? started.env[variable(env)] ?? line(cfg, env.replaceAll('-', '_'))
  let { args, env } = started
  const put = (name: string, value: string, variableOf = name) => {
    if (flag(args, name) === undefined) env = { ...env, [variable(variableOf)]: value }
    else args = withFlag(args, name, value)
  }
  const replaced: string[] = []
  const provider = read('provider') ?? 'google'
  if (!openid.includes(provider)) {
    const issuer = read('oidc-issuer-url') ?? 'http://idp.test'
    put('provider', 'oidc')
    put('oidc-issuer-url', issuer)
    const scope = read('scope')
    if (scope !== undefined && !/\bopenid\b/.test(scope)) put('scope', 'openid email profile')
    replaced.push(`users log in at the OpenID provider of the run (${issuer}) in place of "${provider}"`)
  }
  const domains = read('email-domain', 'email-domains')
  if (domains !== undefined && !/\*|example\.test/.test(domains)) {
    put('email-domain', 'example.test', 'email-domains')
    replaced.push(`addresses of example.test may sign in, in place of ${domains}`)
  }
  // Templates of other people have words there that only their owner can fill in.
  const redirect = read('redirect-url')
  if (redirect !== undefined && URL.parse(redirect) === null) {
    put('redirect-url', callbackOfHost)
    replaced.push(`${redirect || 'an empty redirect URL'} is no address, so users come back to the public host`)
  }
  const secret = read('cookie-secret')
  if (read('cookie-secret-file') === undefined && !isCookieSecret(secret ?? '')) {
    args = withoutFlag(args, 'cookie-secret')
    env = { ...env, [variable('cookie-secret')]: '{secret:cookie}' }
    if (secret !== undefined)
      replaced.push(
        'the secret of its cookie is of the run: with one of another length than 16, 24 or 32 bytes it does not start',
      )
  }
  if (!read('client-id')) {
    args = withoutFlag(withoutFlag(args, 'client-id'), 'client-secret')
    env = { ...env, [variable('client-id')]: 'conformance', [variable('client-secret')]: '{secret:client}' }
    replaced.push('it names no client, so it is one of the run')
  }
  const file = read('authenticated-emails-file')
  if (file !== undefined) replaced.push(`${file} holds the addresses of the run's users`)
  return { args, env, replaced, fromRun: file === undefined ? {} : { [file]: 'emails' } }
}

const variable = (name: string) => `OAUTH2_PROXY_${name.replaceAll('-', '_').toUpperCase()}`

/** Stands for the callback of the public host, which is concluded later. */
export const callbackOfHost = 'callback-of-the-public-host'

/** Of AES: as it is, or in base64 (oauth2-proxy, `cookie-secret`). */
function isCookieSecret(secret: string): boolean {
  const sizes = [16, 24, 32]
  return (
    secret.startsWith('{secret:') ||
    sizes.includes(Buffer.byteLength(secret)) ||
    (/^[\w+/-]+=*$/.test(secret) && sizes.includes(Buffer.from(secret, 'base64').length))
  )
}

/** The flag with another value, once, wherever and however often it was written. */
const withFlag = (args: readonly string[], name: string, value: string) => [
  ...withoutFlag(args, name),
  `--${name}=${value}`,
]

function withoutFlag(args: readonly string[], name: string): string[] {
  const isFlag = (arg: string) => new RegExp(`^--?${name}(=|$)`, 'i').test(arg)
  return args.filter(
    (arg, index) => !isFlag(arg) && !(isFlag(args[index - 1] ?? '') && !args[index - 1]?.includes('=')),
  )
}

/** @param cfg text of its configuration file */
export function oauth2ProxyClient(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cfg = '',
): OidcClient & { readonly port: number } {
  const read = (name: string): string | undefined =>
    flag(args, name) ?? env[variable(name)] ?? line(cfg, name.replaceAll('-', '_'))
  const issuer = read('oidc-issuer-url')
  const clientId = read('client-id')
  const clientSecret = read('client-secret')
  const redirect = read('redirect-url')
  return {
    provider: read('provider') ?? 'google',
    ...(issuer && { issuer }),
    ...(clientId && { clientId }),
    ...(clientSecret && !clientSecret.startsWith('{secret:') && { clientSecret }),
    ...(redirect && redirect !== callbackOfHost && { redirect }),
    port: Number(/:(\d+)$/.exec(read('http-address') ?? '')?.[1] ?? 4180),
  }
}

/** `--name=value`, `--name value`, with one or two hyphens. */
export function flag(args: readonly string[], name: string): string | undefined {
  for (const [index, arg] of args.entries()) {
    const [, found, value] = /^--?([\w.-]+)(?:=([\s\S]*))?$/.exec(arg) ?? []
    if (found?.toLowerCase() === name.toLowerCase()) return value ?? args[index + 1]
  }
  return undefined
}

/** Where it forwards to itself: programs, and neither files nor fixed answers. `passesUser`: it says who the user is, as by default. */
export function forwardsOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cfg = '',
): { readonly upstreams: readonly Upstream[]; readonly passesUser: boolean } {
  const told = flag(args, 'upstream') ?? env[variable('upstreams')] ?? env[variable('upstream')]
  const [, list = ''] = /^\s*upstreams\s*=\s*\[([^\]]*)\]/m.exec(cfg) ?? []
  const written = list === '' ? (line(cfg, 'upstreams') ?? '') : list.replaceAll(/["'\s]/g, '')
  const urls = (told ?? written).split(',').map((one) => one.trim())
  const passes = flag(args, 'pass-user-headers') ?? env[variable('pass-user-headers')] ?? line(cfg, 'pass_user_headers')
  return {
    upstreams: urls.filter((url) => /^https?:\/\//.test(url)).flatMap((url) => upstreamOf(url) ?? []),
    passesUser: passes !== 'false',
  }
}

/** One line of TOML; values of several lines and tables are none of these. */
function line(cfg: string, name: string): string | undefined {
  const value = new RegExp(`^\\s*${name}\\s*=\\s*(.*?)\\s*$`, 'm').exec(cfg)?.[1]
  return value === undefined
    ? undefined
    : (/^"((?:[^"\\]|\\.)*)"|^'([^']*)'/
        .exec(value)
        ?.slice(1)
        .find((one) => one !== undefined) ?? value)
}
