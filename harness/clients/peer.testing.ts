/** For tests: a server of the test as a peer to dial. */
import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import type { Peer } from './tls.ts'

/** Lets the server listen on a free loopback port, if it does not yet; a test dials it whatever host and port it names. */
export async function peerOf(server: Server): Promise<Peer> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  const dial = async () => {
    const socket = connect(address.port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  return { dial, host: 'app.test', port: 443 }
}
