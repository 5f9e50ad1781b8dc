import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatewayPrograms } from '../../gateways/programs.ts'
import { startup } from '../../gateways/rules/config.ts'
import { loadProxies } from '../../plan/load-proxies.ts'
import { changesIn, linesOf, settingLines } from './lab-values.ts'
import { ownGuides, ownHardened } from './own-guides.ts'

const root = join(import.meta.dirname, '../../..')
const guides = await ownGuides(root)
const hardened = await ownHardened(root)
const variantOf = (proxy: string) => {
  const variant = hardened.get(proxy)?.variant
  if (variant === undefined) throw new Error(`${proxy} has no hardened variant`)
  return variant
}

/** Names of the lab that no configuration of a reader has, whatever the rules of the guide say. */
const ofLab = /\/run\/conformance|(?<![$\w.-])[\w.-]+\.test\b|\bexample\.com\b|\/public[/(]|\{(?:secret|address):/

describe('what to change for a host', () => {
  it.each(guides)('has every line of $proxy that names the lab', ({ proxy, files, changes }) => {
    const known = new Set(changes.flatMap(({ lines }) => lines.map(({ file, number }) => `${file}:${number}`)))
    const lines = files.flatMap(linesOf).filter(({ text }) => ofLab.test(text.replace(/(^|\s)#.*$/, '')))
    expect(lines.map(({ file, number }) => `${file}:${number}`).filter((place) => !known.has(place))).toEqual([])
    expect(changes.map(({ value }) => value).join(' ')).toMatch(proxy === 'lighttpd-basic' ? /gateway"/ : ofLab)
  })

  it.each(guides)('names lines of $proxy that have the value, and says what to put', ({ files, changes }) => {
    const texts = new Map(files.map((file) => [file.path.split('/').at(-1), file.text.split('\n')]))
    for (const { value, put, lines } of changes) {
      expect(put).toMatch(/^[A-Z].*\.$/)
      for (const { file, number } of lines) expect(texts.get(file)?.[number - 1] ?? value).toContain(value)
    }
  })

  it('says where the gateway and the log-in service are, and leaves comments and longer names alone', () => {
    const text = 'a http://gateway:18789/; # app.test\nb app.test.org my-app.test auth:4180;\nserver auth x;'
    const lines = linesOf({ path: 'proxies/p/hardened/p.conf', text })
    expect(
      changesIn(lines, variantOf('nginx-oauth2-proxy')).map(({ value, lines: [at] }) => `${value} ${at?.number}`),
    ).toEqual(['http://gateway:18789 1', 'auth:4180 2'])
  })

  it('takes variables from the part of proxy.yaml that is about the variant, before what it shares', async () => {
    const path = 'proxies/nginx-authentik/proxy.yaml'
    const text = await readFile(join(root, path), 'utf8')
    const line = settingLines({ path, text }, variantOf('nginx-authentik')).find(
      (one) => one.text === 'OUTPOST_HOST=app.test',
    )
    expect(text.split('\n').slice(0, line?.number).join('\n')).toContain('\n  hardened:\n')
  })
})

describe("the gateway's settings of a guide", () => {
  const program = gatewayPrograms.find(({ name }) => name === 'openclaw')

  it.each(guides)('start the gateway behind $proxy with its header', ({ proxy, settings }) => {
    if (program === undefined) throw new Error('OpenClaw is no program of this suite')
    const started = startup(JSON.parse(settings?.text ?? ''), program.rules)
    expect(started).toMatchObject({ kind: 'started', config: { userHeader: variantOf(proxy).identity.toLowerCase() } })
    expect(settings?.program).toBe(`OpenClaw ${program.version}`)
  })

  it('are there for every hardened variant, which each proxy of the project has under its own name', async () => {
    const proxies = (await loadProxies(root)).filter(({ variants }) => variants.some(({ name }) => name === 'hardened'))
    expect(guides.map(({ proxy }) => proxy).toSorted()).toEqual(proxies.map(({ name }) => name).toSorted())
    for (const { settings } of guides) expect(settings?.text).toContain('"{secret:gateway-password}"')
  })
})
