/** WebSocket frames (RFC 6455 5) of a client that offered no extension. The handshake before them is the raw client's. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

export type SocketEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** The stream ended without a close frame, or with bytes that are no frame. */
  | { readonly kind: 'end' }
  | { readonly kind: 'deadline' }

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
type Opcode = keyof typeof opcodes

/** One masked, unfragmented frame. */
export function encodeFrame(opcode: Opcode, payload: Buffer): Buffer {
  const { length } = payload
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = 0x80 | opcodes[opcode]
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)))
  return Buffer.concat([head, mask, masked])
}

/** The client's end of an upgraded stream. Its owner feeds it: `receive` what came, `ended` when nothing more will, `expire` at the deadline. */
export class FrameSocket {
  readonly #stream: Duplex
  readonly #events: SocketEvent[] = []
  #waiting: ((event: SocketEvent) => void) | undefined
  #rest: Buffer = Buffer.alloc(0)
  #message: Buffer[] = []

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  send(text: string): void {
    this.#write('text', Buffer.from(text))
  }

  /** Says good-bye with 1000; the stream is the owner's to destroy. */
  close(): void {
    this.#write('close', Buffer.from([0x03, 0xe8]))
  }

  /** The next event in order. After `close`, `end` and `deadline` there is none. */
  next(): Promise<SocketEvent> {
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve(event)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#takeFrame());
  }

  ended(): void {
    this.#tell({ kind: 'end' })
  }

  expire(): void {
    this.#tell({ kind: 'deadline' })
  }

  #takeFrame(): boolean {
    const bytes = this.#rest
    const [first, second] = bytes
    if (first === undefined || second === undefined) return false
    const short = second & 0x7f
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    if (bytes.length < 2 + extended) return false
    // A server's frame is not masked (5.1), and without an extension the reserved bits are zero (5.2).
    if ((second & 0x80) !== 0 || (first & 0x70) !== 0) {
      this.#rest = Buffer.alloc(0)
      this.#tell({ kind: 'end' })
      return false
    }
    const length = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    const end = 2 + extended + length
    if (bytes.length < end) return false
    this.#rest = bytes.subarray(end)
    this.#take(first & 0x0f, (first & 0x80) !== 0, bytes.subarray(2 + extended, end))
    return true
  }

  #take(opcode: number, final: boolean, payload: Buffer): void {
    switch (opcode) {
      case opcodes.continuation:
      case opcodes.text:
      case opcodes.binary:
        this.#message.push(payload)
        if (!final) return
        this.#tell({ kind: 'text', text: Buffer.concat(this.#message).toString() })
        this.#message = []
        return
      case opcodes.close: {
        // 1005: a close frame without a code, 7.1.5.
        const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
        this.#write('close', payload.subarray(0, 2))
        this.#tell({ kind: 'close', code, reason: payload.subarray(2).toString() })
        return
      }
      case opcodes.ping:
        this.#write('pong', payload)
    }
  }

  #write(opcode: Opcode, payload: Buffer): void {
    if (this.#stream.writable) this.#stream.write(encodeFrame(opcode, payload))
  }

  #tell(event: SocketEvent): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#events.push(event)
    else waiting(event)
  }
}
