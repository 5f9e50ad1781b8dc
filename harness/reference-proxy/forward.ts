/**
 * Asks the gateway: one connection per request, exactly the given header lines, the body as a stream. A gateway may answer
 * and close before it has read the body: errors after the answer are ignored.
 */
import { type IncomingMessage, request as openRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dial } from '../lab/dial.ts'
import type { HeaderLine } from '../plan/case.ts'
import { endToEnd } from './answer.ts'
import { pairsOf } from './header-lines.ts'
import type { Asked, AskedBody, GatewayHop, UpgradeAnswer } from './outcome.ts'

/** @param trailersOf header lines to send after a chunked body; asked for when the body has ended */
export function gatewayHop(dial: () => ReturnType<Dial>, trailersOf: TrailersOf): GatewayHop {
  return {
    async request(asked, body) {
      const answered = await askGateway(asked, await dial(), trailersOf, body)
      return {
        status: answered.statusCode ?? 502,
        statusMessage: answered.statusMessage ?? '',
        lines: endToEnd(pairsOf(answered.rawHeaders)),
        body: answered,
      }
    },
    upgrade: async (asked) => askUpgrade(asked, await dial()),
  }
}

type TrailersOf = (body: AskedBody) => readonly HeaderLine[]

/** Exactly these lines, and none of Node's own. */
function outgoingWith(lines: readonly HeaderLine[], { method, target }: Asked, socket: Duplex) {
  return openRequest({
    createConnection: () => socket,
    method,
    path: target,
    setHost: false,
    setDefaultHeaders: false,
    headers: lines.flat(),
  })
}

function askGateway(
  asked: Asked,
  socket: Duplex,
  trailersOf: TrailersOf,
  body: AskedBody | undefined,
): Promise<IncomingMessage> {
  const framing: HeaderLine[] = body?.chunked ? [['Transfer-Encoding', 'chunked']] : []
  return new Promise((resolve, reject) => {
    const outgoing = outgoingWith([...asked.lines, ...framing, ['Connection', 'close']], asked, socket)
    outgoing.on('error', reject)
    outgoing.once('response', resolve)
    if (!body) {
      outgoing.end()
      return
    }
    // The client may break off in the middle of its body: then the gateway must not take the message for complete.
    body.stream.once('error', () => outgoing.destroy())
    body.stream.once('end', () => {
      const trailers = body.chunked ? trailersOf(body) : []
      if (trailers.length > 0) outgoing.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]))
    })
    body.stream.pipe(outgoing)
  })
}

function askUpgrade(asked: Asked, socket: Duplex): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = outgoingWith(upgradeLines(asked.lines), asked, socket)
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
