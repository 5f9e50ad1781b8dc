/** Dials through a SOCKS5 server (RFC 1928) without authentication: from the place where that server is, by names that it resolves. */
import type { Duplex } from 'node:stream'
import type { Dial } from '../dial.ts'

const version = 5
const noAuthentication = 0
const connectCommand = 1
const domainName = 3

/** RFC 1928 6. */
const refusals: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'time to live expired',
  7: 'command not supported',
  8: 'address type not supported',
}

/** @param dial reaches the server at `server:port`. The dial that it returns rejects with the server's own reason. */
export function dialThroughSocks(dial: Dial, server: string, port: number): Dial {
  return async (host, wanted) => {
    const stream = await dial(server, port)
    try {
      const read = reader(stream)
      stream.write(Buffer.from([version, 1, noAuthentication]))
      const [, method] = await read(2)
      if (method !== noAuthentication) throw new Error('it asks for a password')
      const name = Buffer.from(host)
      const address = Buffer.concat([
        Buffer.from([domainName, name.length]),
        name,
        Buffer.from([wanted >> 8, wanted & 255]),
      ])
      stream.write(Buffer.concat([Buffer.from([version, connectCommand, 0]), address]))
      const [, reply = 1, , kind] = await read(4)
      if (reply !== 0) throw new Error(refusals[reply] ?? `reply ${reply}`)
      // The address from which it connects, and the port: of no interest, but in the way of what follows.
      const [length = 0] = kind === domainName ? await read(1) : [kind === 1 ? 4 : 16]
      await read(length + 2)
      return stream
    } catch (cause) {
      stream.destroy()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`connect to ${host}:${wanted} through the SOCKS server at ${server}:${port}: ${why}`, { cause })
    }
  }
}

/** Reads so many bytes and leaves what follows in the stream. */
function reader(stream: Duplex): (bytes: number) => Promise<Buffer> {
  return (bytes) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found: Buffer | null = stream.read(bytes)
        if (found === null) return
        settle()
        if (found.length < bytes) reject(new Error('it closed the connection'))
        else resolve(found)
      }
      const onEnd = () => {
        settle()
        reject(new Error('it closed the connection'))
      }
      const onError = (error: Error) => {
        settle()
        reject(error)
      }
      const settle = () => {
        stream.off('readable', look).off('end', onEnd).off('close', onEnd).off('error', onError)
      }
      stream.on('readable', look).on('end', onEnd).on('close', onEnd).on('error', onError)
      look()
    })
}
