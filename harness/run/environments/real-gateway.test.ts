import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { peerOf } from '../../clients/peer.testing.ts'
import type { Dial } from '../../lab/dial.ts'
import { readyAnswer } from './real-gateway.ts'

/** A gateway of which nothing is real but how it refuses a `connect`. @param words of its refusals, the last for all that follow */
async function refusingWith(words: readonly string[], readiness = 200): Promise<Dial> {
  const left = [...words]
  const server = createServer((_request, response) => response.writeHead(readiness).end('{}'))
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n' } }))
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data))
      const message = left.length > 1 ? left.shift() : left[0]
      socket.send(JSON.stringify({ type: 'res', id, ok: false, error: { code: 'UNAVAILABLE', message } }))
      socket.close(1013)
    })
  })
  onTestFinished(() => void server.close())
  return (await peerOf(server)).dial
}

it('waits for a gateway whose WebSocket still refuses everybody, though it calls itself ready', async () => {
  const beside = await refusingWith(['gateway starting; retry shortly', 'unauthorized'])
  expect(await readyAnswer(beside, { readyPath: '/readyz' })).toEqual({ not: 'gateway starting; retry shortly' })
  expect(await readyAnswer(beside, { readyPath: '/readyz' })).toBe('yes')
})

it('says with which status a gateway is not ready', async () => {
  expect(await readyAnswer(await refusingWith(['unauthorized'], 503), { readyPath: '/readyz' })).toEqual({ not: '503' })
})
