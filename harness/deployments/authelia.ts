/** Authelia in a deployment, which a stand-in plays: where its portal is, and for which domain its session counts. */
import type { LoginFile } from '../plan/login-schema.ts'
import type { ServiceFile } from '../plan/service-schema.ts'
import type { Facts } from './products/facts.ts'

/** What only Authelia's endpoints are called (its documentation, "Proxy Authorization"). */
export const asksAuthelia = (text: string) =>
  /\/api\/(authz\/(forward-auth|auth-request|ext-authz)|verify)\b/.test(text)

/** Whether a stand-in of this project plays that service. */
export const isPlayed = (recipe: 'authelia' | 'authentik', { build }: Pick<ServiceFile, 'build'>): boolean =>
  build !== undefined && 'recipe' in build && build.recipe === recipe

/**
 * The portal's host: where strangers are sent, or else the host whose requests go to Authelia itself.
 * @param text of the proxy's configuration, or all labels
 */
export function portalIn(text: string, { auth, upstreams, hosts }: Facts): string | undefined {
  const [, sent] = /\b(?:rd|authelia_url)=(?:https?:\/\/|https?%3A%2F%2F)([a-z0-9.-]+)/i.exec(text) ?? []
  if (sent !== undefined) return sent
  const own = upstreams.find(({ value }) =>
    auth.some((one) => one.value.host === value.host && one.value.port === value.port),
  )
  return own?.value.site === undefined ? undefined : hosts.find(({ site }) => site === own.value.site)?.value
}

/** @param host the public host. Without a portal it is beside it, under the name that Authelia's documentation uses */
export function autheliaFor(
  host: string,
  portal: string = `auth.${parentOf(host)}`,
): { readonly env: Readonly<Record<string, string>>; readonly login: LoginFile } {
  return {
    env: { AUTHELIA_DOMAIN: commonDomain(host, portal), AUTHELIA_PORTAL: `https://${portal}` },
    login: { form: { user: 'username', password: 'password' }, portal: `https://${portal}/` },
  }
}

const parentOf = (host: string) => host.split('.').slice(1).join('.')

/** The longest domain that both are below: its cookie reaches both. */
function commonDomain(one: string, other: string): string {
  const [first, second] = [one.split('.').toReversed(), other.split('.').toReversed()]
  const same = first.findIndex((label, index) => label !== second[index])
  return (same < 0 ? first : first.slice(0, same)).toReversed().join('.') || one
}
