/**
 * The OpenID provider as a process: in a container of the environment, as `idp.test`. Prints `ready` when it answers.
 * Environment: OIDC_CALLBACKS (JSON list of redirect URIs) and, with defaults, OIDC_CLIENT_AUTH, OIDC_ISSUER, OIDC_CLIENT_ID,
 * OIDC_CLIENT_SECRET_FILE, OIDC_PORT.
 */
import { readFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { z } from 'zod'
import { createProvider } from './provider.ts'

const environment = z.object({
  OIDC_CALLBACKS: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.url()).min(1)),
  OIDC_CLIENT_AUTH: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  OIDC_ISSUER: z.url().default('http://idp.test'),
  OIDC_CLIENT_ID: z.string().default('conformance'),
  OIDC_CLIENT_SECRET_FILE: z.string().default('/run/conformance/secrets/client'),
  OIDC_PORT: z.coerce.number().int().min(0).max(65_535).default(80),
})

const given = environment.parse(process.env)
const server = await createProvider({
  issuer: given.OIDC_ISSUER,
  clientId: given.OIDC_CLIENT_ID,
  clientSecret: (await readFile(given.OIDC_CLIENT_SECRET_FILE, 'utf8')).trim(),
  callbacks: given.OIDC_CALLBACKS,
  clientAuth: given.OIDC_CLIENT_AUTH,
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
  })
}
server.listen(given.OIDC_PORT, () => {
  const address = server.address()
  console.log(`ready on port ${typeof address === 'object' && address ? address.port : given.OIDC_PORT}`)
  // A container is taken away without a word of farewell, and this would not be kept.
  flushCompileCache()
})
