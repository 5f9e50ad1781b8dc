/** What the machine lacks is said in one sentence before the work, with exit code 3, or 2 where the user named it; and no old report passes for a new one. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jobsThatFit, settleSocketFolder } from '../../harness/cli/machine.ts'
import { readReport } from '../../harness/report/read.ts'
import { project, start } from './command.testing.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const embedded = ['--engine', 'none']
/** A few cells: enough for a report. */
const few = [...embedded, '--case', 'identity.arrival.**']

describe('a machine that lacks something', { timeout: 60_000 }, () => {
  it.each([24, 64])('says at once that %d descriptors are too few', async (count) => {
    const { code, error, ms } = await start(few, { cwd: folder, prefix: ['prlimit', `--nofile=${count}`] }).ended
    expect(error).toBe(
      `A process may open ${count} files and sockets here; the suite needs 128. Raise the limit: ulimit -n 1024.\n`,
    )
    expect(code).toBe(3)
    expect(ms).toBeLessThan(10_000)
  })

  it('runs with 128 descriptors', async () => {
    const { code } = await start(few, { cwd: folder, prefix: ['prlimit', '--nofile=128'] }).ended
    expect(code).toBe(0)
  })

  it('runs as many environments at a time as the memory bears, and refuses where not one fits', () => {
    const nginx = { embedded: false, gateway: { name: 'reference', profile: 'attributed', features: [] } } as const
    const eight = Array.from({ length: 8 }, () => nginx)
    expect(jobsThatFit(eight, 8, 'private', 8e9)).toBe(8)
    expect(jobsThatFit(eight, 8, 'private', 1e9)).toBe(3)
    expect(jobsThatFit(eight, 8, 'private', 6e8)).toBe(1)
    expect(() => jobsThatFit(eight, 8, 'private', 4e8)).toThrow(
      'This run needs about 570 MB of memory for one environment at a time; 400 MB are available.',
    )
  })
})

describe('a temporary folder in which no sockets can be', { timeout: 60_000 }, () => {
  it.each(['/tmp/a b', '/tmp/a:b', '/tmp/ünusual', '/tmp/a-long-name-of-a-folder'])('%s is not used', (place) => {
    vi.stubEnv('TMPDIR', place)
    const said: string[] = []
    try {
      settleSocketFolder((sentence) => said.push(sentence))
      expect(tmpdir()).toBe('/tmp')
      expect(said).toEqual([expect.stringContaining(`the path of a socket in ${place} would be too long`)])
      settleSocketFolder((sentence) => said.push(sentence))
      expect(said).toHaveLength(1)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('is said, and the run goes on', async () => {
    const socket = join(folder, 'engine.sock')
    const engine = createServer((_request, answer) =>
      answer.writeHead(200, { 'content-type': 'application/json' }).end('{"Version":"1.0.0"}'),
    ).listen(socket)
    const long = join(folder, 'temporary')
    await mkdir(long)
    const { code, error } = await start(['--engine', 'docker', '--case', 'identity.arrival.**'], {
      cwd: folder,
      env: { TMPDIR: long, DOCKER_HOST: `unix://${socket}` },
    }).ended
    engine.close()
    expect(error).toContain(`Temporary files are in /tmp: the path of a socket in ${long} would be too long`)
    // The engine of this test answers nothing else.
    expect(code).toBe(3)
    expect(await readdir(long)).toEqual([])
  })
})

describe('the folder of the report', { timeout: 60_000 }, () => {
  it.each<{ kind: string; make: (out: string) => Promise<unknown> }>([
    { kind: 'a file', make: (out) => writeFile(out, 'mine') },
    { kind: 'a link that leads nowhere', make: (out) => symlink('nowhere/at/all', out) },
    {
      kind: 'one that cannot be written',
      make: async (out) => {
        await mkdir(out)
        // Also for root.
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', out])
      },
    },
  ])('is refused before the run when it is $kind', async ({ kind, make }) => {
    const out = join(folder, 'out')
    if (kind.startsWith('one') && process.getuid?.() !== 0) {
      await mkdir(out)
      await chmod(out, 0o500)
    } else await make(out)
    const { code, error } = await start([...few, '--out', out], { cwd: folder }).ended
    if (kind.startsWith('one') && process.getuid?.() === 0) execFileSync('umount', [out])
    expect(error).toMatch(
      new RegExp(`^The report cannot be written to ${out}: .*\\. Name another folder with --out\\.\n$`),
    )
    expect(code).toBe(2)
  })

  it('needs a name', async () => {
    const { code, error } = await start([...few, '--out', ''], { cwd: folder }).ended
    expect(error).toBe('--out is empty: name the folder for the report.\n')
    expect(code).toBe(2)
    expect(await readdir(folder)).toEqual([])
  })

  it('keeps no earlier report once a run has begun, so that a run that dies leaves none', async () => {
    const out = join(folder, 'out')
    await start([...few, '--out', out], { cwd: folder }).ended
    await access(join(out, 'results.json'))
    const second = start([...embedded, '--out', out], { cwd: folder })
    const gone = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (
          ['results.json', 'badges', 'cases', 'cells', 'environments', 'evidence'].some((name) =>
            existsSync(join(out, name)),
          )
        )
          return
        clearInterval(look)
        process.kill(second.pid, 'SIGKILL')
        resolve()
      }, 5)
    })
    await Promise.all([gone, second.ended])
    // The stylesheet marks the folder as a report's: the next run may write there.
    expect((await readdir(out)).filter((name) => !name.startsWith('.'))).toEqual(['report.css'])
    expect((await start([...few, '--out', out], { cwd: folder }).ended).code).toBe(0)
  })

  it('takes a temporary folder that cannot be had for what it is', async () => {
    const { code, error } = await start(few, { cwd: folder, env: { TMPDIR: join(folder, 'absent') } }).ended
    expect(error).toMatch(/A run needs a temporary folder in .*absent: ENOENT.*\. TMPDIR names another place\.\n$/)
    expect(code).toBe(3)
  })
})

