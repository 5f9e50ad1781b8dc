/** A registry that takes connections and never answers: what was asked for and could not be had is exit code 3, within a minute or so. */
import { once } from 'node:events'
import { cp, glob, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { cacheFolder } from '../../harness/lab/cache/folder.ts'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { start } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

it.skipIf(obstacles.length > 0)('gives a silent npm registry up and says so', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'registry-faults-'))
  const registry = createServer(() => {})
  registry.listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const address = registry.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const cache = join(folder, 'cache')
  await mkdir(cache)
  // Everything else is at hand.
  for await (const entry of glob(join(cacheFolder, '{base,engine,oauth2-proxy,mmdebstrap}-*'), {
    exclude: ['**/*.making-*', '**/*.lock'],
  }))
    await cp(entry, join(cache, basename(entry)), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  try {
    const { code, ms } = await start(
      ['--proxy', 'nginx-oauth2-proxy', '--variant', 'hardened', '--gateway', 'openclaw', '--case', 'identity.**'],
      {
        cwd: folder,
        env: {
          CONFORMANCE_CACHE: cache,
          npm_config_registry: `http://127.0.0.1:${port}/`,
          npm_config_cache: join(folder, 'npm'),
          npm_config_replace_registry_host: 'always',
        },
      },
    ).ended
    const { results } = await readReport(join(folder, 'reports/latest'))
    expect(results.environments).toEqual([
      expect.objectContaining({ status: 'unavailable', reason: expect.stringMatching(/^openclaw \S+: npm ci failed/) }),
    ])
    expect(code).toBe(3)
    expect(ms).toBeLessThan(120_000)
  } finally {
    registry.close()
    await rm(folder, { recursive: true, force: true })
  }
})
