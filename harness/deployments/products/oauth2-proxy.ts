/** Which OpenID client an oauth2-proxy is: from its flags, its environment and its configuration file, in this order of weight. */
import type { OidcClient } from './facts.ts'

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
  const file = read('authenticated-emails-file')
  if (file !== undefined) replaced.push(`${file} holds the addresses of the run's users`)
  return { args, env, replaced, fromRun: file === undefined ? {} : { [file]: 'emails' } }
}

const variable = (name: string) => `OAUTH2_PROXY_${name.replaceAll('-', '_').toUpperCase()}`

/** The flag with another value, once, wherever and however often it was written. */
function withFlag(args: readonly string[], name: string, value: string): string[] {
  const isFlag = (arg: string) => new RegExp(`^--?${name}(=|$)`, 'i').test(arg)
  const kept = args.filter(
    (arg, index) => !isFlag(arg) && !(isFlag(args[index - 1] ?? '') && !args[index - 1]?.includes('=')),
  )
  return [...kept, `--${name}=${value}`]
}

/** @param cfg text of its configuration file */
export function oauth2ProxyClient(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cfg = '',
): OidcClient & { readonly port: number } {
  const setting = (name: string): string | undefined =>
    flag(args, name) ?? env[variable(name)] ?? line(cfg, name.replaceAll('-', '_'))
  const issuer = setting('oidc-issuer-url')
  const clientId = setting('client-id')
  const clientSecret = setting('client-secret')
  const redirect = setting('redirect-url')
  return {
    provider: setting('provider') ?? 'google',
    ...(issuer && { issuer }),
    ...(clientId && { clientId }),
    ...(clientSecret && { clientSecret }),
    ...(redirect && { redirect }),
    port: Number(/:(\d+)$/.exec(setting('http-address') ?? '')?.[1] ?? 4180),
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
