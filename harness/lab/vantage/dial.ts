/** Dials from inside a container, through its relay (`relay.mjs`). */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

type Dial = (host: string, port: number) => Promise<Duplex>

const deadline = 5000

/** @param path the relay's unix socket. The dial rejects with the relay's own error: `connect ECONNREFUSED 10.0.0.5:18789`. */
export function dialThrough(path: string): Dial {
  return (host, port) =>
    new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true })
      const fail = (message: string, cause?: unknown) => {
        clearTimeout(timer)
        socket.destroy()
        reject(new Error(message, { cause }))
      }
      const timer = setTimeout(() => fail(`connecting to ${host}:${port} took longer than ${deadline} ms`), deadline)
      const onClose = () => fail(`the relay closed before ${host}:${port} answered`)
      const onError = (error: Error) => fail(`the relay at ${path} does not answer: ${error.message}`, error)
      socket.once('error', onError)
      socket.once('close', onClose)
      socket.once('connect', () => socket.write(`${host} ${port}\n`))
      answerOf(socket, (line) => {
        if (line !== 'ok') return fail(line.replace(/^error /, ''))
        clearTimeout(timer)
        socket.off('error', onError)
        socket.off('close', onClose)
        resolve(socket)
      })
    })
}

/** The relay's one line; what comes behind it belongs to the connection. */
function answerOf(socket: Socket, take: (line: string) => void): void {
  let head = Buffer.alloc(0)
  const onReadable = () => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    head = Buffer.concat([head, chunk])
    const end = head.indexOf(10)
    if (end < 0) return
    socket.off('readable', onReadable)
    const rest = head.subarray(end + 1)
    if (rest.length > 0) socket.unshift(rest)
    take(head.subarray(0, end).toString('latin1'))
  }
  socket.on('readable', onReadable)
}
