/**
 * The outpost's stand-in as a process, in a container of the environment. Prints `ready` when it listens.
 * Environment: OUTPOST_HOST (the application's public host) and, with defaults, OUTPOST_UNAUTHENTICATED_PATHS (one expression a line),
 * OIDC_CLIENT_AUTH, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET_FILE, OUTPOST_PORT.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { z } from 'zod'
import { createOutpost } from './authentik-outpost.ts'

const environment = z.object({
  OUTPOST_HOST: z.string().min(1),
  OUTPOST_UNAUTHENTICATED_PATHS: z.string().default(''),
  OUTPOST_PORT: z.coerce.number().int().min(0).max(65_535).default(9000),
  OIDC_CLIENT_AUTH: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  OIDC_ISSUER: z.url().default('http://idp.test'),
  OIDC_CLIENT_ID: z.string().default('conformance'),
  OIDC_CLIENT_SECRET_FILE: z.string().default('/run/conformance/secrets/client'),
})

const given = environment.parse(process.env)
const server = createOutpost({
  host: given.OUTPOST_HOST,
  unauthenticatedPaths: given.OUTPOST_UNAUTHENTICATED_PATHS.split('\n')
    .filter((line) => line !== '')
    .map((line) => new RegExp(line)),
  issuer: given.OIDC_ISSUER,
  clientId: given.OIDC_CLIENT_ID,
  clientSecret: (await readFile(given.OIDC_CLIENT_SECRET_FILE, 'utf8')).trim(),
  clientAuth: given.OIDC_CLIENT_AUTH,
  async dial(host, port) {
    const socket = connect(port, host)
    await once(socket, 'connect')
    return socket
  },
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
  })
}
server.listen(given.OUTPOST_PORT, () => {
  const address = server.address()
  console.log(`ready on port ${typeof address === 'object' && address ? address.port : given.OUTPOST_PORT}`)
})
