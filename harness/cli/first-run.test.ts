import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadProxies } from '../plan/load-proxies.ts'
import { type Project, project, proxyYaml } from '../plan/project.testing.ts'

let here: Project
beforeEach(async () => {
  here = await project()
  vi.stubEnv('CONFORMANCE_CACHE', join(here.root, 'cache'))
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await here[Symbol.asyncDispose]()
})

type Way = { readonly yes?: boolean; readonly answer?: string; readonly embedded?: boolean }

/** @returns what was asked, and how it ended */
async function firstRun({ yes = false, answer, embedded = false }: Way = {}) {
  const { agreeToFolders } = await import('./first-run.ts')
  const asked: string[] = []
  const ask = async (question: string) => {
    asked.push(question)
    return answer ?? ''
  }
  const plan = { environments: [{ proxy: 'tiny', embedded }] }
  const ended = await agreeToFolders(
    plan,
    await loadProxies(here.root),
    { yes },
    answer === undefined ? undefined : ask,
  ).then(
    () => 'runs',
    (error: Error) => `${error.name}: ${error.message}`,
  )
  return { asked: asked.join(), ended }
}

const put = (path: string, text: string) => writeFile(join(here.root, 'proxies/tiny', path), text)

describe('the first run of a folder from outside', () => {
  it('says what is downloaded, run and bound, and takes yes for yes', async () => {
    const { asked, ended } = await firstRun({ answer: 'y' })
    expect(asked).toContain('proxies/tiny is not part of this suite')
    expect(asked).toContain('  proxy (tiny): image registry.test/tiny:v1.2.3\n    runs tiny --config=/etc/tiny.conf')
    expect(asked).toContain('with its files documented/tiny.conf')
    expect(asked).toContain('with its files hardened/tiny.conf')
    expect(asked).toMatch(/\nRun it\? \[y\/N\] $/)
    expect(ended).toBe('runs')
  })

  it.each(['', 'n', 'yesterday'])('takes %j for no', async (answer) => {
    expect((await firstRun({ answer })).ended).toBe('UserError: Nothing was started.')
  })

  it('names --yes where nobody can be asked, and --yes is an answer', async () => {
    expect((await firstRun()).ended).toMatch(
      /^UserError: .*not part of this suite.*\nNothing was started: .* Add --yes/s,
    )
    expect((await firstRun({ yes: true })).ended).toBe('runs')
    expect((await firstRun()).ended).toBe('runs')
  })

  it.each([
    ['a file that is bound', 'documented/tiny.conf', 'other'],
    ['proxy.yaml', 'proxy.yaml', proxyYaml.replace('Tiny proxy', 'Tiny')],
  ])('asks once, and again when %s has changed', async (_what, file, text) => {
    await firstRun({ answer: 'y' })
    expect((await firstRun({ answer: 'n' })).asked).toBe('')
    await put('report.html', 'what a run leaves does not count')
    expect((await firstRun()).ended).toBe('runs')
    await put(file, text)
    expect((await firstRun({ answer: 'n' })).ended).toBe('UserError: Nothing was started.')
  })

  it('asks again when a module for another version has changed', async () => {
    await mkdir(join(here.root, 'proxies/tiny/1.0.0'))
    await mkdir(join(here.root, 'proxies/tiny/1.2.3'))
    await put('1.2.3/go.mod', 'module x\n')
    await put('1.0.0/go.mod', 'module x\n')
    const go = 'build: { go: { module: "{version}", package: ., path: /bin/tiny } }'
    await put('proxy.yaml', proxyYaml.replace('pull: registry.test/tiny:v{version}', go))
    expect((await firstRun({ answer: 'y' })).asked).toContain('go build of . in the module 1.2.3, on this machine')
    await put('1.0.0/main.go', 'package main\n')
    expect((await firstRun()).ended).toMatch(/^UserError/)
  })

  it('shows control characters of a command as what they are', async () => {
    await put('proxy.yaml', proxyYaml.replace('command: [tiny,', 'command: ["\\e[2Jtiny",'))
    const { asked } = await firstRun({ answer: 'n' })
    expect(asked).toContain('runs \\x1b[2Jtiny')
  })

  it('asks nothing where no container is started', async () => {
    expect((await firstRun({ embedded: true })).ended).toBe('runs')
  })

  it('asks nothing for a folder of the suite', async () => {
    const { agreeToFolders } = await import('./first-run.ts')
    const { root } = await import('./project.ts')
    const own = await loadProxies(root)
    const environments = own.map(({ name }) => ({ proxy: name, embedded: false }))
    await agreeToFolders({ environments }, own, { yes: false }, undefined)
  })
})
