/**
 * The machine's clock is set in the middle of a run, an hour ahead or some hours back: no cell becomes red. Debian's libfaketime sets it for all
 * processes of the suite (certificates are checked by the same clock); programs in containers keep the machine's.
 */
import { glob, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kept } from '../../harness/lab/cache.ts'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { step } from '../../harness/lab/images/step.ts'
import { downloadPackages } from '../../harness/lab/private/packages.ts'
import { readReport } from '../../harness/report/read.ts'
import { below, processorTime, type Started, start, until } from './command.testing.ts'

const obstacles = await privateObstacles()
const library =
  obstacles.length > 0 ? undefined : await faketime().catch((error: Error) => void obstacles.push(error.message))
if (obstacles.length > 0) console.warn(`SKIPPED: the clock cannot be set here (${obstacles.join('; ')}).`)

async function faketime(): Promise<string> {
  const folder = await kept({ name: 'libfaketime', recipe: '1' }, async (into) => {
    await downloadPackages(['libfaketime'], into)
    for (const deb of await readdir(into)) await step('dpkg-deb', ['-x', join(into, deb), into], 'Debian')
  })
  const [path] = await Array.fromAsync(glob(join(folder, 'usr/lib/*/faketime/libfaketimeMT.so.1')))
  if (path === undefined) throw new Error('libfaketime has no libfaketimeMT.so.1')
  return path
}

const seconds = { '+1h': 3600, '-3h': -10_800, '+2d': 172_800 } as const
type Jump = keyof typeof seconds

describe.skipIf(library === undefined)('a clock that is set while cells run', { timeout: 600_000 }, () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clock-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** @param middle when cells run */
  async function run(args: readonly string[], jump: Jump, middle: (run: Started) => Promise<unknown>) {
    const [clock, seen] = [join(folder, 'clock'), join(folder, 'seen')]
    await writeFile(clock, '+0\n')
    const env = {
      ...{
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
      ...{ NODE_OPTIONS: `--import ${join(import.meta.dirname, 'clock.fixture.ts')}`, CLOCK_SEEN: seen },
    }
    const started = start([...args, '--out', 'out'], { cwd: folder, env })
    await middle(started)
    await writeFile(clock, `${jump}\n`)
    const { code, error } = await started.ended
    // The command line, the run's process and its thread.
    const drifts = (await readFile(seen, 'utf8')).trim().split('\n').map(Number)
    expect(drifts.filter((drift) => Math.abs(drift - seconds[jump]) < 60).length).toBeGreaterThanOrEqual(2)
    const { results } = await readReport(join(folder, 'out'))
    return { code, error, results }
  }

  /** The certificates of a run are valid from an hour before it for a day. */
  const sentences = {
    '+1h': undefined,
    '-3h': /The clock of this machine went 3 hours back during the run/,
    '+2d': /The clock of this machine went 2 days ahead during the run/,
  } as const

  it.each(['+1h', '-3h', '+2d'] as const)(
    'by %s makes no cell of the embedded lab red, and is said where it touches one',
    async (jump) => {
      const { code, results } = await run(['--engine', 'none'], jump, async ({ pid, heard }) => {
        const process = await until('the process', () => below(pid, /run-main\.ts/)[0])
        // Sources are loaded and users signed in by then.
        await until('cells', () => heard().includes('embedded lab') && processorTime(process) > 500, 240_000)
      })
      expect(results.totals).toMatchObject({ fail: 0, blocked: 0, 'harness-error': 0 })
      const reason = sentences[jump]
      expect(code).toBe(reason === undefined ? 0 : 3)
      if (reason === undefined) expect(results.totals.pass).toBeGreaterThan(400)
      else expect(results.environments[0]?.reason).toMatch(reason)
    },
  )

  it.each(['+1h', '-3h', '+2d'] as const)(
    'by %s makes no cell of a real proxy red, and is said where it touches one',
    async (jump) => {
      const nginx = [
        '--engine',
        'private',
        '--proxy',
        'nginx-oauth2-proxy',
        '--variant',
        'hardened',
        '--gateway',
        'reference',
      ]
      const { code, results } = await run(nginx, jump, ({ pid }) =>
        until('cells', () => processorTime(...below(pid, /^nginx: worker process/)) >= 15, 240_000),
      )
      expect(results.totals).toMatchObject({ fail: 0, blocked: 0 })
      // A session of an hour is over by the suite's clock, and not by the proxy's.
      expect(code).toBe(3)
      expect(results.environments[0]?.reason).toMatch(
        sentences[jump] ?? /The clock of this machine went 3600 s ahead during the run/,
      )
    },
  )
})
