import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { vantages } from '../../plan/case.ts'
import { embeddedAddresses, loopback } from './addresses.ts'
import { EmbeddedNetwork } from './network.ts'
import { vantageDials } from './vantage-dials.ts'

it('gives every vantage point the peer address that the gateway must see', async () => {
  await using network = await EmbeddedNetwork.create(embeddedAddresses())
  const { internet, lan, proxy, gateway } = network.addresses
  network.listen({
    names: ['gateway'],
    address: gateway,
    port: 18789,
    onConnection: (socket, peer) => socket.end(peer),
  })
  const dials = vantageDials(network)
  const seen = await Promise.all(vantages.map(async (from) => [from, await text(await dials[from]('gateway', 18789))]))
  expect(Object.fromEntries(seen)).toEqual({
    internet,
    lan,
    'proxy-host': proxy,
    'gateway-loopback': loopback,
    'gateway-own-address': gateway,
  })
  expect(await text(await dials['gateway-loopback']('localhost', 18789))).toBe(loopback)
  await expect(dials.lan('localhost', 18789)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
