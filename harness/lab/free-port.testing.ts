/** For tests of programs that are told where to listen. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** A TCP port on which nothing listens at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const found = server.address()
  server.close()
  if (found === null || typeof found === 'string') throw new Error('no port')
  return found.port
}
