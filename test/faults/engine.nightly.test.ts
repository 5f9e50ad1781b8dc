/** An engine that stops or dies in the middle of a run: one sentence, exit code 3, and what was obtained is written. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { below, processorTime, start, until } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

const nginx = ['--proxy', 'nginx-oauth2-proxy', '--variant', 'documented,hardened', '--gateway', 'reference']
/** A busy machine included; on a quiet one it is 6 to 15 s. */
const bound = 40_000
const starts = /^Engine: /m
const between = /attributed: \d+ pass/

describe.skipIf(obstacles.length > 0)('an engine', { timeout: 300_000 }, () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engine-faults-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    { program: 'dockerd', signal: 'SIGSTOP', moment: 'while containers start', heard: starts, cells: false },
    { program: 'dockerd', signal: 'SIGSTOP', moment: 'between two environments', heard: between, cells: true },
    { program: 'containerd', signal: 'SIGSTOP', moment: 'while containers start', heard: starts, cells: false },
    { program: 'containerd', signal: 'SIGSTOP', moment: 'between two environments', heard: between, cells: true },
    { program: 'dockerd', signal: 'SIGKILL', moment: 'while containers start', heard: starts, cells: false },
    { program: 'dockerd', signal: 'SIGKILL', moment: 'between two environments', heard: between, cells: true },
  ] as const)('whose $program gets $signal $moment ends the run with a sentence', async (fault) => {
    const { program, signal, heard, cells } = fault
    const run = start([...nginx, '--jobs', '1', '--out', 'out'], { cwd: folder })
    const engine = await until(
      'the engine',
      () => below(run.pid, program === 'dockerd' ? /^\S*dockerd .*docker\.sock/ : /^\S*containerd --config/)[0],
    )
    await until('the moment', () => heard.test(run.heard()))
    const since = performance.now()
    process.kill(engine, signal)
    const { code, out } = await run.ended
    expect(performance.now() - since).toBeLessThan(bound)
    expect(code).toBe(3)
    const { results } = await readReport(join(folder, 'out'))
    const reasons = results.environments.map(({ status, reason }) => (status === 'failed' ? reason : status))
    expect(reasons.at(-1)).toMatch(
      signal === 'SIGSTOP'
        ? /^(.*: )?The container engine at \S+ does not answer: waited .*\. Run again; /
        : /^(.*: )?The container engine at \S+ (does not answer|is gone)/,
    )
    expect(results.cells.length > 0).toBe(cells)
    // Nothing that the engine did is the proxy's fault.
    expect(results.totals.fail).toBe(0)
    expect(out).not.toMatch(/^\s+at .*\.ts:\d+/m)
  })

  it('whose containerd is killed while cells run starts another, or ends the run: no cell becomes red', async () => {
    const hardened = nginx.with(nginx.indexOf('documented,hardened'), 'hardened')
    const run = start([...hardened, '--out', 'out'], { cwd: folder })
    const workers = () => below(run.pid, /^nginx: worker process/)
    await until('cells', () => processorTime(...workers()) >= 15, 120_000)
    const containerd = await until('containerd', () => below(run.pid, /^\S*containerd --config/)[0])
    process.kill(containerd, 'SIGKILL')
    const { code } = await run.ended
    const { results } = await readReport(join(folder, 'out'))
    expect(results.totals).toMatchObject({ fail: 0, blocked: 0 })
    expect(results.environments.map(({ status }) => status)).toEqual([code === 0 ? 'ready' : 'failed'])
  })
})
