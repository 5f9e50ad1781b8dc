import { createSecureServer } from 'node:http2'
import { createServer, type Server } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { createAuthority } from '../lab/certificate-authority.ts'
import { sendHttp1 } from './http1.ts'
import { sendHttp2 } from './http2.ts'
import { KeptAlive } from './kept-alive.ts'
import { KeptHttp2 } from './kept-http2.ts'
import { peerOf } from './peer.testing.ts'

const authority = await createAuthority()
const leaf = await authority.issue(['app.test'])
const [alice, bob] = await Promise.all(
  ['alice@example.test', 'bob@example.test'].map((name) => authority.issueClient(name)),
)
const own = {
  key: leaf.key,
  cert: leaf.certificate,
  ca: authority.certificate,
  requestCert: true,
  rejectUnauthorized: false,
}
const context = { host: 'app.test', cookie: '', mark: '', password: '' }
const as = (certificate: typeof alice) => ({ ...context, ...(certificate && { certificate }) })

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

/** Answers every request with the subject of the connection's certificate. */
async function peer() {
  const server = createServer({ ...own, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => {})
    const name = String(socket.getPeerCertificate().subject?.CN ?? 'nobody')
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`))
  })
  open.push(server)
  return { ...(await peerOf(server)), tls: { ca: authority.certificate, servername: 'app.test' } }
}

it('is shown in the handshake, also before raw bytes and an upgrade, and not where the request shows nothing', async () => {
  const to = await peer()
  const said = async (send: Parameters<typeof sendHttp1>[1], kind: 'http' | 'websocket' = 'http') =>
    (await sendHttp1(to, send, as(alice), kind)).response?.body
  expect(await said({})).toBe('alice@example.test')
  expect(await said({}, 'websocket')).toBe('alice@example.test')
  expect(await said({ raw: ['GET / HTTP/1.1\r\nHost: app.test\r\n\r\n'] })).toBe('alice@example.test')
  expect(await said({ cookie: false })).toBe('nobody')
})

it('belongs to one connection: whoever shows another, or none, opens another', async () => {
  await using connection = new KeptAlive(await peer(), 2000)
  const names: (string | undefined)[] = []
  for (const certificate of [alice, alice, bob, undefined, alice])
    names.push((await connection.send({}, as(certificate))).response?.body)
  expect(names).toEqual([
    'alice@example.test',
    'alice@example.test',
    'bob@example.test',
    'nobody',
    'alice@example.test',
  ])
  expect(connection.opened).toBe(4)
})

it('is shown over HTTP/2', async () => {
  let subject = 'nobody'
  const server = createSecureServer(own, (_request, response) => response.end(subject))
  server.on('secureConnection', (socket) => {
    subject = String(socket.getPeerCertificate().subject?.CN)
  })
  const to = { ...(await peerOf(server)), tls: { ca: authority.certificate, servername: 'app.test' } }
  expect((await sendHttp2(to, {}, as(alice))).response?.body).toBe('alice@example.test')
  await using kept = new KeptHttp2(to, 2000)
  for (const certificate of [alice, bob, undefined]) await kept.send({}, as(certificate))
  expect((await kept.send({}, as(bob))).response?.body).toBe('bob@example.test')
  expect((await kept.send({}, as(alice))).response?.body).toBe('alice@example.test')
  server.close()
})