const asOrdinaryUser = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
/** The project may stand in a folder that only root may enter. */
const ordinaryUserCan = (() => {
  if (process.getuid?.() !== 0) return false
  const [program = '', ...words] = [...asOrdinaryUser, process.execPath, '--version']
  try {
    execFileSync(program, words, { cwd: project, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()
if (!ordinaryUserCan) console.warn('SKIPPED: this test needs root, and a project folder that others may read.')

describe.skipIf(!ordinaryUserCan)('an ordinary user without a home', { timeout: 60_000 }, () => {
  const env = { HOME: '/nonexistent', CONFORMANCE_CACHE: '', XDG_CACHE_HOME: '' }

  it('is told in a sentence where the place belongs to root', async () => {
    const { code, error } = await start(few, { cwd: folder, env, prefix: asOrdinaryUser }).ended
    expect(error).toMatch(/^The report cannot be written to .*: EACCES: .*\. Name another folder with --out\.\n$/)
    expect(code).toBe(2)
  })

  it('can run where the report can be written', async () => {
    const out = join(folder, 'out')
    await mkdir(out)
    await chmod(folder, 0o755)
    await chmod(out, 0o777)
    const { code } = await start([...few, '--out', out], { cwd: folder, env, prefix: asOrdinaryUser }).ended
    expect(code).toBe(0)
  })
})

describe('standard streams that nobody reads', { timeout: 60_000 }, () => {
  it.each([
    ['stdout is full', '"$@" > /dev/full'],
    ['stderr is full', '"$@" 2> /dev/full'],
    ['the reader of both ends after a line', '("$@"; echo $? > code) 2>&1 | head -n 1; exit $(cat code)'],
  ])('do not keep a run from its report: %s', async (_what, script) => {
    const { code } = await start([...few, '--out', 'out'], { cwd: folder, prefix: ['sh', '-c', script, 'sh'] }).ended
    expect(code).toBe(0)
    expect((await readReport(join(folder, 'out'))).results.totals.pass).toBeGreaterThan(5)
  })
})

describe('an interruption', { timeout: 60_000 }, () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('by %s writes what there is', async (signal) => {
    const run = start([...embedded, '--out', 'out'], { cwd: folder })
    const timer = setInterval(() => {
      if (!/^\d+ environments?, \d+ cells$/m.test(run.heard())) return
      clearInterval(timer)
      process.kill(run.pid, signal)
    }, 20)
    const { code, error } = await run.ended
    expect(code).toBe(130)
    expect(error).toContain('Interrupted: cleaning up and writing partial results. Press Ctrl-C again to exit at once.')
    expect((await readReport(join(folder, 'out'))).results.run.interrupted).toBe(true)
  })

  it('that comes twice exits at once, and what is left is removed behind it', async () => {
    const temporary = join(folder, 'tmp')
    await mkdir(temporary)
    const run = start([...embedded, '--out', 'out'], { cwd: folder, env: { TMPDIR: temporary } })
    let times = 0
    const timer = setInterval(() => {
      if (times === 0 && !/^\d+ environments?, \d+ cells$/m.test(run.heard())) return
      times += 1
      process.kill(run.pid, 'SIGINT')
      if (times === 2) clearInterval(timer)
    }, 20)
    expect((await run.ended).code).toBe(130)
    await expect.poll(() => readdir(temporary), { timeout: 20_000 }).toEqual([])
  })
})

describe('notes that cannot be read', { timeout: 60_000 }, () => {
  it.each(['', '{"ho', 'null', '[]'])(
    'are of nobody: a folder whose note reads %j is removed when it is old',
    async (note) => {
      const temporary = join(folder, 'tmp')
      const [old, young] = [join(temporary, 'conformance-run-old'), join(temporary, 'conformance-run-young')]
      for (const run of [old, young]) {
        await mkdir(run, { recursive: true })
        await writeFile(join(run, 'owner.json'), note)
      }
      execFileSync('touch', ['-d', '2 hours ago', old])
      const { code, out, error } = await start(['clean'], {
        cwd: folder,
        env: { TMPDIR: temporary, CONFORMANCE_CACHE: join(folder, 'cache'), DOCKER_HOST: 'unix:///absent' },
      }).ended
      expect(error).toBe('')
      expect(out).toContain(`removed folder ${old}\n`)
      expect(code).toBe(0)
      expect(await readdir(temporary)).toEqual(['conformance-run-young'])
      expect(await readFile(join(young, 'owner.json'), 'utf8')).toBe(note)
    },
  )
})
