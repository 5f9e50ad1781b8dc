/**
 * Asks the gateway: one connection per request, exactly the given header lines, the body as a stream. A gateway may answer
 * and close before it has read the body: errors after the answer are nobody's news.
 */
import { type IncomingMessage, request as openRequest } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { HeaderLine } from '../plan/case.ts'

export type GatewayRequest = {
  readonly method: string
  readonly target: string
  /** Without the lines of the hop, which are written here. */
  readonly lines: readonly HeaderLine[]
  readonly socket: Duplex
}

/** Exactly these lines, and none of Node's own. */
function outgoingWith(lines: readonly HeaderLine[], { method, target, socket }: GatewayRequest) {
  return openRequest({
    createConnection: () => socket,
    method,
    path: target,
    setHost: false,
    setDefaultHeaders: false,
    headers: lines.flat(),
  })
}

/** `body` absent: no body. `chunked`: its length is not among the lines. Rejects when the connection breaks before the head. */
export function askGateway(
  request: GatewayRequest,
  body?: { readonly stream: Readable; readonly chunked: boolean },
): Promise<IncomingMessage> {
  const framing: HeaderLine[] = body?.chunked ? [['Transfer-Encoding', 'chunked']] : []
  return new Promise((resolve, reject) => {
    const outgoing = outgoingWith([...request.lines, ...framing, ['Connection', 'close']], request)
    outgoing.on('error', reject)
    outgoing.once('response', resolve)
    if (!body) {
      outgoing.end()
      return
    }
    // The client may vanish in the middle of its body: then the gateway must not take the rest for granted.
    body.stream.once('error', () => outgoing.destroy())
    body.stream.pipe(outgoing)
  })
}

export type UpgradeAnswer =
  | { readonly kind: 'upgraded'; readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly kind: 'answered'; readonly response: IncomingMessage }

/** Asks the gateway to upgrade. Rejects when the connection breaks before an answer. */
export function askUpgrade(request: GatewayRequest): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = outgoingWith(upgradeLines(request.lines), request)
    outgoing.on('error', reject)
    outgoing.once('response', (response) => resolve({ kind: 'answered', response }))
    outgoing.once('upgrade', (response, upgraded, head) =>
      resolve({ kind: 'upgraded', response, socket: upgraded, head }),
    )
    outgoing.end()
  })
}

export function upgradeLines(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  return [...lines, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]
}
