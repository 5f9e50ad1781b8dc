/**
 * The OpenID provider as a process: one for all environments of a run, on the network of each, where it is `idp.test`. Which one is asked shows
 * the address at which it is asked: `OIDC_ENVIRONMENTS/ADDRESS.json` says what that environment's client is (`settingsSchema`). Nothing else is shared,
 * not even a session. Prints `ready` when it listens. Environment: OIDC_ENVIRONMENTS, with a default OIDC_PORT, and OIDC_TLS_PORT, where it listens
 * over TLS as well, for issuers that are https.
 */
import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { createProvider, signingKey } from './provider.ts'

const environment = z.object({
  OIDC_ENVIRONMENTS: z.string(),
  OIDC_PORT: z.coerce.number().int().min(0).max(65_535).default(80),
  OIDC_TLS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
})

const settingsSchema = z.object({
  issuer: z.url(),
  clientId: z.string(),
  clientSecret: z.string(),
  callbacks: z.array(z.url()).min(1),
  clientAuth: z.enum(['client_secret_basic', 'client_secret_post']),
  /** PEM, for an issuer that is asked over TLS. */
  tls: z.object({ certificate: z.string(), key: z.string() }).optional(),
})

const { OIDC_ENVIRONMENTS: folder, OIDC_PORT: wanted, OIDC_TLS_PORT: wantedTls } = environment.parse(process.env)
const key = await signingKey()
const providers = new Map<string, ReturnType<typeof providerAt>>()
const open = new Set<Socket>()

async function settingsAt(address: string) {
  const settings: unknown = JSON.parse(await readFile(join(folder, `${address}.json`), 'utf8'))
  return settingsSchema.parse(settings)
}

async function providerAt(address: string) {
  const { tls, ...settings } = await settingsAt(address)
  return { server: await createProvider(settings, key), tls }
}

// Paused: the environment's own server reads from the first byte.
const listener = (secure: boolean) => async (socket: Socket) => {
  open.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  const address = socket.localAddress?.replace(/^::ffff:/, '') ?? ''
  try {
    const provider = providers.get(address) ?? providerAt(address)
    providers.set(address, provider)
    const { server, tls } = await provider
    if (secure && tls === undefined) return void socket.destroy()
    const stream = secure && tls ? encrypted(socket, tls) : socket
    server.emit('connection', stream)
    socket.resume()
  } catch (error) {
    providers.delete(address)
    console.error(`${address}: ${error instanceof Error ? error.message : String(error)}`)
    socket.destroy()
  }
}

function encrypted(socket: Socket, { certificate, key: privateKey }: { certificate: string; key: string }): TLSSocket {
  const secure = new TLSSocket(socket, {
    isServer: true,
    cert: certificate,
    key: privateKey,
    ALPNProtocols: ['http/1.1'],
  })
  return secure.on('error', () => socket.destroy())
}

const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, listener(false))
const secureServer = createServer({ pauseOnConnect: true, noDelay: true }, listener(true))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    secureServer.close()
    for (const socket of open) socket.destroy()
  })
}
if (wantedTls !== undefined) secureServer.listen(wantedTls, '0.0.0.0')
server.listen(wanted, '0.0.0.0', () => {
  const address = server.address()
  console.log(`ready on port ${typeof address === 'object' && address ? address.port : wanted}`)
  // A container is killed without notice: without this its compile cache would be lost.
  flushCompileCache()
})
