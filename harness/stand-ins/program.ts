/** What the stand-ins that sign users in have in common as programs of a container. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { z } from 'zod'
import type { LogInOptions } from '../reference-proxy/log-in.ts'

const environment = z.object({
  OIDC_CLIENT_AUTH: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  OIDC_ISSUER: z.url().default('http://idp.test'),
  OIDC_CLIENT_ID: z.string().default('conformance'),
  OIDC_CLIENT_SECRET_FILE: z.string().default('/run/conformance/secrets/client'),
})

/** From OIDC_CLIENT_AUTH, OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET_FILE, all with defaults. */
export async function openidFromEnvironment(): Promise<Omit<LogInOptions, 'callback'>> {
  const given = environment.parse(process.env)
  return {
    issuer: given.OIDC_ISSUER,
    clientId: given.OIDC_CLIENT_ID,
    clientSecret: (await readFile(given.OIDC_CLIENT_SECRET_FILE, 'utf8')).trim(),
    clientAuth: given.OIDC_CLIENT_AUTH,
    async dial(host, port) {
      const socket = connect(port, host)
      await once(socket, 'connect')
      return socket
    },
  }
}

/** Prints `ready` when it listens; ends with SIGTERM and SIGINT. */
export function serve(server: Server, port: number): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close()
      server.closeAllConnections()
    })
  }
  server.listen(port, () => {
    const address = server.address()
    console.log(`ready on port ${typeof address === 'object' && address ? address.port : port}`)
  })
}
