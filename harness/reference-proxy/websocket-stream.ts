/** A WebSocket on a stream of HTTP/2: an extended CONNECT (RFC 8441 4 and 5), which becomes an upgrade of HTTP/1.1 towards the gateway. */
import { randomBytes } from 'node:crypto'
import type { ServerHttp2Stream } from 'node:http2'
import { pipeline } from 'node:stream/promises'
import type { HeaderLine } from '../plan/case.ts'
import { endToEnd, textAnswer } from './answer.ts'
import { pairsOf, valuesOf, without } from './header-lines.ts'
import { type Front, join } from './http1.ts'
import { fields, respond } from './http2-answer.ts'
import type { UpgradeAnswer } from './outcome.ts'
import type { ProxyRequest } from './request.ts'

export async function serveWebSocketStream(
  front: Front,
  stream: ServerHttp2Stream,
  connect: ProxyRequest,
  protocol: string,
): Promise<void> {
  // RFC 9220 3: 501 for a protocol that is not known. No other tunnel can be opened.
  if (protocol !== 'websocket' || connect.method !== 'CONNECT')
    return respond(stream, textAnswer(501, `there is no protocol "${protocol}" here`))
  // A length would be read by the gateway as that of a body, and the frames as the next request.
  if (valuesOf('content-length', connect.headers).length > 0)
    return respond(stream, textAnswer(400, 'a CONNECT has no length'))
  // What it stands for is decided on, whatever its method is called.
  const received: ProxyRequest = { ...connect, transport: 'websocket', method: 'GET' }
  const outcome = await front.core(received)
  if (outcome.kind === 'answer') return respond(stream, outcome.answer)
  // The key and its answer belong to the handshake of HTTP/1.1 (RFC 8441 5.1).
  const key: HeaderLine = ['Sec-WebSocket-Key', randomBytes(16).toString('base64')]
  const lines = [...without('sec-websocket-key', outcome.lines), key]
  let answer: UpgradeAnswer
  try {
    answer = await front.gateway.upgrade({ method: received.method, target: outcome.target, lines })
  } catch {
    return respond(stream, textAnswer(502, 'the gateway does not answer'))
  }
  const { response } = answer
  if (outcome.instead) {
    response.socket.destroy()
    return respond(stream, outcome.instead)
  }
  const kept = without('sec-websocket-accept', endToEnd(pairsOf(response.rawHeaders)))
  if (answer.kind === 'upgraded') {
    stream.respond(fields(200, kept))
    if (answer.head.length) stream.write(answer.head)
    join(stream, Buffer.alloc(0), answer.socket)
    return
  }
  stream.respond(fields(response.statusCode ?? 502, kept))
  await pipeline(response, stream)
}
