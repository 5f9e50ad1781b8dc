/**
 * The recording auth service as a process, in a container of the environment. Prints `ready` when it listens.
 * Environment, with defaults: AUTH_HOST (the application's public host), AUTH_PORT, and that of `openidFromEnvironment`.
 */
import { z } from 'zod'
import { openidFromEnvironment, serve } from './program.ts'
import { createRecordingAuth } from './recording-auth.ts'

const environment = z.object({
  AUTH_HOST: z.string().min(1).default('app.test'),
  AUTH_PORT: z.coerce.number().int().min(0).max(65_535).default(4180),
})

const given = environment.parse(process.env)
serve(createRecordingAuth({ host: given.AUTH_HOST, ...(await openidFromEnvironment()) }), given.AUTH_PORT)
