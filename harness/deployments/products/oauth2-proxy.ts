/** Which OpenID client an oauth2-proxy is: from its flags, its environment and its configuration file, in this order of weight. */
import type { OidcClient } from './facts.ts'

/** @param cfg text of its configuration file */
export function oauth2ProxyClient(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cfg = '',
): OidcClient & { readonly port: number } {
  const setting = (name: string): string | undefined =>
    flag(args, name) ??
    env[`OAUTH2_PROXY_${name.replaceAll('-', '_').toUpperCase()}`] ??
    line(cfg, name.replaceAll('-', '_'))
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
