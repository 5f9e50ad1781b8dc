/**
 * Runs beside Debian's Podman, rootful and rootless, and Debian's Docker, each in a root file system and namespaces of its own. Three runs in a
 * row: what one leaves over is what the next one stumbles upon. Several minutes: `pnpm test:nightly`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFolder } from '../../harness/lab/cache/folder.ts'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { debianRoot } from './debian-root.ts'
import type { Interrupted } from './interrupt.fixture.ts'
import type { Tried } from './try.fixture.ts'

const project = resolve(import.meta.dirname, '../..')
const script = (name: string) => join('/project/test/engines', name)

// The same as a private engine needs: root, and namespaces that the kernel lets it make.
const obstacles = await privateObstacles()
const root =
  obstacles.length > 0 ? undefined : await debianRoot().catch((error: Error) => void obstacles.push(error.message))
if (obstacles.length > 0) console.warn(`SKIPPED: Podman and Docker cannot be tried here (${obstacles.join('; ')}).`)

const engines = [
  { engine: 'Podman', name: /^Podman 5\.[\d.]+$/, command: ['podman.sh'] },
  { engine: 'rootless Podman', name: /^Podman 5\.[\d.]+, rootless$/, command: ['rootless.sh', 'podman.sh'] },
  { engine: 'Docker', name: /^Docker \d+\.[\d.]+/, command: ['docker.sh'] },
]
const runs = ['first', 'second', 'third']
const nginx = ['--proxy', 'nginx-oauth2-proxy', '--variant', 'hardened', '--gateway', 'reference']
/** Three commands against one and the same engine. */
const threeRuns = runs.map(
  (run) => `node harness/cli/main.ts --engine docker --offline ${nginx.join(' ')} --out /out/${run}; echo "exit $?"`,
)

describe.skipIf(root === undefined).each(engines)('$engine', { timeout: 600_000 }, ({ name, command }) => {
  let out: string
  let said: string
  let tried: Tried
  const inside = (words: readonly string[]) =>
    beside(root ?? '', out, [...command.flatMap((one) => ['bash', script(one)]), ...words])

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'engines-'))
    const trying = await inside(['node', script('try.fixture.ts')])
    tried = JSON.parse(trying.trim().split('\n').at(-1) ?? '')
    said = await inside(['sh', '-c', [...threeRuns, 'node test/engines/left.fixture.ts'].join('\n')])
  }, 600_000)
  afterAll(() => rm(out, { recursive: true, force: true }))

  it.each(runs)('carries the %s of three runs in a row', async (run) => {
    const { results } = await readReport(join(out, run))
    expect(results.environments.map(({ status, reason }) => ({ status, reason }))).toEqual([{ status: 'ready' }])
    expect(results.totals).toMatchObject({ fail: 0, blocked: 0, 'harness-error': 0 })
    expect(results.totals.pass).toBeGreaterThan(400)
    expect(results.run).toMatchObject({ exitCode: 0, notes: [], engine: { name: expect.stringMatching(name) } })
  })

  it('gives every cell the same status in each of them', async () => {
    const [first, ...others] = await Promise.all(
      runs.map(async (run) => {
        const { results } = await readReport(join(out, run))
        return results.cells.map((cell) => `${cell.case} ${cell.transport} ${cell.status}`).toSorted()
      }),
    )
    for (const other of others) expect(other).toEqual(first)
  })

  it('keeps nothing of them', () => {
    expect(said.trim().split('\n').at(-1)).toBe('left over: nothing')
  })

  it('keeps nothing of runs that are interrupted while their containers start, at once or behind a second Ctrl-C', async () => {
    const lines = (await inside(['node', script('interrupt.fixture.ts')])).trim().split('\n')
    const interrupted: Interrupted[] = JSON.parse(lines.at(-1) ?? '')
    expect(interrupted.map(({ code, left }) => ({ code, left }))).toEqual(
      interrupted.map(() => ({ code: 130, left: 0 })),
    )
    expect(interrupted.filter(({ times, leftAtOnce }) => times === 1 && leftAtOnce > 0)).toEqual([])
  })

  it('is called by its own name', () => {
    expect(tried.name).toMatch(name)
    expect(said).toMatch(/^Engine: (Podman|Docker) /m)
  })

  it('reports within 5 s that a container has ended, with its exit code and last log lines', () => {
    expect(tried.ending).toMatchObject({ kind: 'container', name: 'proxy', exitCode: 137, logLines: ['ready'] })
    expect(tried.noticedMs).toBeLessThan(5000)
  })

  it('removes containers that do not heed SIGTERM without waiting for them', () => {
    expect(tried.removalMs).toBeLessThan(5000)
  })

  it('removes in one sweep what a dead run left, a container in the namespace of another included', () => {
    expect(tried.swept.map(({ kind, problem }) => ({ kind, problem }))).toEqual([
      { kind: 'container' },
      { kind: 'container' },
      { kind: 'network' },
    ])
    expect(tried.left).toEqual([])
  })

  it('runs a step of a build without a capability, a network or a file of the machine', () => {
    expect(tried.build).toEqual([
      expect.stringMatching(/^CapEff:\s+0+$/),
      'lo',
      expect.stringMatching(/secret\.txt: No such file or directory$/),
      expect.stringMatching(/Read-only file system$/),
    ])
  })

  it('is not believed to have a registry where there is no network', () => {
    expect(tried.registry).toBe(false)
  })
})

/** @returns what the command wrote. It may fail: what it was about is judged by what it left. */
async function beside(lower: string, out: string, command: readonly string[]): Promise<string> {
  const child = spawn('bash', [join(import.meta.dirname, 'enter.sh'), lower, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PROJECT: project,
      CONFORMANCE_CACHE: cacheFolder,
      OUT: out,
      NODE: dirname(process.execPath),
    },
  })
  const ended = once(child, 'close')
  const [said, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  if (said.trim() === '') throw new Error(`nothing was written to stdout; on stderr:\n${error}`)
  return `${error}\n${said}`
}
