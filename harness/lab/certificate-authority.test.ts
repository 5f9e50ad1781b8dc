import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { createAuthority } from './certificate-authority.ts'

async function handshake(ca: string, leaf: { certificate: string; key: string }, servername: string) {
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const client: TLSSocket = connect({ host: '127.0.0.1', port: address.port, ca, servername })
  try {
    await once(client, 'secureConnect')
    return 'accepted'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  } finally {
    client.destroy()
    server.close()
  }
}

it('issues leaves that are trusted for exactly their names', async () => {
  const authority = await createAuthority()
  const leaf = await authority.issue(['app.test', 'authenticate.test'])
  expect(await handshake(authority.certificate, leaf, 'app.test')).toBe('accepted')
  expect(await handshake(authority.certificate, leaf, 'authenticate.test')).toBe('accepted')
  expect(await handshake(authority.certificate, leaf, 'other.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
})

it('makes every authority a stranger to every other', async () => {
  const [one, other] = await Promise.all([createAuthority(), createAuthority()])
  expect(await handshake(other.certificate, await one.issue(['app.test']), 'app.test')).not.toBe('accepted')
})
