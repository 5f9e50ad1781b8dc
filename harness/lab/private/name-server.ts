/**
 * Says that a name does not exist (RFC 1035 4.1.1, RCODE 3). A private engine has no network to ask: without an answer a container waits
 * 20 s for a name that the lab does not have.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** @param address where containers ask, on port 53 */
export async function startNameServer(address: string): Promise<AsyncDisposable> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const answer = Buffer.from(query)
    if (answer.length < 12) return
    answer.writeUInt16BE(0x8183, 2) // response, recursion desired and available, NXDOMAIN
    answer.writeUInt32BE(0, 6) // no answers, no authorities
    answer.writeUInt16BE(0, 10) // no additional records: those that came along are cut off below
    const end = answer.indexOf(0, 12) + 5
    // A question that does not end is none. A lost answer is the asker's to repeat.
    if (end > 12) socket.send(answer.subarray(0, end), from.port, from.address, () => {})
  })
  socket.bind(53, address)
  await once(socket, 'listening')
  socket.on('error', () => {})
  return {
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}
