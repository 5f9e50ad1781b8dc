/** Which part of a run a pull request gets: `.ci/touched` in a repository of its own. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const script = join(import.meta.dirname, '../.ci/touched')
let folder = ''
const git = (...args: readonly string[]) =>
  run('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.test', ...args], { cwd: folder })

async function commit(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), `${Math.random()}\n`)
  }
  await git('add', '-A')
  await git('commit', '-q', '-m', 'change')
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touched-'))
  await git('init', '-q')
  await commit(['README.md', 'scenarios/alias/spelling.yaml'])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it.each([
  [['proxies/pomerium/hardened/config.yaml', 'docs/x.md'], '--proxy pomerium\n'],
  [['proxies/pomerium/proxy.yaml', 'proxies/reference/proxy.yaml'], '--proxy pomerium,reference\n'],
  [['scenarios/spoofing/two-lines.yaml'], '--case spoofing.two-lines\n'],
  [['proxies/pomerium/proxy.yaml', 'scenarios/spoofing/two-lines.yaml'], ''],
  [['proxies/programs/pomerium/go.mod'], ''],
  [['harness/judge/judge.ts', 'proxies/pomerium/proxy.yaml'], ''],
])('a change of %j runs %j', async (files, expected) => {
  await commit(files)
  expect((await run(script, ['HEAD~1'], { cwd: folder })).stdout).toBe(expected)
})

it('a file that has gone runs everything', async () => {
  await git('rm', '-q', 'scenarios/alias/spelling.yaml')
  await git('commit', '-q', '-m', 'gone')
  expect((await run(script, ['HEAD~1'], { cwd: folder })).stdout).toBe('')
})
