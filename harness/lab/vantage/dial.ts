/** Dials as a vantage point does: from inside a container through its relay (`relay.mjs`), or from the engine's own side of the bridge. */
import { connect, createServer, isIP, type Socket } from 'node:net'
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

/**
 * Dials from this process, which has an address of its own on the containers' network.
 * @param hosts addresses by name, looked up at each dial. The dial rejects with the system's error: `connect ECONNREFUSED 10.0.0.5:18789`.
 */
export function dialAddresses(hosts: ReadonlyMap<string, string>): Dial {
  return (name, port) =>
    new Promise((resolve, reject) => {
      const host = isIP(name) ? name : hosts.get(name.toLowerCase())
      if (host === undefined) return reject(new Error(`nobody on the network is called ${name}`))
      const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
      const fail = (error: Error) => {
        clearTimeout(timer)
        socket.destroy()
        reject(error)
      }
      const timer = setTimeout(
        () => fail(new Error(`connecting to ${name}:${port} took longer than ${deadline} ms`)),
        deadline,
      )
      socket.once('error', fail)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.off('error', fail)
        resolve(socket)
      })
    })
}

/**
 * Whether the address is one of this process's network namespace. The system's list of interfaces does not tell: a bridge without
 * containers is not in it.
 */
export function ownsAddress(address: string): Promise<boolean> {
  const trial = createServer()
  return new Promise((resolve) => {
    trial.once('error', () => resolve(false))
    trial.listen(0, address, () => trial.close(() => resolve(true)))
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
