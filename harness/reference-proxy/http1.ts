/** The HTTP/1.1 side: Node's strict parser in front, the core behind it, answers of the gateway passed on as they are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Dial } from '../lab/dial.ts'
import type { HeaderLine } from '../plan/case.ts'
import { isWebSocketUpgrade } from './admission.ts'
import { type Answer, answerBytes, endToEnd, headBytes, textAnswer } from './answer.ts'
import type { Behaviour } from './behaviour.ts'
import { upgradeLines } from './forward.ts'
import { pairsOf, valuesOf } from './header-lines.ts'
import type { Core, GatewayAnswer, GatewayHop, Outcome, UpgradeAnswer } from './outcome.ts'
import type { ProxyRequest } from './request.ts'
import { withMergedTrailers } from './trailers.ts'

export type Front = {
  readonly core: Core
  readonly behaviour: Pick<Behaviour, 'trailers' | 'reflected' | 'connect' | 'afterRefusedUpgrade' | 'connections'>
  readonly gateway: GatewayHop
  /** A connection to the gateway, for mutants that write to it as they please. */
  readonly dialGateway: () => ReturnType<Dial>
  /** The address at the other end, as the network knows it. */
  readonly peerOf: (socket: Duplex) => string
  /** Of the client's certificate, where the connection showed one that is trusted. */
  readonly subjectOf?: (socket: Duplex) => string | undefined
}

/** A server without a listener: connections are handed to it by `emit('connection', socket)`. */
export function createHttp1(front: Front): Server {
  const server = createServer({
    insecureHTTPParser: false,
    shouldUpgradeCallback: ({ method = '', httpVersion, rawHeaders }) =>
      isWebSocketUpgrade({ method, httpVersion, headers: pairsOf(rawHeaders) }),
  })
  server.on('request', (request, response) => {
    serve(front, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    serveUpgrade(front, request, socket, head).catch(() => socket.destroy())
  })
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (front.behaviour.connect === 'refused') {
      socket.end(answerBytes(textAnswer(405, 'CONNECT is not for a reverse proxy')))
      return
    }
    openTunnel(front, request, socket, head).catch(() => socket.destroy())
  })
  return server
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const received = proxyRequest(front, request, 'http')
  // After an upgrade that was ignored, the next bytes may be of the other protocol: the answer is the connection's last.
  if (valuesOf('upgrade', received.headers).length || front.behaviour.connections === 'closed')
    response.shouldKeepAlive = false
  const outcome = await front.core(received)
  const reflected = front.behaviour.reflected(received)
  if (outcome.kind === 'answer') return write(response, outcome.answer, reflected)

  let answered: GatewayAnswer
  try {
    answered = await front.gateway.request(...(await gatewayRequest(front, received, outcome, request)))
  } catch {
    return write(response, outcome.instead ?? textAnswer(502, 'the gateway does not answer'))
  }
  if (outcome.instead) {
    answered.body.resume()
    return write(response, outcome.instead)
  }
  response.sendDate = false
  response.writeHead(answered.status, answered.statusMessage, [...answered.lines, ...reflected].flat())
  await pipeline(answered.body, response)
}

async function gatewayRequest(
  front: Front,
  received: ProxyRequest,
  { target, lines }: Extract<Outcome, { kind: 'forward' }>,
  body: IncomingMessage,
): Promise<Parameters<GatewayHop['request']>> {
  const chunked = valuesOf('transfer-encoding', received.headers).length > 0
  const asked = { method: received.method, target, lines }
  if (!chunked && !valuesOf('content-length', received.headers).length) return [asked]
  return await withMergedTrailers(asked, { stream: body, chunked }, front.behaviour.trailers)
}

/** A mutant's mistake: a client with a session gets a connection to the gateway. */
async function openTunnel(front: Front, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const outcome = await front.core({ ...proxyRequest(front, request, 'http'), method: 'GET', target: '/' })
  if (outcome.kind === 'answer') {
    client.end(answerBytes(outcome.answer))
    return
  }
  client.write(headBytes('HTTP/1.1 200 Connection Established', []))
  join(client, head, await front.dialGateway())
}

async function serveUpgrade(front: Front, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const received = proxyRequest(front, request, 'websocket')
  const outcome = await front.core(received)
  if (outcome.kind === 'answer') {
    client.end(answerBytes(outcome.answer))
    return
  }
  const { target, lines } = outcome
  let answer: UpgradeAnswer
  try {
    answer = await front.gateway.upgrade({ method: received.method, target, lines })
  } catch {
    client.end(answerBytes(textAnswer(502, 'the gateway does not answer')))
    return
  }
  if (outcome.instead) {
    answer.response.socket.destroy()
    client.end(answerBytes(outcome.instead))
    return
  }
  const { response } = answer
  const first = `HTTP/1.1 ${response.statusCode ?? 502} ${response.statusMessage ?? ''}`
  const kept = endToEnd(pairsOf(response.rawHeaders))
  if (answer.kind === 'upgraded') {
    client.write(headBytes(first, upgradeLines(kept)))
    if (answer.head.length) client.write(answer.head)
    join(client, head, answer.socket)
    return
  }
  if (front.behaviour.afterRefusedUpgrade === 'forwarded') {
    client.write(headBytes(first, kept))
    join(client, head, await front.dialGateway())
    return
  }
  // The gateway's own refusal, passed on as it is; nothing that the client sent after its upgrade is read.
  client.write(headBytes(first, [...kept, ['Connection', 'close']]))
  await pipeline(response, client)
}

/** A tunnel: bytes in both directions until either end closes. `head`: what the client has sent already. */
export function join(client: Duplex, head: Buffer, gateway: Duplex): void {
  if (head.length) gateway.write(head)
  for (const [from, to] of [
    [client, gateway],
    [gateway, client],
  ] as const) {
    from.pipe(to)
    from.once('error', () => to.destroy())
    // A clean close has flushed its last bytes into `to`; ending it lets them out first.
    from.once('close', () => to.end())
  }
}

function write(response: ServerResponse, { status, headers, body }: Answer, more: readonly HeaderLine[] = []): void {
  response.writeHead(status, [...headers, ...more].flat())
  response.end(body)
}

function proxyRequest(front: Front, request: IncomingMessage, transport: ProxyRequest['transport']): ProxyRequest {
  const subject = front.subjectOf?.(request.socket)
  return {
    transport,
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    headers: pairsOf(request.rawHeaders),
    peer: front.peerOf(request.socket),
    ...(subject !== undefined && { subject }),
    body: () => text(request),
    connection: request.socket,
  }
}
