/**
 * Authelia's stand-in as a process, in a container of the environment. Prints `ready` when it listens. Its users are those of the run.
 * Environment, with defaults: AUTHELIA_DOMAIN, AUTHELIA_PORTAL, AUTHELIA_USERS_FILE and AUTHELIA_PORT.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { nameOf, users } from '../identity/users.ts'
import { createAuthelia } from './authelia.ts'
import { passwordsOf } from './htpasswd.ts'
import { serve } from './program.ts'

const environment = z.object({
  AUTHELIA_DOMAIN: z.string().min(1).default('example.com'),
  AUTHELIA_PORTAL: z.url().default('https://auth.example.com'),
  AUTHELIA_USERS_FILE: z.string().default('/run/conformance/htpasswd'),
  AUTHELIA_PORT: z.coerce.number().int().min(0).max(65_535).default(9091),
})

const given = environment.parse(process.env)
const server = createAuthelia({
  domain: given.AUTHELIA_DOMAIN,
  portal: given.AUTHELIA_PORTAL,
  users: Object.values(users).map((user) => ({
    username: nameOf(user, 'preferred_username'),
    displayName: user.fullName,
    email: user.email,
    groups: user.groups,
  })),
  isPassword: passwordsOf(await readFile(given.AUTHELIA_USERS_FILE, 'utf8')),
})
serve(server, given.AUTHELIA_PORT)
