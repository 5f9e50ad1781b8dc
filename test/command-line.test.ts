/** The command line as people and scripts meet it: a process, its output, its exit code, and what it leaves behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proxyYaml } from '../harness/plan/project.testing.ts'
import { readReport } from '../harness/report/read.ts'

const root = resolve(import.meta.dirname, '..')
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-line-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Ended = { readonly code: number | null; readonly out: string; readonly error: string }

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [join(root, 'harness/cli/main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '' },
  })
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    error += chunk
  })
  const ended = once(child, 'close').then(([code]): Ended => ({ code, out, error }))
  return { child, ended, heard: () => error }
}

const run = (...args: readonly string[]) => start(args).ended

describe('conformance', { timeout: 120_000 }, () => {
  it('runs the whole catalogue in the embedded lab: the correct proxy passes all of it', async () => {
    const ended = await run('--engine', 'none', '--out', 'embedded')
    expect(ended.error + ended.out).toMatch(
      /\nPassed all \d+ required cells in this run: \d+ passed, 0 failed, .* Exit code 0: no requirement failed\.\n$/,
    )
    expect(ended.code).toBe(0)
    const { results, evidence } = await readReport(join(folder, 'embedded'))
    expect(results.run).toMatchObject({ exitCode: 0, interrupted: false, engine: { kind: 'none' } })
    const [environment] = results.environments
    expect(environment).toMatchObject({ id: 'reference@1/correct/reference:attributed', status: 'ready' })
    const other = results.cells.filter(({ status }) => !['pass', 'info', 'unsupported'].includes(status))
    expect(other).toEqual([])
    expect(results.totals.pass).toBeGreaterThan(400)
    expect(results.cells.filter(({ status, met }) => status === 'info' && met !== true)).toEqual([])
    // Every cell that ran has its evidence, and no secret in it.
    const ran = results.cells.filter(({ status }) => status !== 'unsupported')
    expect(Object.keys(evidence[environment?.id ?? ''] ?? {})).toHaveLength(ran.length)
    expect(JSON.stringify(evidence)).not.toMatch(/session=[0-9a-f]{16}/)
    for (const file of ['junit.xml', 'report.md', 'index.html', 'results.sarif', 'badge.json'])
      await access(join(folder, 'embedded', file))
  })

  it('writes what it has when interrupted, and says so with 130', async () => {
    const { child, ended, heard } = start(['--engine', 'none', '--out', 'interrupted'])
    let sent = false
    child.stderr.on('data', () => {
      // Once: a second one would mean "at once", and nothing would be written.
      if (sent || !heard().includes('embedded lab')) return
      sent = true
      child.kill('SIGINT')
    })
    expect((await ended).code).toBe(130)
    const { results } = await readReport(join(folder, 'interrupted'))
    expect(results.run).toMatchObject({ interrupted: true, exitCode: 130 })
  })

  it('goes on when nobody reads its output any more', async () => {
    const { child, ended } = start(['--engine', 'none', '--case', 'identity.arrival', '--out', 'unread'])
    child.stdout.destroy()
    await once(child.stderr, 'data')
    child.stderr.destroy()
    expect((await ended).code).toBe(0)
    expect((await readReport(join(folder, 'unread'))).results.run.exitCode).toBe(0)
  })

  it('renders a run again from what it wrote', async () => {
    await run('--engine', 'none', '--case', 'identity.arrival', '--out', 'first')
    const ended = await run('report', '--in', 'first', '--out', 'again')
    expect(ended.code).toBe(0)
    expect(await readReport(join(folder, 'again'))).toEqual(await readReport(join(folder, 'first')))
  })

  it('replays a cell and shows the bytes', async () => {
    const ended = await run(
      'replay',
      'spoofing.identity-header.one-line',
      '--proxy',
      'reference',
      '--transport',
      'http',
    )
    expect(ended.code).toBe(0)
    expect(ended.out).toMatch(/X-Forwarded-User: evil-[0-9a-f]+@attacker\.test/)
    expect(ended.out).toContain('X-Forwarded-User: alice@example.test')
    expect(ended.out).not.toMatch(/Cookie: (?!.*redacted)/)
  })

  it('prints results.json, and nothing else, on stdout with --json', async () => {
    const ended = await run('--engine', 'none', '--case', 'identity.arrival', '--out', 'json', '--json')
    expect(JSON.parse(ended.out)).toEqual(JSON.parse(await readFile(join(folder, 'json', 'results.json'), 'utf8')))
  })

  it.each([
    [['--proxy', 'ngnix-oauth2-proxy'], 'Did you mean nginx-oauth2-proxy?'],
    [['--variant', 'hardend'], 'Did you mean hardened?'],
    [['--gateway', 'refrence'], 'Did you mean reference?'],
    [['--case', 'spoofing.identity-headr.one-line'], 'Did you mean spoofing.identity-header.one-line?'],
    [['--proxy', './nowhere'], 'there is no such file or folder'],
    [['--engine', 'dokcer'], 'Allowed choices are auto, docker, private, none'],
    [['--shard', '3/2'], 'expected I/N with 1 <= I <= N'],
    [['mutant'], 'Did you mean mutants?'],
    [['explain', 'nothing.at.all'], 'Run "conformance list cases" to see all cases.'],
    [['report', '--in', 'nowhere'], 'does not exist or is not JSON'],
  ])('%j is a mistake of usage: exit code 2 and the next step', async (args, message) => {
    const ended = await run(...args)
    expect(ended.error).toContain(message)
    expect(ended.error).not.toMatch(/^\s+at /m)
    expect(ended.code).toBe(2)
  })

  it('names file, line and column of a mistake in an operator’s proxy.yaml, and starts nothing', async () => {
    await mkdir(join(folder, 'mine'))
    await writeFile(join(folder, 'mine', 'proxy.yaml'), 'name: mine\ntitle: mine\nversoin: "1"\n')
    const ended = await run('--proxy', './mine')
    expect(ended.error).toMatch(/proxy\.yaml:3:1: .*versoin.*version/)
    expect(ended.code).toBe(2)
  })

  it('asks before it builds or runs what a folder from outside names: with nobody to ask it ends with 2', async () => {
    await mkdir(join(folder, 'tiny/documented'), { recursive: true })
    await mkdir(join(folder, 'tiny/hardened'))
    await writeFile(join(folder, 'tiny/proxy.yaml'), proxyYaml)
    for (const variant of ['documented', 'hardened']) await writeFile(join(folder, 'tiny', variant, 'tiny.conf'), '')
    const listed = await run('--proxy', './tiny', '--list')
    expect(listed.code, listed.error).toBe(0)
    const ended = await run('--proxy', './tiny')
    expect(ended.error).toMatch(/tiny is not part of this suite/)
    expect(ended.error).toMatch(/ {2}proxy \(tiny\): image registry\.test\/tiny:v1\.2\.3\n {4}runs tiny /)
    expect(ended.error).toContain('Nothing was started: there is no terminal to ask on. Add --yes to run it.')
    expect(ended.error).not.toContain('looking for a container engine')
    expect(ended.code).toBe(2)
  })

  it('refuses a folder of somebody else’s before anything runs', async () => {
    await mkdir(join(folder, 'theirs', 'cases'), { recursive: true })
    const ended = await run('--engine', 'none', '--out', 'theirs')
    expect(ended.error).toContain('Choose an empty or new folder with --out')
    expect(ended.code).toBe(2)
  })

  it('says a first useful line within the time that a person waits', async () => {
    const { child, ended, heard } = start(['--engine', 'none', '--case', 'identity.arrival', '--out', 'quick'])
    await once(child.stderr, 'data')
    expect(heard()).toMatch(/environment/)
    await ended
  })
})
