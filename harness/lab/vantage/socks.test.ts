import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import type { Dial } from '../dial.ts'
import { dialThroughSocks } from './socks.ts'

const port = 1055

/** A SOCKS server that writes these bytes as its two answers, the second with what the peer says first. @returns what it was asked */
async function server(answers: readonly (readonly number[])[]) {
  const asked: Buffer[] = []
  const listening = createServer((socket: Socket) => {
    let turn = 0
    socket.on('data', (chunk) => {
      asked.push(chunk)
      const answer = answers[turn]
      turn += 1
      if (answer === undefined) socket.end()
      else socket.write(Buffer.from(answer))
    })
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address: AddressInfo | string | null = listening.address()
  const at = typeof address === 'object' && address !== null ? address.port : 0
  const dialled: string[] = []
  const dial: Dial = async (host, wanted) => {
    dialled.push(`${host}:${wanted}`)
    const socket = connect(at, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  return {
    asked,
    dialled,
    through: dialThroughSocks(dial, 'alice', port),
    [Symbol.asyncDispose]: async () => void listening.close(),
  }
}

const greeting = [5, 0]
const firstWords = [...Buffer.from('hello')]

it('asks for the host by its name, and leaves what the peer says first to the caller', async () => {
  await using node = await server([greeting, [5, 0, 0, 1, 100, 64, 0, 1, 1, 187, ...firstWords]])
  const stream = await node.through('app.test', 443)
  stream.end()
  expect(await text(stream)).toBe('hello')
  expect(node.dialled).toEqual(['alice:1055'])
  expect(node.asked.map((bytes) => bytes.toString('latin1'))).toEqual([
    '\x05\x01\x00',
    '\x05\x01\x00\x03\x08app.test\x01\xbb',
  ])
})

it.each([
  ['a name', [3, 3, 97, 98, 99]],
  ['an IPv6 address', [4, ...Array.from({ length: 16 }, () => 0)]],
])('reads past %s as the address from which it connects', async (_kind, address) => {
  await using node = await server([greeting, [5, 0, 0, ...address, 0, 80, ...firstWords]])
  const stream = await node.through('app.test', 80)
  stream.end()
  expect(await text(stream)).toBe('hello')
})

it.each([
  ['refused', [5, 5, 0, 1, 0, 0, 0, 0, 0, 0], 'connection refused'],
  ['not found', [5, 4, 0, 1, 0, 0, 0, 0, 0, 0], 'host unreachable'],
  ['of an unknown kind', [5, 99, 0, 1, 0, 0, 0, 0, 0, 0], 'reply 99'],
])('says why a connection was not made: %s', async (_what, answer, why) => {
  await using node = await server([greeting, answer])
  await expect(node.through('app.test', 443)).rejects.toThrow(
    `connect to app.test:443 through the SOCKS server at alice:1055: ${why}`,
  )
})

it('says that a server wants a password, or closes', async () => {
  await using strict = await server([[5, 2]])
  await expect(strict.through('app.test', 443)).rejects.toThrow('it asks for a password')
  await using silent = await server([])
  await expect(silent.through('app.test', 443)).rejects.toThrow('it closed the connection')
})
