/** A WebSocket that stays open after the gateway's handshake: requests, pings and the close, as a signed-in client has them. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { markHeader } from '../plan/marks.ts'
import { connectParameters } from './gateway-protocol.ts'
import { openStream, type Peer } from './tls.ts'

const frameSchema = z.looseObject({
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
})
type Frame = z.infer<typeof frameSchema>

export class LiveSocket implements AsyncDisposable {
  readonly #socket: WebSocket
  readonly #deadlineMs: number
  #asked = 0

  private constructor(socket: WebSocket, deadlineMs: number) {
    this.#socket = socket
    this.#deadlineMs = deadlineMs
  }

  /**
   * Upgrades and goes through the gateway's `connect` as any client.
   * @param deadlineMs for each step
   * @throws when the upgrade or the gateway refuses, or the deadline passes
   */
  static async open(
    peer: Peer,
    { target, mark, cookie }: { readonly target: string; readonly mark: string; readonly cookie: string },
    deadlineMs: number,
  ): Promise<LiveSocket> {
    const stream = await openStream(peer, 'http/1.1', deadlineMs)
    const socket = new WebSocket(`ws://${peer.host}${target}`, {
      createConnection: () => stream,
      headers: { [markHeader]: mark, ...(cookie !== '' && { cookie }) },
      perMessageDeflate: false,
    })
    const live = new LiveSocket(socket, deadlineMs)
    try {
      await live.#frame((frame) => frame.event === 'connect.challenge')
      const answer = await live.ask('connect', connectParameters({ clientId: 'test', clientMode: 'test' }, 'live'))
      if (answer.ok !== true) throw new Error(`the gateway refused connect: ${JSON.stringify(answer)}`)
      return live
    } catch (error) {
      socket.terminate()
      throw error
    }
  }

  /** One request of the gateway's protocol and its answer. @throws when the socket closes first or the deadline passes */
  async ask(method: string, params: unknown): Promise<Frame> {
    const id = `${method}-${this.#asked++}`
    const answer = this.#frame((frame) => frame.id === id)
    this.#socket.send(JSON.stringify({ type: 'req', id, method, params }))
    return await answer
  }

  /** The payload of the pong. @throws when the socket closes first or the deadline passes */
  async ping(payload: Buffer): Promise<Buffer> {
    const pong = this.#within(once(this.#socket, 'pong'))
    this.#socket.ping(payload)
    const [back] = await pong
    return Buffer.from(back)
  }

  /** Says good-bye with 1000. Returns the code with which the other side closes. */
  async close(): Promise<number> {
    const closed = this.#within(once(this.#socket, 'close'))
    this.#socket.close(1000)
    const [code] = await closed
    return Number(code)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate()
  }

  #frame(wanted: (frame: Frame) => boolean): Promise<Frame> {
    return this.#within(
      new Promise((resolve, reject) => {
        const stop = () => this.#socket.off('message', take).off('error', fail).off('close', closed)
        const take = (text: Buffer) => {
          const frame = frameSchema.safeParse(parsed(text)).data
          if (frame === undefined || !wanted(frame)) return
          stop()
          resolve(frame)
        }
        const fail = (error: Error) => {
          stop()
          reject(error)
        }
        const closed = (code: number, reason: Buffer) => fail(new Error(`the WebSocket closed with ${code} ${reason}`))
        this.#socket.on('message', take).once('error', fail).once('close', closed)
      }),
    )
  }

  async #within<T>(work: Promise<T>): Promise<T> {
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

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
