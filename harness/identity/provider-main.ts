/**
 * The OpenID provider as a process: one for all environments of a run, on the network of each, where it is `idp.test`. Which one is asked shows
 * the address at which it is asked: `OIDC_ENVIRONMENTS/ADDRESS.json` says what that environment's client is (`settingsSchema`). Nothing else is shared,
 * not even a session. Prints `ready` when it listens. Environment: OIDC_ENVIRONMENTS and, with a default, OIDC_PORT.
 */
import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import { createProvider, signingKey } from './provider.ts'
import { userForms } from './users.ts'

const environment = z.object({
  OIDC_ENVIRONMENTS: z.string(),
  OIDC_PORT: z.coerce.number().int().min(0).max(65_535).default(80),
})

const settingsSchema = z.object({
  issuer: z.url(),
  clientId: z.string(),
  clientSecret: z.string(),
  callbacks: z.array(z.url()).min(1),
  clientAuth: z.enum(['client_secret_basic', 'client_secret_post']),
  form: z.enum(userForms).exactOptional(),
})

const { OIDC_ENVIRONMENTS: folder, OIDC_PORT: wanted } = environment.parse(process.env)
const key = await signingKey()
const providers = new Map<string, ReturnType<typeof providerAt>>()
const open = new Set<Socket>()

async function providerAt(address: string) {
  const settings: unknown = JSON.parse(await readFile(join(folder, `${address}.json`), 'utf8'))
  return await createProvider(settingsSchema.parse(settings), key)
}

// Paused: the environment's own server reads from the first byte.
const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, async (socket) => {
  open.add(socket)
  socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  const address = socket.localAddress?.replace(/^::ffff:/, '') ?? ''
  try {
    const provider = providers.get(address) ?? providerAt(address)
    providers.set(address, provider)
    ;(await provider).emit('connection', socket)
    socket.resume()
  } catch (error) {
    providers.delete(address)
    console.error(`${address}: ${error instanceof Error ? error.message : String(error)}`)
    socket.destroy()
  }
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    for (const socket of open) socket.destroy()
  })
}
server.listen(wanted, '0.0.0.0', () => {
  const address = server.address()
  console.log(`ready on port ${typeof address === 'object' && address ? address.port : wanted}`)
  // A container is killed without notice: without this its compile cache would be lost.
  flushCompileCache()
})
