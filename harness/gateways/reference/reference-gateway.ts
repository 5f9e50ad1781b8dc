/** The reference gateway: a real HTTP and WebSocket server that decides as its profile does, and records every request at its head. */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Arrival, Verdict } from '../recording/arrival.ts'
import type { Recorder, Unnumbered } from '../recording/recorder.ts'
import { canonicalAddress } from '../rules/addresses.ts'
import { attribute } from '../rules/attribution.ts'
import { judgeConnect, plainConnect } from '../rules/connect.ts'
import { bearerPassword, decide } from '../rules/decision.ts'
import { pairLines } from '../rules/header-lines.ts'
import type { Evidence, Policy } from '../rules/policy.ts'
import type { Answer } from './answer.ts'
import { answer, attributionRequired, isChannelPath, joins, workerPath } from './http-surface.ts'
import { type PasswordLimit, passwordLimit } from './password-limit.ts'
import {
  badRequest,
  brokeOff,
  echoedLines,
  endWith,
  isWebSocketHandshake,
  parserErrorStatus,
  protocolAnswer,
  tooManySockets,
} from './protocol-replies.ts'
import { announcesBody, noBody, readBody } from './request-body.ts'
import { notAWorker, refuseWorker, serveSocket } from './socket-session.ts'
import { WireTap } from './wire-tap.ts'

export type ReferenceGatewayOptions = {
  readonly policy: Policy
  readonly recorder: Recorder
  /** The gateway's own addresses; `undefined` when they cannot be listed. Default: this machine's interfaces. */
  readonly ownAddresses?: () => readonly string[] | undefined
  /** How long an answer waits for a body that does not end, in milliseconds. */
  readonly bodyDeadlineMs?: number
  /** How long a WebSocket may stay without `connect`, in milliseconds. */
  readonly connectDeadlineMs?: number
}

/** The Control UI build that this gateway claims to serve. */
const referenceBuildId = 'reference-build'

/** Without a reason of its own, `abort` makes an exception with a stack for every connection that closes. */
const gone = 'the connection has closed'

/** The 33rd unauthenticated WebSocket of one client address gets 503 (docs/gateways.md#g6-7-limits). */
const unauthenticatedSockets = 32

type Connection = {
  readonly peer: string
  readonly tap: WireTap
  readonly onData: (chunk: Buffer) => void
  /** Aborted when the parser gives the connection up. */
  readonly broken: AbortController
  /** Answers that have not been written yet. */
  readonly pending: Set<Promise<void>>
  /** The newest request, until its body has ended. */
  open: IncomingMessage | undefined
}

export class ReferenceGateway implements AsyncDisposable {
  readonly #policy: Policy
  readonly #recorder: Recorder
  readonly #ownAddresses: () => readonly string[] | undefined
  readonly #bodyDeadlineMs: number
  readonly #connectDeadlineMs: number
  readonly #http: Server
  readonly #webSockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 })
  readonly #connections = new WeakMap<Duplex, Connection>()
  readonly #sockets = new Set<Duplex>()
  readonly #listeners: TcpServer[] = []
  readonly #unauthenticated = new Map<string, number>()
  readonly #passwords: PasswordLimit = passwordLimit()

