/** The pull path for real: Debian's docker-registry and the private engine, alone in namespaces, so that no other registry can answer. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { kept } from '../cache.ts'
import { privateObstacles } from '../engine.ts'
import { enterNamespaces } from '../private/enter.ts'
import { downloadPackages, enginePackages } from '../private/packages.ts'
import { silent } from '../progress.ts'
import { baseImage } from './base-image.ts'
import type { Order, Seen } from './registry.fixture.ts'
import { step } from './step.ts'

const obstacles = await privateObstacles()
const why = obstacles.length > 0 ? ` (skipped: ${obstacles.join('; ')})` : ''

describe.skipIf(obstacles.length > 0)(`pulling from a registry${why}`, { timeout: 120_000 }, () => {
  let seen: Seen
  beforeAll(async () => {
    const registry = await kept({ name: 'docker-registry', recipe: '1' }, async (into) => {
      await downloadPackages(['docker-registry'], into)
      for (const deb of await readdir(into)) await step('dpkg-deb', ['-x', join(into, deb), into], 'Debian')
    })
    const packages = await enginePackages(silent, false)
    await baseImage(['nginx-light'], false, silent)
    // Sockets need a short path.
    const folder = await mkdtemp(join(tmpdir(), 'conformance-registry-'))
    try {
      seen = await inside({ packages, registry, folder })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 300_000)

  it('takes the image of a registry that answers', () => {
    expect(seen.preparations.pulled).toEqual({
      status: 'ready',
      service: {
        source: 'pull',
        version: '1',
        image: { kind: 'registry', reference: `${seen.registry}/tiny:1` },
        binds: [],
      },
    })
    expect(seen.labels).toEqual({ made: 'by the test' })
  })

  it('builds what the registry does not have', () => {
    expect(seen.preparations['absent, can be built']).toMatchObject({ status: 'ready', service: { source: 'build' } })
  })

  it('gives the registry’s own message where nothing can be built', () => {
    expect(seen.preparations['absent, cannot be built']).toMatchObject({
      status: 'unavailable',
      reason: expect.stringMatching(/^only: .*absent.*(not found|unknown)/s),
    })
  })

  it('builds where no registry answers', () => {
    expect(seen.preparations['no registry']).toMatchObject({ status: 'ready', service: { source: 'build' } })
  })

  it('needs no registry for what was pulled before', () => {
    expect(seen.preparations['pulled before, now offline']).toMatchObject({
      status: 'ready',
      service: { source: 'pull' },
    })
  })
})

function inside(order: Order): Promise<Seen> {
  const [program = '', ...words] = [
    ...enterNamespaces,
    process.execPath,
    join(import.meta.dirname, 'registry.fixture.ts'),
    JSON.stringify(order),
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    let said = ''
    child.stdout?.on('data', (chunk) => (said += chunk))
    child.stderr?.on('data', (chunk) => (said += chunk))
    let told: Seen | undefined
    child.on('message', (message: Seen) => (told = message))
    child.on('error', reject)
    child.on('close', (code) => (told ? resolve(told) : reject(new Error(`the fixture ended with ${code}:\n${said}`))))
  })
}
