/** Chooses the client and the peer for one request of a case. */
import type { Exchange } from '../../clients/exchange.ts'
import { sendHttp1 } from '../../clients/http1.ts'
import { sendHttp2 } from '../../clients/http2.ts'
import type { Peer } from '../../clients/tls.ts'
import { sendWebSocketOverHttp2 } from '../../clients/websocket-h2.ts'
import type { Dial } from '../../lab/dial.ts'
import { gatewayPort } from '../../lab/ports.ts'
import type { Case, Principal, Send, Transport } from '../../plan/case.ts'
import { credentialsIn } from '../../plan/credentials.ts'
import type { PlaceholderContext } from '../../plan/placeholders.ts'
import { type Listener, listenerAt } from '../environments/listeners.ts'
import type { RunningEnvironment } from '../environments/running-environment.ts'

/** @param send with all placeholders filled in */
export function sendOne(
  send: Send,
  transport: Transport,
  { from, to, as }: Pick<Case, 'from' | 'as'> & { readonly to: Case['to'] | Listener },
  context: PlaceholderContext,
  environment: RunningEnvironment,
): Promise<Exchange> {
  const peer = peerOf(from, to, context.host, environment, as)
  // Whoever dials the gateway itself speaks to it by its own name.
  const host = peer.tls === undefined ? `${peer.host}:${peer.port}` : context.host
  const request = { ...credentialsIn(context), host, mark: context.mark, password: context.password }
  switch (transport) {
    case 'h2':
      return sendHttp2(peer, send, request, environment.limits)
    case 'websocket-h2':
      return sendWebSocketOverHttp2(peer, send, request, environment.limits)
    case 'http':
    case 'websocket':
      return sendHttp1(peer, send, request, transport, environment.limits)
  }
}

/** Where a request from one place to another goes. @param as who sends it, where users are known by their addresses */
export function peerOf(
  from: Case['from'],
  to: Case['to'] | Listener,
  host: string,
  environment: RunningEnvironment,
  as: Principal = 'anonymous',
): Peer {
  const dial = dialOf(from, to, as, environment)
  if (typeof to === 'object') {
    const { host: name, port, tls } = to
    return { dial, host: name, port, ...(tls && { tls: { ca: environment.ca, servername: host } }) }
  }
  switch (to) {
    case 'proxy':
      return { dial, host, port: 443, tls: { ca: environment.ca, servername: host } }
    case 'auth':
    case 'sidecar':
    case 'sidecar-tls': {
      const listener = listenerAt(to, environment.listeners)
      // The plan leaves such a case out: a refused connection would show nothing.
      if (listener === undefined) throw new Error(`there is no listener for "to: ${to}"`)
      return peerOf(from, listener, host, environment, as)
    }
    case 'gateway':
      return {
        dial,
        host: from === 'gateway-loopback' ? '127.0.0.1' : gatewayHost(from, environment),
        port: environment.gatewayPort ?? gatewayPort,
      }
  }
}

function dialOf(
  from: Case['from'],
  to: Case['to'] | Listener,
  as: Principal,
  { dial, nodes, host }: Pick<RunningEnvironment, 'dial' | 'nodes' | 'host'>,
): Dial {
  if (from === 'internet' && nodes !== undefined) return nodes[as].dial
  if (from === 'gateway-own-address' && to === 'proxy' && host !== undefined) return host.dial
  return dial[from]
}

/** By its name in the network; by its address where the name would mean loopback. */
function gatewayHost(from: Case['from'], environment: RunningEnvironment): string {
  return from === 'gateway-own-address' ? environment.addresses.gateway : 'gateway'
}
