/** Failures of builds, with stand-ins for the programs: what a reader of "unavailable" gets to know. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BuildSource, Service } from '../../plan/proxy.ts'
import { silent } from '../progress.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-build-'))
  // The programs are run as nobody where the tests are root.
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'bin'))
  await mkdir(join(folder, 'module'))
  await writeFile(join(folder, 'module', 'go.mod'), 'module x\n')
  vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
  vi.stubEnv('PATH', join(folder, 'bin'))
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function standIn(name: string, script: string) {
  await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'bin', name), 0o755)
}

const go = (): BuildSource => ({
  kind: 'go',
  module: join(folder, 'module'),
  version: '1.2.3',
  package: '.',
  path: '/usr/local/bin/guard',
})
const wheel: BuildSource = {
  kind: 'pypi',
  package: 'guard-bin',
  version: '1.2.3',
  file: '*/guard',
  path: '/usr/local/bin/guard',
}

/** What `prepare.ts` says of a service with this build; the base image is not asked for, so nothing is downloaded. */
async function outcome(build: BuildSource, offline: 'offline' | 'online' = 'online'): Promise<string> {
  const [{ build: make }] = await Promise.all([import('./build.ts')])
  if (build.kind !== 'go' && build.kind !== 'pypi') throw new Error('not a build')
  return await make(build, offline === 'offline', silent).catch((error: Error) => error.message)
}

describe('a build that fails', () => {
  it('names the missing program and what to install', async () => {
    expect(await outcome(go())).toMatch(/^go is not installed, and this step needs Go 1\.26 or later/)
    expect(await outcome(wheel)).toMatch(/^python3 is not installed, and this step needs Python 3 with pip/)
  })

  it('shows the last lines of the log and the step', async () => {
    await standIn('go', 'i=1; while [ $i -le 20 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1')
    const said = await outcome(go())
    expect(said).toMatch(/^fetching its Go modules failed:\nline 13\n/)
    expect(said).toMatch(/line 20$/)
    await standIn('python3', 'echo "ERROR: No matching distribution found for $8"; exit 1')
    expect(await outcome(wheel)).toMatch(/^python3 -I -m pip download failed:\nERROR: No matching distribution/)
  })

  it('leaves nothing in the cache, and a later try succeeds', async () => {
    await standIn('go', 'exit 1')
    await outcome(go())
    expect(await readdir(join(folder, 'cache'))).toEqual([])
    // `FILE -- PACKAGE` are the last three arguments.
    await standIn(
      'go',
      '[ "$1" = list ] && exit; while [ $# -gt 3 ]; do shift; done; [ "$2" = -- ] && echo built > "$1"',
    )
    expect(await readFile(await outcome(go()), 'utf8')).toBe('built\n')
  })

  it('says what is missing when the network must not be touched', async () => {
    await standIn('go', 'echo called > "$0.called"; exit 1')
    expect(await outcome(go(), 'offline')).toBe('guard 1.2.3 is not in the cache; run once without --offline')
    expect(await outcome(wheel, 'offline')).toBe('guard-bin 1.2.3 is not in the cache; run once without --offline')
    expect(await readdir(join(folder, 'bin'))).toEqual(['go'])
  })

  it('builds again when a file of the module has changed, and only then', async () => {
    await standIn(
      'go',
      '[ "$1" = list ] && exit; while [ $# -gt 3 ]; do shift; done; [ "$2" = -- ] && echo built > "$1"',
    )
    const first = await outcome(go())
    expect(await outcome(go())).toBe(first)
    await writeFile(join(folder, 'module', 'go.sum'), 'other\n')
    expect(await outcome(go())).not.toBe(first)
  })

  it('costs its own service and names it', async () => {
    const { Preparer } = await import('./prepare.ts')
    const service: Service = {
      ...{
        name: 'auth',
        title: 'Guard',
        version: '1.2.3',
        source: { build: go() },
        with: [],
        command: ['guard'],
        env: {},
        files: {},
      },
      ...{ ready: { port: 1 }, after: [], ports: [], tmpfs: [] },
    }
    const preparer = new Preparer([service], { images: 'build', offline: true, progress: silent })
    expect(await preparer.service(service)).toEqual({
      status: 'unavailable',
      reason: 'Guard: the base image is not in the cache; run once without --offline',
    })
  })
})
