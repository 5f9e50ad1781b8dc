/**
 * The outpost's stand-in as a process, in a container of the environment. Prints `ready` when it listens.
 * Environment: OUTPOST_HOST (the application's public host), with defaults OUTPOST_UNAUTHENTICATED_PATHS (one expression a line) and
 * OUTPOST_PORT, and that of `openidFromEnvironment`.
 */
import { z } from 'zod'
import { createOutpost } from './authentik-outpost.ts'
import { openidFromEnvironment, serve } from './program.ts'

const environment = z.object({
  OUTPOST_HOST: z.string().min(1),
  OUTPOST_UNAUTHENTICATED_PATHS: z.string().default(''),
  OUTPOST_PORT: z.coerce.number().int().min(0).max(65_535).default(9000),
})

const given = environment.parse(process.env)
const server = createOutpost({
  host: given.OUTPOST_HOST,
  unauthenticatedPaths: given.OUTPOST_UNAUTHENTICATED_PATHS.split('\n')
    .filter((line) => line !== '')
    .map((line) => new RegExp(line)),
  ...(await openidFromEnvironment()),
})
serve(server, given.OUTPOST_PORT)
