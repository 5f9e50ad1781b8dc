/** The client's end of a WebSocket after its handshake, which the HTTP/1.1 or the HTTP/2 client has made. `ws` reads and writes the frames. */
import { Receiver, Sender } from 'ws'
import type { Wire } from './wire.ts'

export type SocketEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pong'; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** The stream ended without a close frame, or with bytes that are no frame. */
  | { readonly kind: 'end' }
  | { readonly kind: 'deadline' }

/** RFC 6455 7.1.5: a close frame without a code. */
const withoutCode = 1005

/** Offers no extension. Pings are answered, and a close is answered with its own code. */
export class FrameSocket {
  readonly #wire: Wire
  readonly #sender: Sender
  readonly #events: SocketEvent[] = []
  #waiting: ((event: SocketEvent) => void) | undefined

  /** @param first bytes that came with the answer to the handshake */
  constructor(wire: Wire, first: Buffer = Buffer.alloc(0)) {
    this.#wire = wire
    this.#sender = new Sender(wire.stream, {})
    const receiver = new Receiver({ isServer: false })
    receiver.on('message', (message) => this.#tell({ kind: 'text', text: message.toString() }))
    receiver.on('ping', (payload) => this.#write((sender) => sender.pong(payload, true)))
    receiver.on('pong', (payload) => this.#tell({ kind: 'pong', payload }))
    receiver.on('conclude', (code, reason) => {
      this.#write((sender) => sender.close(code === withoutCode ? undefined : code, Buffer.alloc(0), true))
      this.#tell({ kind: 'close', code, reason: reason.toString() })
    })
    receiver.on('error', () => this.#tell({ kind: 'end' }))
    receiver.write(first)
    wire.read(
      (chunk) => receiver.write(chunk),
      () => this.#tell({ kind: 'end' }),
    )
  }

  send(text: string): void {
    this.#write((sender) => sender.send(text, { binary: false, compress: false, fin: true, mask: true }))
  }

  ping(payload: Buffer): void {
    this.#write((sender) => sender.ping(payload, true))
  }

  /** Sends a close frame. The caller destroys the stream. */
  close(code: number): void {
    this.#write((sender) => sender.close(code, Buffer.alloc(0), true))
  }

  /** The next event in order. After `close`, `end` and `deadline` there is none. */
  next(): Promise<SocketEvent> {
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve(event)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** The caller's deadline has passed. */
  expire(): void {
    this.#tell({ kind: 'deadline' })
  }

  #write(write: (sender: Sender) => void): void {
    if (this.#wire.stream.writable) write(this.#sender)
  }

  #tell(event: SocketEvent): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#events.push(event)
    else waiting(event)
  }
}
