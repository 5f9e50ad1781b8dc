import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { families } from '../plan/case.ts'
import { loadCatalogue } from '../plan/load-catalogue.ts'
import { createFiles } from './new.ts'
import { allMutants, root as project } from './project.ts'

let root: string
let printed: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'conformance-new-'))
  for (const folder of ['scenarios', 'proxies'])
    await cp(join(project, folder), join(root, folder), { recursive: true })
  printed = ''
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    printed += text
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(root, { recursive: true, force: true })
})

const catalogue = () => loadCatalogue({ root, mutants: allMutants.map(({ name }) => name) })
const create = (kind: string, name: string, json = false) => createFiles(kind, name, { json, root })

describe('conformance new', () => {
  it.each(families)('creates a scenario of the family %s that loads as it is', async (family) => {
    await create('scenario', `${family}/new-topic`)
    const { cases } = await catalogue()
    expect(cases.find(({ id }) => id === `${family}.new-topic.forged-line`)).toMatchObject({
      caughtBy: ['passthrough', 'append'],
    })
    expect(printed).toContain(`conformance explain ${family}.new-topic.forged-line`)
  })

  it('creates a proxy that loads as it is, and has its programs', async () => {
    await create('proxy', 'my-proxy')
    const { proxies } = await catalogue()
    expect(proxies.find(({ name }) => name === 'my-proxy')).toMatchObject({
      variants: [{ name: 'hardened', identity: 'X-Auth-Request-Email' }],
    })
    const text = await readFile(join(root, 'proxies/my-proxy/proxy.yaml'), 'utf8')
    const version = /recipe: oauth2-proxy \}\n {4}version: (\S+)/.exec(text)?.[1] ?? 'none'
    expect((await stat(join(project, 'proxies/programs/oauth2-proxy', version, 'go.mod'))).isFile()).toBe(true)
  })

  it('tells editors which schema each file has', async () => {
    await create('proxy', 'my-proxy', true)
    const { written }: { written: string[] } = JSON.parse(printed)
    for (const path of written.filter((name) => name.endsWith('.yaml'))) {
      const schema = /^# yaml-language-server: \$schema=(\S+)/.exec(await readFile(join(root, path), 'utf8'))?.[1]
      expect((await stat(join(project, path, '..', schema ?? 'none'))).isFile(), path).toBe(true)
    }
  })

  it('leaves no name of the templates behind', async () => {
    await create('proxy', 'my-proxy', true)
    const { written }: { written: string[] } = JSON.parse(printed)
    expect(written).toHaveLength(4)
    for (const path of written)
      expect(`${path}\n${await readFile(join(root, path), 'utf8')}`, path).not.toMatch(
        /\b(?:NAME|TODAY|FAMILY|TOPIC)\b/,
      )
  })

  it('touches nothing that exists', async () => {
    await writeFile(join(root, 'scenarios/path/mine.yaml'), 'mine')
    await expect(create('scenario', 'path/mine')).rejects.toThrow(/mine\.yaml exists already/)
    expect(await readFile(join(root, 'scenarios/path/mine.yaml'), 'utf8')).toBe('mine')
    await expect(create('proxy', 'pomerium')).rejects.toThrow(/exists already/)
  })

  it.each([
    ['scenario', 'spofing/x', /^Unknown scenario family "spofing"\. Did you mean spoofing\?$/],
    ['scenario', 'spoofing', /Expected FAMILY\/TOPIC/],
    ['scenario', 'spoofing/../x', /Expected FAMILY\/TOPIC/],
    ['proxy', '../x', /Expected a name in lower case/],
    ['gateway', 'x', /found "gateway"/],
  ])('refuses %s %s, and says what it expected', async (kind, name, message) => {
    await expect(create(kind, name)).rejects.toThrow(message)
  })
})
