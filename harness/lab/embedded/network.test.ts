import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { embeddedAddresses, loopback } from './addresses.ts'
import { EmbeddedNetwork } from './network.ts'

const addresses = embeddedAddresses()

/** A listener that answers with the peer address it was told, then ends. */
function listenAndTellPeer(network: EmbeddedNetwork): AsyncDisposable {
  return network.listen({
    names: ['gateway'],
    address: addresses.gateway,
    port: 18789,
    onConnection: (socket, peer) => socket.end(peer),
  })
}

it.each([
  ['internet', addresses.internet, {}, 'gateway'],
  ['proxy', addresses.proxy, {}, addresses.gateway],
  ["gateway's own address", addresses.gateway, {}, 'GATEWAY'],
  ['loopback', loopback, { [loopback]: addresses.gateway }, loopback],
])('tells the listener the virtual address of a dialler on %s', async (_place, from, aliases, host) => {
  await using network = await EmbeddedNetwork.create(addresses)
  await using _ = listenAndTellPeer(network)
  const socket = await network.dialFrom(from, aliases)(host, 18789)
  expect(await text(socket)).toBe(from)
})

it('never confuses two diallers that connect at the same time', async () => {
  await using network = await EmbeddedNetwork.create(addresses)
  await using _ = listenAndTellPeer(network)
  const dialled = Array.from({ length: 40 }, (_unused, index) => (index % 2 ? addresses.lan : addresses.internet))
  const told = await Promise.all(dialled.map(async (from) => text(await network.dialFrom(from)('gateway', 18789))))
  expect(told).toEqual(dialled)
})

it('refuses a dial to a port, a name or a closed listener that nobody answers', async () => {
  await using network = await EmbeddedNetwork.create(addresses)
  const dial = network.dialFrom(addresses.internet)
  {
    await using _ = listenAndTellPeer(network)
    await expect(dial('gateway', 80)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(dial(loopback, 18789)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await dial('gateway', 18789)
  }
  await expect(dial('gateway', 18789)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

it('does not let two listeners share a name and port', async () => {
  await using network = await EmbeddedNetwork.create(addresses)
  await using _ = listenAndTellPeer(network)
  expect(() => listenAndTellPeer(network)).toThrow('already listened on')
})

it('closes every connection and removes its folder when it is disposed of', async () => {
  const network = await EmbeddedNetwork.create(addresses)
  network.listen({ names: [], address: addresses.gateway, port: 1, onConnection: () => {} })
  const socket = await network.dialFrom(addresses.lan)(addresses.gateway, 1)
  expect(existsSync(network.folder)).toBe(true)
  await network[Symbol.asyncDispose]()
  expect(socket.destroyed).toBe(true)
  expect(existsSync(network.folder)).toBe(false)
})
