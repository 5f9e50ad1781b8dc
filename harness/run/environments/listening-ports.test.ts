import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { listeningPorts, portsIn } from './listening-ports.ts'

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'

it('are those in state LISTEN that others in the network can reach', () => {
  const table = [
    head,
    '   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0',
    '   1: 0100007F:07E3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0',
    '   2: 0200C80A:01BB 0A00C80A:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0',
    '   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4',
    '   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 5',
    '   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6',
  ].join('\n')
  expect(portsIn(table)).toEqual([80, 443])
})

it.runIf(process.platform === 'linux')('are read of a process of this machine, and of no other', async () => {
  const server = createServer().listen(0, '0.0.0.0')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address: AddressInfo | string | null = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  expect(await listeningPorts(process.pid, '/usr/bin/node')).toContain(port)
  expect(await listeningPorts(process.pid, '/usr/sbin/nginx')).toBeUndefined()
  expect(await listeningPorts(2 ** 30, 'node')).toBeUndefined()
})
