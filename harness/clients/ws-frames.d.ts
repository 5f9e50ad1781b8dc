/** The parts of `ws` that read and write frames. They are exported; its types do not have them yet. */
import type { Duplex, Writable } from 'node:stream'

declare module 'ws' {
  /** Takes the bytes of the other end. Emits `message`, `ping`, `pong`, `conclude` for a close frame, and `error` for what is no frame. */
  class Receiver extends Writable {
    constructor(options: { readonly isServer: boolean })
    on(event: 'message', listener: (message: Buffer, isBinary: boolean) => void): this
    on(event: 'ping' | 'pong', listener: (payload: Buffer) => void): this
    on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this
    on(event: 'error' | 'finish', listener: () => void): this
  }

  class Sender {
    constructor(stream: Duplex, extensions: Readonly<Record<string, never>>)
    send(
      payload: string,
      options: { readonly binary: boolean; readonly compress: boolean; readonly fin: boolean; readonly mask: boolean },
      sent?: () => void,
    ): void
    ping(payload: Buffer, mask: boolean, sent?: () => void): void
    pong(payload: Buffer, mask: boolean, sent?: () => void): void
    close(code: number | undefined, reason: Buffer, mask: boolean, sent?: () => void): void
  }
}
