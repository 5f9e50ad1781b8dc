/**
 * The OpenID provider as a process: one for all environments of a run, on the network of each, where it is `idp.test`. Which one is asked shows
 * the address at which it is asked: `OIDC_ENVIRONMENTS/ADDRESS.json` says what that environment's client is (`settingsSchema`). Nothing else is shared,
 * not even a session. Prints `ready` when it listens. Environment: OIDC_ENVIRONMENTS, and OIDC_PORTS, default 80. The port of an environment's issuer
 * speaks what the issuer says; of all others, 443 is TLS.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { createProvider, signingKey } from './provider.ts'

const environment = z.object({
  OIDC_ENVIRONMENTS: z.string(),
  OIDC_PORTS: z
    .string()
    .regex(/^\d+(,\d+)*$/)
    .default('80'),
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

const { OIDC_ENVIRONMENTS: folder, OIDC_PORTS: wanted } = environment.parse(process.env)
const key = await signingKey()
const providers = new Map<string, ReturnType<typeof providerAt>>()
const open = new Set<Socket>()

async function settingsAt(address: string) {
  const settings: unknown = JSON.parse(await readFile(join(folder, `${address}.json`), 'utf8'))
  return settingsSchema.parse(settings)
}

async function providerAt(address: string) {
  const { tls, ...settings } = await settingsAt(address)
  return { server: await createProvider(settings, key), issuer: new URL(settings.issuer), tls }
}

/** Operators' issuers have ports of their own (`http://keycloak:8080/realms/home`), and other environments of the run have other issuers. */
function isEncrypted({ protocol, port }: URL, asked: number | undefined): boolean {
  const secure = protocol === 'https:'
  return asked === (Number(port) || (secure ? 443 : 80)) ? secure : asked === 443
}

// Paused: the environment's own server reads from the first byte.
async function listener(socket: Socket): Promise<void> {
  open.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  const address = socket.localAddress?.replace(/^::ffff:/, '') ?? ''
  try {
    const provider = providers.get(address) ?? providerAt(address)
    providers.set(address, provider)
    const { server, issuer, tls } = await provider
    const secure = isEncrypted(issuer, socket.localPort)
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

const servers = await Promise.all(
  wanted.split(',').map(async (port): Promise<Server> => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, listener)
    server.listen(Number(port), '0.0.0.0')
    await once(server, 'listening')
    return server
  }),
)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    for (const server of servers) server.close()
    for (const socket of open) socket.destroy()
  })
}
const ports = servers
  .map((server) => server.address())
  .map((at) => (at !== null && typeof at === 'object' ? at.port : 0))
console.log(`ready on port ${ports.join(', ')}`)
// A container is killed without notice: without this its compile cache would be lost.
flushCompileCache()