  constructor(options: ReferenceGatewayOptions) {
    this.#policy = options.policy
    this.#recorder = options.recorder
    this.#ownAddresses = options.ownAddresses ?? interfaceAddresses()
    this.#bodyDeadlineMs = options.bodyDeadlineMs ?? 1000
    this.#connectDeadlineMs = options.connectDeadlineMs ?? 15_000
    // Node would answer a missing Host by itself, unrecorded; `#serve` does it instead. Idle proxy connections are not closed under the proxy's feet.
    this.#http = createServer({ requireHostHeader: false, keepAliveTimeout: 120_000 })
    this.#http.on('request', (request, response) => this.#answering(request, response))
    this.#http.on('checkExpectation', (request, response) => this.#answering(request, response))
    this.#http.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head))
    this.#http.on('connect', (request: IncomingMessage, socket: Duplex) => void this.#tunnel(request, socket))
    this.#http.on('clientError', (error, socket) => void this.#unparsable(error, socket))
    this.#webSockets.on('headers', (lines, request) => {
      for (const [name, value] of echoedLines(pairLines(request.rawHeaders))) lines.push(`${name}: ${value}`)
    })
  }

  /**
   * Serves a connection that is already there.
   * @param peer address of the other end as the network (or the embedded lab) knows it
   */
  accept(socket: Duplex, peer: string): void {
    this.#recorder.connected()
    const tap = new WireTap()
    const connection: Connection = {
      peer: canonicalAddress(peer) ?? peer,
      tap,
      onData: (chunk) => tap.push(chunk),
      broken: new AbortController(),
      pending: new Set(),
      open: undefined,
    }
    this.#connections.set(socket, connection)
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      connection.broken.abort(gone)
    })
    socket.on('error', () => socket.destroy())
    if (!('destroySoon' in socket)) closeWithPeer(socket, connection.pending)
    this.#http.emit('connection', socket)
    // After the server's own listener, which would otherwise take the bytes from the handle directly; before it in the order of calls.
    socket.prependListener('data', connection.onData)
  }

  /**
   * Listens as `gateway.bind` says: loopback is 127.0.0.1 and ::1 (where the machine has it), everything else is IPv4 on all interfaces.
   * @param port default: the configuration's
   * @returns the port, useful after asking for 0
   */
  async listen(port = this.#policy.config.port): Promise<number> {
    const { bind, customBindHost } = this.#policy.config
    const [first, second] =
      bind === 'loopback' ? ['127.0.0.1', '::1'] : [bind === 'custom' ? customBindHost : undefined]
    const bound = await this.#listenOn(first ?? '0.0.0.0', port)
    if (second) {
      await this.#listenOn(second, bound).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') throw error
      })
    }
    return bound
  }

  async #listenOn(host: string, port: number): Promise<number> {
    // As node:http does it: the client may close its side and still be answered.
    const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.accept(socket, socket.remoteAddress ?? ''),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    this.#listeners.push(server)
    const address = server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  #connection(socket: Duplex): Connection {
    const connection = this.#connections.get(socket)
    if (!connection) throw new Error('A request came on a connection that the gateway never accepted')
    return connection
  }

  /** The head of a new arrival, and the connection it came on. */
  #receive(request: IncomingMessage): { connection: Connection; arrival: Omit<Unnumbered, 'attribution' | 'verdict'> } {
    const connection = this.#connection(request.socket)
    const { method = '', url = '' } = request
    const length = request.headers['transfer-encoding'] ? 0 : Number(request.headers['content-length'] ?? 0)
    return {
      connection,
      arrival: {
        peer: connection.peer,
        transport: request.headers.upgrade?.toLowerCase() === 'websocket' ? 'websocket' : 'http',
        method,
        target: url,
        httpVersion: request.httpVersion,
        headers: pairLines(request.rawHeaders),
        raw: connection.tap.takeHead(method, url, length).toString('base64'),
        ...noBody(!announcesBody(request)),
      },
    }
  }

  #evidence({ peer, headers }: Pick<Arrival, 'peer' | 'headers'>): Omit<Evidence, 'password' | 'transport'> {
    return {
      peer,
      headers,
      ownAddresses: this.#ownAddresses(),
      passwordLocked: this.#passwords.locked(peer),
    }
  }

  #answering(request: IncomingMessage, response: ServerResponse): void {
    const { pending } = this.#connection(request.socket)
    const work: Promise<void> = this.#serve(request, response)
      .catch(() => void request.socket.destroy())
      .finally(() => pending.delete(work))
    pending.add(work)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { connection, arrival } = this.#receive(request)
    connection.open = request
    const password = bearerPassword(arrival.headers)
    const evidence: Evidence = { ...this.#evidence(arrival), transport: 'http', ...(password && { password }) }
    const decision = decide(evidence, this.#policy)
    if (decision.passwordTried) this.#passwords.note(arrival.peer, decision.passwordTried)

    const replyTo = (body: string) => protocolAnswer(request) ?? answer({ ...arrival, body }, decision, this.#policy)
    const verdictOf = ({ denied, status }: Answer): Verdict =>
      denied === undefined ? decision.verdict : { kind: 'refused', reason: denied, status }
    // At the head, before anything is waited for: a request whose body never ends has reached the gateway all the same.
    const head = { ...arrival, attribution: decision.attribution, verdict: verdictOf(replyTo('')) }
    const { sequence, kept } = this.#recorder.record(head)
    const reading = readBody(request, this.#bodyDeadlineMs, connection.broken.signal)
    const rest = await reading.settled
    const reply = replyTo(rest.body)
    const recorded: Arrival = { ...head, ...rest, sequence, verdict: verdictOf(reply) }
    await (arrival.complete ? kept : this.#recorder.update(recorded))
    response.writeHead(
      reply.status,
      [
        ['content-type', reply.type],
        ['content-length', String(Buffer.byteLength(reply.body))],
        ['cache-control', 'no-store'],
        ...echoedLines(arrival.headers),
        ...(connection.broken.signal.aborted || !request.complete ? [['connection', 'close']] : []),
      ].flat(),
    )
    response.end(request.method === 'HEAD' ? undefined : reply.body)

    const whole = await reading.ended
    if (connection.open === request) connection.open = undefined
    if (whole.bodyLength !== rest.bodyLength || whole.complete !== rest.complete) {
      await this.#recorder.update({ ...recorded, ...whole })
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { connection, arrival } = this.#receive(request)
    socket.off('data', connection.onData)
    const { profile } = this.#policy
    const evidence = this.#evidence(arrival)
    const { attribution, verdict } =
      arrival.transport === 'websocket'
        ? judgeConnect(plainConnect(this.#policy), evidence, this.#policy, referenceBuildId)
        : decide({ ...evidence, transport: 'http' }, this.#policy)
    const turnAway = async (reply: Answer, reason?: string) => {
      const refused: Verdict = reason ? { kind: 'refused', reason, status: reply.status } : verdict
      await this.#recorder.record({ ...arrival, attribution, verdict: refused }).kept
      endWith(socket, reply, arrival.headers)
    }
    try {
      if (profile.attribution === 'enforced' && attribution.kind === 'unattributable-proxy') {
        return await turnAway(attributionRequired)
      }
      const path = URL.parse(arrival.target, 'http://localhost')?.pathname ?? ''
      if (isChannelPath(path)) {
        const overHttp = decide({ ...evidence, transport: 'http' }, this.#policy)
        const reply = answer({ ...arrival, body: '' }, overHttp, this.#policy)
        await this.#recorder.record({ ...arrival, attribution, verdict: overHttp.verdict }).kept
        return endWith(socket, reply, arrival.headers)
      }
      if (!isWebSocketHandshake(request)) return await turnAway(badRequest, 'bad_request')
      const client = attribution.kind === 'trusted-proxy' ? attribution.client : arrival.peer
      const waiting = this.#unauthenticated.get(client) ?? 0
      if (profile.limitsSockets && waiting >= unauthenticatedSockets) {
        return await turnAway(tooManySockets, 'too_many_unauthenticated_connections')
      }
      // Taken before the next await, or upgrades that come together would not count each other.
      this.#unauthenticated.set(client, waiting + 1)
      const settled = once(() => this.#unauthenticated.set(client, (this.#unauthenticated.get(client) ?? 1) - 1))
      const isWorker = joins(profile) && path === workerPath
      const { sequence, kept } = this.#recorder.record({
        ...arrival,
        attribution,
        verdict: isWorker ? { kind: 'refused', reason: notAWorker } : verdict,
      })
      await kept
      if (socket.destroyed) return settled()
      if (isWorker)
        return this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => refuseWorker(webSocket, settled))
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        serveSocket(webSocket, {
          policy: this.#policy,
          connectDeadlineMs: this.#connectDeadlineMs,
          judge: async (connect) => {
            const judgement = judgeConnect(connect, this.#evidence(arrival), this.#policy, referenceBuildId)
            if (judgement.passwordTried) this.#passwords.note(arrival.peer, judgement.passwordTried)
            await this.#recorder.update({ ...arrival, sequence, attribution, verdict: judgement.verdict })
            return judgement
          },
          settled,
        }),
      )
    } catch {
      socket.destroy()
    }
  }

  /** CONNECT: a gateway is no tunnel. Recorded, then closed without an answer, as Node does. */
  async #tunnel(request: IncomingMessage, socket: Duplex): Promise<void> {
    const { arrival } = this.#receive(request)
    const attribution = attribute(arrival.peer, arrival.headers, this.#policy)
    await this.#recorder.record({ ...arrival, attribution, verdict: { kind: 'refused', reason: 'bad_request' } }).kept
    socket.destroy()
  }

  /** Bytes that are no request. What was asked before them is answered first. */
  async #unparsable(error: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
    const connection = this.#connection(socket)
    const bodyBroke = connection.open !== undefined && !connection.open.complete
    const status = parserErrorStatus(error.code)
    const raw = connection.tap.takeRest()
    const { aborted: givenUp } = connection.broken.signal
    connection.broken.abort(gone)
    const before = [...connection.pending]
    // What follows a body that broke, and a head that was cut short, is no request of anybody: only whole bytes that are none count.
    if (!givenUp && !bodyBroke && !brokeOff(error) && raw.length > 0) {
      await this.#recorder.record({
        peer: connection.peer,
        transport: 'http',
        method: '',
        target: '',
        httpVersion: '',
        headers: [],
        raw: raw.toString('base64'),
        ...noBody(false),
        attribution: attribute(connection.peer, [], this.#policy),
        verdict: { kind: 'refused', reason: 'bad_request', status },
      }).kept
    }
    await Promise.allSettled(before)
    if (bodyBroke || error.code === 'ECONNRESET' || !socket.writable) {
      socket.end(() => socket.destroy())
      return
    }
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#listeners.map((server) => new Promise((resolve) => server.close(resolve)))
    for (const webSocket of this.#webSockets.clients) webSocket.terminate()
    for (const socket of this.#sockets) socket.destroy()
    this.#webSockets.close()
    this.#http.close()
    await Promise.all(closed)
  }
}

/** Network sockets close by themselves when both sides have ended; a pair of streams has to be destroyed. */
function closeWithPeer(socket: Duplex, pending: ReadonlySet<Promise<void>>): void {
  socket.once('finish', () => socket.destroy())
  socket.once('end', async () => {
    await Promise.allSettled(pending)
    setImmediate(() => socket.destroy())
  })
}

/** How long a list of addresses is believed, in milliseconds: asking the system for each request costs more than the decision. */
const addressesFor = 1000

/** The addresses of this network namespace; `undefined` when they cannot be listed. */
function interfaceAddresses(): () => readonly string[] | undefined {
  let known: { readonly addresses: readonly string[] | undefined; readonly until: number } | undefined
  return () => {
    if (known === undefined || performance.now() > known.until)
      known = { addresses: listAddresses(), until: performance.now() + addressesFor }
    return known.addresses
  }
}

function listAddresses(): readonly string[] | undefined {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  } catch {
    return undefined
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
