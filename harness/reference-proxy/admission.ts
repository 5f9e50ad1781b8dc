/** What the proxy does not even consider: requests that two programs could read in two ways. */
import { membersOf, valuesOf } from './header-lines.ts'
import type { ProxyRequest, Settings } from './request.ts'

export type Refusal = { readonly status: number; readonly reason: string }

/** The node parser has already refused broken framing (CL+TE, two CL, odd codings, bare LF, bad names); this is what it lets through. */
export function refusalOf(request: ProxyRequest, settings: Settings): Refusal | undefined {
  if (request.method === 'CONNECT' || request.method === 'TRACE') {
    return { status: 405, reason: `${request.method} is not for a reverse proxy` }
  }
  const [host, second] = valuesOf('host', request.headers)
  // RFC 9112 3.2: no Host, or more than one, is a 400.
  if (host === undefined || second !== undefined) return { status: 400, reason: 'exactly one Host line is required' }
  if (!isOurs(host, settings)) return { status: 421, reason: 'this host is not served here' }
  // RFC 9112 6.1: a 1.0 client cannot mean a transfer coding; something before us may have framed by Content-Length.
  if (request.httpVersion === '1.0' && valuesOf('transfer-encoding', request.headers).length) {
    return { status: 400, reason: 'HTTP/1.0 has no Transfer-Encoding' }
  }
  if (originForm(request.target, settings) === undefined) {
    return { status: 400, reason: 'the request target is not a path of this host' }
  }
  return undefined
}

/**
 * Whether the request opens a WebSocket (RFC 6455 4.2.1). Any other `Upgrade` is ignored, as RFC 9110 7.8 allows, and the
 * request served as the ordinary one that it also is: no other tunnel can be opened.
 */
export function isWebSocketUpgrade(request: Pick<ProxyRequest, 'method' | 'httpVersion' | 'headers'>): boolean {
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    membersOf('connection', request.headers).includes('upgrade') &&
    membersOf('upgrade', request.headers).includes('websocket') &&
    // A body would be read as frames.
    !valuesOf('content-length', request.headers).length &&
    !valuesOf('transfer-encoding', request.headers).length
  )
}

/**
 * The target as path and query. An absolute-form target must name this host (RFC 9112 3.2.2: it wins over `Host`, and
 * programs that forget this see two hosts). A fragment never belongs on the wire.
 */
export function originForm(target: string, settings: Settings): string | undefined {
  if (target.includes('#')) return undefined
  if (target.startsWith('/')) return target
  const absolute = /^https:\/\/([^/?]*)(.*)$/i.exec(target)
  if (!absolute || !isOurs(absolute[1] ?? '', settings)) return undefined
  const rest = absolute[2] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}

function isOurs(host: string, settings: Settings): boolean {
  const name = host.toLowerCase()
  return name === settings.host || name === `${settings.host}:443`
}
