/** The HTTP/1.1 side: Node's strict parser in front, the core behind it, answers of the gateway passed on as they are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Dial } from '../clients/exchange.ts'
import type { HeaderLine } from '../plan/case.ts'
import { isWebSocketUpgrade } from './admission.ts'
import { type Answer, answerBytes, endToEnd, headBytes, textAnswer } from './answer.ts'
import type { Behaviour } from './behaviour.ts'
import type { Core, Outcome } from './core.ts'
import { askGateway, askUpgrade, type UpgradeAnswer, upgradeLines } from './forward.ts'
import { pairsOf, valuesOf } from './header-lines.ts'
import type { ProxyRequest } from './request.ts'

export type Front = {
  readonly core: Core
  readonly behaviour: Pick<Behaviour, 'trailers' | 'reflected'>
  /** To the gateway. */
  readonly dialGateway: () => ReturnType<Dial>
  /** The network's word on who is at the other end. */
  readonly peerOf: (socket: Duplex) => string
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
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(answerBytes(textAnswer(405, 'CONNECT is not for a reverse proxy')))
  })
  return server
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const received = proxyRequest(front, request, 'http')
  // After an upgrade that was ignored nobody can say what the next bytes are: the answer is the connection's last.
  if (valuesOf('upgrade', received.headers).length) response.shouldKeepAlive = false
  const outcome = await front.core(received)
  const reflected = front.behaviour.reflected(received)
  if (outcome.kind === 'answer') return write(response, outcome.answer, reflected)

  let answered: IncomingMessage
  try {
    const socket = await front.dialGateway()
    answered = await askGateway(...(await gatewayRequest(front, received, outcome, request, socket)))
  } catch {
    return write(response, outcome.instead ?? textAnswer(502, 'the gateway does not answer'))
  }
  if (outcome.instead) {
    answered.resume()
    return write(response, outcome.instead)
  }
  response.sendDate = false
  const lines = [...endToEnd(pairsOf(answered.rawHeaders)), ...reflected]
  response.writeHead(answered.statusCode ?? 502, answered.statusMessage, lines.flat())
  await pipeline(answered, response)
}

async function gatewayRequest(
  front: Front,
  received: ProxyRequest,
  { target, lines }: Extract<Outcome, { kind: 'forward' }>,
  body: IncomingMessage,
  socket: Duplex,
): Promise<Parameters<typeof askGateway>> {
  const chunked = valuesOf('transfer-encoding', received.headers).length > 0
  const asked = { method: received.method, target, lines, socket }
  if (!chunked && !valuesOf('content-length', received.headers).length) return [asked]
  if (chunked && front.behaviour.trailers === 'merged') {
    const content = await buffer(body)
    const length: HeaderLine = ['Content-Length', String(content.length)]
    const merged = { ...asked, lines: [...lines, ...pairsOf(body.rawTrailers), length] }
    return [merged, { stream: Readable.from([content]), chunked: false }]
  }
  return [asked, { stream: body, chunked }]
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
    answer = await askUpgrade({ method: received.method, target, lines, socket: await front.dialGateway() })
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
  // The gateway's own refusal, delivered as such; nothing that the client sent after its upgrade is read.
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
  return {
    transport,
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    headers: pairsOf(request.rawHeaders),
    peer: front.peerOf(request.socket),
  }
}
