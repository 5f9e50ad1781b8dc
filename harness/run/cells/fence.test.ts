import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { KeptAlive } from '../../clients/kept-alive.ts'
import { peerOf } from '../../clients/peer.testing.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { correct } from '../../reference-proxy/behaviour.ts'
import { mutantNamed } from '../../reference-proxy/mutants.ts'
import { type EmbeddedLab, startEmbedded } from '../environments/embedded.ts'
import { planReferencePair } from '../environments/reference-pair.testing.ts'
import { askForOrder, fenceConnection, raiseFence } from './fence.ts'

let planned: PlannedEnvironment
let lab: EmbeddedLab
beforeAll(async () => {
  planned = await planReferencePair()
  lab = await startEmbedded(planned)
})
beforeEach(() => lab.replaceProxy(correct))
afterAll(() => lab[Symbol.asyncDispose]())

describe('a fence', () => {
  it('goes over the same connection as the one before', async () => {
    await using kept = fenceConnection({ planned, environment: lab })
    const before = lab.recordings?.last ?? 0
    for (let round = 0; round < 3; round += 1)
      expect(await raiseFence({ planned, environment: lab }, kept)).toEqual({ needed: true, arrived: true })
    expect(kept.opened).toBe(1)
    expect(lab.recordings?.last).toBe(before + 3)
  })

  it('opens a connection of its own where the kept one is no longer answered by the gateway', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')),
    )
    onTestFinished(() => void server.close())
    await using elsewhere = new KeptAlive(await peerOf(server), 1000)
    expect(await raiseFence({ planned, environment: lab }, elsewhere)).toEqual({ needed: true, arrived: true })
    expect(elsewhere.opened).toBe(1)
  })

  it('does not arrive where the proxy lets nobody through, whatever it let through on that connection before', async () => {
    await using kept = fenceConnection({ planned, environment: lab })
    await raiseFence({ planned, environment: lab }, kept)
    await lab.replaceProxy(mutantNamed('deny-all').behaviour)
    expect(await raiseFence({ planned, environment: lab }, kept)).toEqual({
      needed: true,
      arrived: false,
      reason: expect.stringContaining('the client got'),
    })
  })
})

describe('the order of the record', () => {
  it('is told by the gateway without a request', async () => {
    const before = lab.recordings?.last
    expect(await askForOrder(lab)).toEqual({ needed: false, arrived: true })
    expect(lab.recordings?.last).toBe(before)
  })

  it('is told by nobody where the gateway does not record', async () => {
    const { recordings: _none, ...silent } = lab
    expect(await askForOrder(silent)).toEqual({ needed: false, arrived: false })
  })
})
