import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { openStream, stranger } from '../../clients/tls.ts'
import { createAuthority } from '../../lab/certificate-authority.ts'
import { publicDial } from './entrance.ts'

/** A proxy that speaks plain HTTP: it answers with what it has heard. */
async function plainServer() {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', (heard) => socket.end(`heard ${heard}`))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, [Symbol.dispose]: () => void server.close() }
}

const dialled: string[] = []
const dial = async (host: string, port: number) => {
  dialled.push(`${host}:${port}`)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

describe('the way of the public to a proxy without TLS', () => {
  it('ends TLS before it, with the certificate of the run, and passes every byte on as it is', async () => {
    using server = await plainServer()
    const authority = await createAuthority()
    const leaf = await authority.issue(['claw.example.com'])
    const variant = { host: 'claw.example.com', names: {}, entrance: { port: server.port, tls: false } }
    const host = 'claw.example.com'
    const peer = {
      dial: publicDial(dial, variant, leaf),
      host,
      port: 443,
      tls: { ca: authority.certificate, servername: host },
    }
    const stream = await openStream(peer, 'http/1.1', 5000, stranger)
    stream.write('GET / HTTP/1.1\r\n\r\n')
    expect(await text(stream)).toBe('heard GET / HTTP/1.1\r\n\r\n')
  })

  it('leads 443 to another port that speaks TLS itself, and leaves every other host and port alone', async () => {
    using server = await plainServer()
    const leaf = await (await createAuthority()).issue(['claw.example.com'])
    const open = publicDial(
      dial,
      { host: 'claw.example.com', names: { proxy: ['auth.example.com'] }, entrance: { port: server.port, tls: true } },
      leaf,
    )
    dialled.length = 0
    for (const [host, port] of [
      ['CLAW.example.com', 443],
      ['auth.example.com', 443],
      ['gateway', server.port],
    ] as const)
      (await open(host, port)).destroy()
    expect(dialled).toEqual([
      `CLAW.example.com:${server.port}`,
      `auth.example.com:${server.port}`,
      `gateway:${server.port}`,
    ])
  })
})
