/** A WebSocket that stays open after the gateway's handshake: requests, pings and the close, as a signed-in client has them. */
import { type Frame, greet, parseFrame, requestFrame } from './gateway-protocol.ts'
import { Http1Connection } from './http1.ts'
import type { RequestContext } from './request-bytes.ts'
import type { Peer } from './tls.ts'
import type { FrameSocket } from './websocket-frames.ts'
import { usualLimits } from './wire.ts'

export class LiveSocket implements AsyncDisposable {
  readonly #connection: Http1Connection
  readonly #socket: FrameSocket
  readonly #deadlineMs: number
  readonly #answers = new Map<string, PromiseWithResolvers<Frame>>()
  readonly #pongs: PromiseWithResolvers<Buffer>[] = []
  readonly #closed = Promise.withResolvers<number>()
  #over: Error | undefined
  #asked = 0

  private constructor(connection: Http1Connection, socket: FrameSocket, deadlineMs: number) {
    this.#connection = connection
    this.#socket = socket
    this.#deadlineMs = deadlineMs
    // Only `close` waits for it: without this, an end that nobody awaits would be an unhandled rejection.
    this.#closed.promise.catch(() => {})
    void this.#listen()
  }

  /**
   * Upgrades on a connection of its own and goes through the gateway's `connect` as any client.
   * @param deadlineMs for each step
   * @throws when the upgrade or the gateway refuses, or the deadline passes
   */
  static async open(peer: Peer, context: RequestContext, deadlineMs: number): Promise<LiveSocket> {
    await using opening = new AsyncDisposableStack()
    const connection = opening.use(new Http1Connection(peer, { ...usualLimits, deadlineMs }))
    const { exchange, socket } = await connection.upgrade({}, context, 'websocket')
    if (socket === undefined) {
      throw new Error(exchange.fault ?? `the upgrade was answered with ${exchange.response?.status ?? 'nothing'}`)
    }
    const timer = setTimeout(() => socket.expire(), deadlineMs)
    const greeting = await greet(socket, { clientId: 'test', clientMode: 'test' })
    clearTimeout(timer)
    if (greeting.kind === 'broken') throw new Error(greeting.fault)
    if (greeting.kind === 'refused') throw new Error(`the gateway refused connect: ${JSON.stringify(greeting.error)}`)
    opening.move()
    return new LiveSocket(connection, socket, deadlineMs)
  }

  /** One request of the gateway's protocol and its answer. @throws when the socket closes first or the deadline passes */
  async ask(method: string, params: unknown): Promise<Frame> {
    const id = `${method}-${this.#asked++}`
    const answer = Promise.withResolvers<Frame>()
    this.#answers.set(id, answer)
    this.#socket.send(requestFrame(id, method, params))
    return await this.#within(answer.promise)
  }

  /** The payload of the pong. @throws when the socket closes first or the deadline passes */
  async ping(payload: Buffer): Promise<Buffer> {
    const pong = Promise.withResolvers<Buffer>()
    this.#pongs.push(pong)
    this.#socket.ping(payload)
    return await this.#within(pong.promise)
  }

  /** Closes with 1000. Returns the code with which the other side closes. */
  async close(): Promise<number> {
    this.#socket.close(1000)
    return await this.#within(this.#closed.promise)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  /** Gives each event to the call that waits for it, until the socket ends. */
  async #listen(): Promise<void> {
    for (;;) {
      const event = await this.#socket.next()
      switch (event.kind) {
        case 'text': {
          const frame = parseFrame(event.text)
          if (frame?.id !== undefined) this.#answers.get(frame.id)?.resolve(frame)
          continue
        }
        case 'pong':
          this.#pongs.shift()?.resolve(event.payload)
          continue
        case 'close':
          this.#closed.resolve(event.code)
          return this.#end(`the WebSocket closed with ${event.code} ${event.reason}`.trimEnd())
        case 'end':
        case 'deadline':
          return this.#end('the WebSocket ended without a close')
      }
    }
  }

  #end(why: string): void {
    this.#over = new Error(why)
    for (const waiting of [...this.#answers.values(), ...this.#pongs, this.#closed]) waiting.reject(this.#over)
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    if (this.#over !== undefined) await Promise.race([work, Promise.reject(this.#over)])
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`nothing came over the WebSocket within ${this.#deadlineMs} ms`)),
        this.#deadlineMs,
      )
    })
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
