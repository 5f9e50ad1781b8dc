import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { KeptAlive } from './kept-alive.ts'
import { peerOf } from './peer.testing.ts'

const context = { host: 'app.test', cookie: 'a=b', mark: 'mark-1', password: 'right' }
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

const open: Server[] = []
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of open.splice(0)) server.close()
})

async function peer(serve: (socket: Socket) => void) {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  open.push(server)
  return await peerOf(server)
}

describe('a kept-alive connection', () => {
  it('carries request after request, and asks to be kept', async () => {
    const heard: string[] = []
    await using connection = new KeptAlive(
      await peer((socket) =>
        socket.on('data', (chunk) => {
          heard.push(chunk.toString('latin1'))
          socket.write(ok)
        }),
      ),
      1000,
    )
    for (let round = 0; round < 3; round += 1) {
      expect((await connection.send({}, context)).response?.body).toBe('hi')
    }
    expect(connection.opened).toBe(1)
    expect(heard).toHaveLength(3)
    expect(heard[2]).toMatch(/\r\nCookie: a=b\r\nConnection: keep-alive\r\n/)
  })

  it('is opened again when the peer has closed it', async () => {
    await using connection = new KeptAlive(await peer((socket) => socket.once('data', () => socket.end(ok))), 1000)
    expect((await connection.send({}, context)).response?.status).toBe(200)
    // The end of the stream is seen before the next request is written.
    while (connection.usable) await new Promise((resolve) => setImmediate(resolve))
    expect((await connection.send({}, context)).response?.status).toBe(200)
    expect(connection.opened).toBe(2)
  })

  it.each([
    ['a close option', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nhi'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ])('does not write into a connection that the answer said will close: %s', async (_what, closing) => {
    let connections = 0
    await using connection = new KeptAlive(
      await peer((socket) => {
        connections += 1
        // The peer answers nothing after this, and does not close either.
        socket.once('data', () => socket.write(closing))
      }),
      1000,
    )
    for (let round = 0; round < 3; round += 1) {
      const exchange = await connection.send({}, context)
      expect(exchange).toMatchObject({ response: { status: 200, body: 'hi' } })
      expect(exchange).not.toHaveProperty('ending')
    }
    expect(connections).toBe(3)
  })

  it('goes on with HTTP/1.0 that says keep-alive', async () => {
    const kept = 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi'
    await using connection = new KeptAlive(await peer((socket) => socket.on('data', () => socket.write(kept))), 1000)
    for (let round = 0; round < 3; round += 1) await connection.send({}, context)
    expect(connection.opened).toBe(1)
  })

  it('takes what came unasked for the answer to the next request, as any client does', async () => {
    const stray = 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'
    let unasked = async () => {}
    await using connection = new KeptAlive(
      await peer((socket) => {
        socket.on('data', () => socket.write(ok))
        unasked = () => new Promise((resolve) => socket.write(stray, () => resolve()))
      }),
      1000,
    )
    await connection.send({}, context)
    await unasked()
    expect((await connection.send({}, context)).response?.status).toBe(403)
  })

  it('tells a peer that never answers as a fault, and one that hangs up as no answer', async () => {
    await using mute = new KeptAlive(await peer(() => {}), 50)
    expect(await mute.send({}, context)).toMatchObject({ ending: 'no-answer', fault: 'no answer came within 50 ms' })
    await using rude = new KeptAlive(await peer((socket) => socket.once('data', () => socket.destroy())), 1000)
    const exchange = await rude.send({}, context)
    expect(exchange.response).toBeUndefined()
    expect(exchange.fault).toBeUndefined()
  })

  it('tells a refused connection as a fault', async () => {
    const server = createServer()
    const target = await peerOf(server)
    server.close()
    await using connection = new KeptAlive(target, 1000)
    expect((await connection.send({}, context)).fault).toMatch(/ECONNREFUSED/)
  })
})
