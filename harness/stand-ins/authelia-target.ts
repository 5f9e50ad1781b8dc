/**
 * Which request Authelia is asked about: each of its endpoints reads it from other places. `legacy` is /api/verify, which it had alone before 4.38.
 * Source: https://www.authelia.com/reference/guides/proxy-authorization/ (ForwardAuth, AuthRequest, ExtAuthz: Metadata).
 */
import { valuesOf } from '../reference-proxy/header-lines.ts'
import type { ProxyRequest } from '../reference-proxy/request.ts'

const authzPrefix = '/api/authz/'
const implementations = ['forward-auth', 'auth-request', 'ext-authz'] as const
export type Implementation = (typeof implementations)[number] | 'legacy'

/** The endpoint that a path belongs to. What stands behind `ext-authz` is the address that it is asked about. */
export function implementationOf(target: string): Implementation | undefined {
  const path = target.split('?', 1)[0] ?? ''
  if (path === '/api/verify') return 'legacy'
  return implementations.find((name) =>
    name === 'ext-authz'
      ? path === authzPrefix + name || path.startsWith(`${authzPrefix}${name}/`)
      : path === authzPrefix + name,
  )
}

type Asked = { readonly url: URL; readonly method: string }

/** `undefined` where the proxy did not describe a request: Authelia answers 400, whoever asks. */
export function askedOf(implementation: Implementation, request: ProxyRequest): Asked | undefined {
  const header = (name: string) => valuesOf(name, request.headers)[0] ?? ''
  switch (implementation) {
    case 'forward-auth':
      return checked(
        address(header('x-forwarded-proto'), header('x-forwarded-host'), header('x-forwarded-uri')),
        header('x-forwarded-method'),
      )
    case 'auth-request':
      return checked(header('x-original-url'), header('x-original-method'))
    case 'legacy': {
      const forwarded = address(header('x-forwarded-proto'), header('x-forwarded-host'), header('x-forwarded-uri'))
      // Nobody had to say a method there.
      return checked(header('x-original-url') || forwarded, header('x-forwarded-method') || 'GET')
    }
    case 'ext-authz':
      return checked(
        address(
          header('x-forwarded-proto'),
          header('host'),
          request.target.slice(`${authzPrefix}${implementation}`.length),
        ),
        request.method,
      )
  }
}

const address = (scheme: string, host: string, uri: string) =>
  scheme === '' || host === '' ? '' : `${scheme}://${host}${uri}`

/** Sessions are for secure addresses alone, and a method is written in capital letters. */
function checked(written: string, method: string): Asked | undefined {
  const url = URL.parse(written)
  if (url === null || !['https:', 'wss:'].includes(url.protocol) || !/^[A-Z]+$/.test(method)) return undefined
  return { url, method }
}
