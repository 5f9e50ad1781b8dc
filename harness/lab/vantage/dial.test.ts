import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dialAddresses, dialThrough, ownsAddress } from './dial.ts'

let folder: string
let relay: ChildProcess
const servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tpc-relay-'))
  relay = spawn(process.execPath, [join(import.meta.dirname, 'relay.mjs')], {
    env: { ...process.env, VANTAGE_SOCKET: join(folder, 'relay.sock') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (relay.stdout) await once(relay.stdout, 'data')
})

afterAll(async () => {
  for (const server of servers) server.close()
  relay.kill()
  await rm(folder, { recursive: true, force: true })
})

/** @returns the port of a server that does `work` with each connection */
async function listen(work: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, work).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const dial = (port: number) => dialThrough(join(folder, 'relay.sock'))('127.0.0.1', port)

it('carries every byte both ways', async () => {
  const port = await listen((socket) => socket.pipe(socket))
  const sent = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => index % 251))
  const socket = await dial(port)
  socket.end(sent)
  expect((await buffer(socket)).equals(sent)).toBe(true)
})

it('loses nothing of a peer that speaks first', async () => {
  const port = await listen((socket) => socket.end('220 first word'))
  expect(await text(await dial(port))).toBe('220 first word')
})

it('keeps half-closed connections open: the answer may come after the end of the question', async () => {
  const port = await listen(async (socket) => {
    const question = await text(socket)
    socket.end(`you asked ${question}`)
  })
  const socket = await dial(port)
  socket.end('what')
  expect(await text(socket)).toBe('you asked what')
})

it('ends the connection behind it when the client goes away', async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const port = await listen((socket) =>
    socket
      .on('error', () => {})
      .on('close', resolve)
      .on('end', () => socket.end())
      .resume(),
  )
  const socket = await dial(port)
  socket.destroy()
  await gone
})

it('tells a refused connection as the vantage point saw it', async () => {
  const port = await listen(() => {})
  const server = servers.pop()
  if (server) await new Promise((resolve) => server.close(resolve))
  await expect(dial(port)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`)
})

it('says which relay does not answer', async () => {
  await expect(dialThrough(join(folder, 'nobody.sock'))('127.0.0.1', 1)).rejects.toThrow(
    /relay at .*nobody\.sock does not answer: .*ENOENT/,
  )
})

describe('from the bridge', () => {
  const hosts = new Map([['app.test', '127.0.0.1']])

  it('finds by name, in any letters, and by address', async () => {
    const port = await listen((socket) => socket.end('here'))
    for (const host of ['app.test', 'App.Test', '127.0.0.1']) {
      expect(await text(await dialAddresses(hosts)(host, port))).toBe('here')
    }
  })

  it('knows nobody but those who were started', async () => {
    await expect(dialAddresses(hosts)('elsewhere.test', 443)).rejects.toThrow(
      'nobody on the network is called elsewhere.test',
    )
  })

  it('tells a refused connection in the words of the system', async () => {
    const port = await listen(() => {})
    const server = servers.pop()
    if (server) await new Promise((resolve) => server.close(resolve))
    await expect(dialAddresses(hosts)('app.test', port)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`)
  })

  it('is possible where the address is ours', async () => {
    expect(await ownsAddress('127.0.0.1')).toBe(true)
    // RFC 5737: documentation, nobody's.
    expect(await ownsAddress('192.0.2.1')).toBe(false)
  })
})
