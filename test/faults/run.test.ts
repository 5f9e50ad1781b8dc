/** What can happen to a run in the embedded lab while it is under way: its process dies, the disk is full. Never a verdict. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readReport } from '../../harness/report/read.ts'
import { below, processorTime, start, until } from './command.testing.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-faults-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const embedded = ['--engine', 'none', '--out', 'out']
const runProcess = /run-main\.ts/

describe('the run’s own process', { timeout: 60_000 }, () => {
  it.each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)(
    'that dies of %s ends the command with what was obtained, exit code 3, and no verdict on what was not',
    async (signal) => {
      const run = start(embedded, { cwd: folder })
      const pid = await until('the process', () => below(run.pid, runProcess)[0])
      await until('the first cells', () => /\bcells\b/.test(run.heard()))
      const since = performance.now()
      process.kill(pid, signal)
      const { code, error } = await run.ended
      expect(performance.now() - since).toBeLessThan(20_000)
      expect(code).toBe(3)
      const { results } = await readReport(join(folder, 'out'))
      expect(results.totals.fail).toBe(0)
      expect(results.stale).toEqual([])
      expect(error).not.toMatch(/^\s+at .*\.ts:\d+/m)
    },
  )
})

describe('a command line that is stopped for a while (Ctrl-Z), longer than the run takes', { timeout: 120_000 }, () => {
  it('loses no cell of it', async () => {
    const run = start([...embedded, '--case', 'identity.**'], { cwd: folder })
    const pid = await until('the process', () => below(run.pid, runProcess)[0])
    process.kill(run.pid, 'SIGSTOP')
    try {
      // It has nothing more to do than to hand over what it has.
      let idle = 0
      let before = -1
      await until('its last cell', async () => {
        const now = processorTime(pid)
        idle = now === before ? idle + 1 : 0
        before = now
        return idle > 100
      })
    } finally {
      process.kill(run.pid, 'SIGCONT')
    }
    expect((await run.ended).code).toBe(0)
    const { results } = await readReport(join(folder, 'out'))
    const planned = Number(/(\d+) cells$/m.exec(run.heard())?.[1])
    expect(planned).toBeGreaterThan(40)
    expect(results.cells.length).toBe(planned)
  })
})

describe('an engine that is asked for and is not there', { timeout: 60_000 }, () => {
  it('is exit code 3, and nothing is green', async () => {
    const nginx = ['--proxy', 'nginx-oauth2-proxy', '--variant', 'hardened', '--gateway', 'reference']
    const args = ['--engine', 'docker', ...nginx, '--case', 'identity.arrival.**', '--out', 'out']
    const { code, out, error } = await start(args, { cwd: folder, env: { DOCKER_HOST: 'unix:///absent' } }).ended
    expect(code).toBe(3)
    expect(out + error).toMatch(/no container engine was found/i)
    expect(out).not.toMatch(/^Passed/m)
  })
})

describe.skipIf(process.getuid?.() !== 0)('a disk that is full', { timeout: 60_000 }, () => {
  it.each(['before the run', 'while it runs'] as const)('%s is said in one sentence with the place', async (when) => {
    const out = join(folder, 'out')
    await mkdir(out)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', out])
    const fill = () => execFileSync('sh', ['-c', `head -c 64m /dev/zero > ${out}/filler 2>/dev/null || true`])
    try {
      if (when === 'before the run') fill()
      const run = start([...embedded, '--case', 'identity.**'], { cwd: folder })
      if (when === 'while it runs') {
        await until('the process', () => below(run.pid, runProcess)[0])
        fill()
      }
      const { code, error, out: said } = await run.ended
      expect(code).toBe(when === 'before the run' ? 2 : 3)
      expect(error + said).toMatch(
        when === 'before the run'
          ? /^The report (needs about \d+ MB in|cannot be written to) \S+.*\. Name another folder with --out\.$/m
          : /^The report cannot be written to \S+: ENOSPC.*\. Name another folder with --out\.$/m,
      )
      expect(error).not.toMatch(/^\s+at .*\.ts:\d+/m)
    } finally {
      execFileSync('umount', [out])
    }
  })
})
