import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../yaml/problem.ts'
import { readGatewayFile } from './read.ts'

async function folder(files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), 'gateway-file-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

async function read(files: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  await using own = await folder(files)
  const problems: Problem[] = []
  const result = await readGatewayFile(join(own.root, 'gateway.json'), own.root, environment, problems)
  return {
    gateway: result?.gateway,
    files: result?.files.map((file) => file.replace(`${own.root}/`, '')),
    otherSections: result?.otherSections,
    problems: problems.map(
      ({ file, line, column, message }) =>
        `${file.replace(`${own.root}/`, '')}:${line}:${column}: ${message.replaceAll(`${own.root}/`, '')}`,
    ),
  }
}

const variable = (name: string) => `\${${name}}`

const one = (text: string, environment: Readonly<Record<string, string>> = {}) =>
  read({ 'gateway.json': text }, environment)

describe("an operator's gateway configuration", () => {
  it('is read as JSON5, with everything that the section gateway says', async () => {
    const { gateway, otherSections, problems } = await one(`{
      // of the home lab
      gateway: { mode: 'local', trustedProxies: ['172.20.0.0/16',], auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'remote-user' } }, reload: { mode: 'off' } },
      channels: { telegram: { botToken: '\${NOBODY_SETS_THIS}' } },
    }`)
    expect(problems).toEqual([])
    expect(gateway).toEqual({
      mode: 'local',
      trustedProxies: ['172.20.0.0/16'],
      auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'remote-user' } },
      reload: { mode: 'off' },
    })
    expect(otherSections).toEqual(['channels'])
  })

  it('takes in other files: objects are merged, lists joined, and what stands beside $include wins', async () => {
    const { gateway, files, problems } = await read({
      'gateway.json': '{ $include: ["./a.json5", "sub/b.json"], gateway: { port: 3 } }',
      'a.json5': '{ gateway: { port: 1, trustedProxies: ["10.1.0.1"], auth: { $include: "./auth.json" } } }',
      'sub/b.json': '{ "gateway": { "port": 2, "trustedProxies": ["10.1.0.2"] } }',
      'auth.json': '{ mode: "trusted-proxy", trustedProxy: { userHeader: "x-user" } }',
    })
    expect(problems).toEqual([])
    expect(gateway).toEqual({
      port: 3,
      trustedProxies: ['10.1.0.1', '10.1.0.2'],
      auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'x-user' } },
    })
    expect(files).toEqual(['gateway.json', 'a.json5', 'auth.json', 'sub/b.json'])
  })

  it('fills in variables of the gateway, then those of its own section env', async () => {
    const text = `{ env: { vars: { NET: '10.9.0.0/16', USER: 'from-file' } },
      gateway: { trustedProxies: ['\${NET}', '$\${NET}'], auth: { mode: 'trusted-proxy', password: 'a-\${USER}-b', trustedProxy: { userHeader: 'x' } } } }`
    const { gateway } = await one(text, { USER: 'from-environment' })
    expect(gateway?.trustedProxies).toEqual(['10.9.0.0/16', variable('NET')])
    expect(gateway?.auth?.password).toBe('a-from-environment-b')
  })

  it('never reads a variable of the shell', async () => {
    const { problems } = await one(`{ gateway: { trustedProxies: ['${variable('HOME')}'] } }`)
    expect(problems).toEqual([
      expect.stringMatching(/^gateway\.json:1:31: expected the variable HOME in the environment/),
    ])
  })

  it('may be a part of one: what it does not say is filled in elsewhere', async () => {
    expect((await one('{ gateway: { trustedProxies: ["100.64.0.0/10"] } }')).gateway).toEqual({
      trustedProxies: ['100.64.0.0/10'],
    })
  })

  it('keeps a name of the program itself out of every object', async () => {
    const { gateway } = await one(
      '{ gateway: { "__proto__": { port: 1 }, auth: { mode: "trusted-proxy", constructor: 1 } } }',
    )
    expect(gateway).toEqual({ auth: { mode: 'trusted-proxy' } })
    expect(gateway?.port).toBeUndefined()
  })
})

describe('a gateway configuration with a mistake is refused with its place:', () => {
  it.each([
    ['YAML', 'gateway:\n  port: 1', '1:1: expected a value, found "g"'],
    ['an unfinished object', '{ gateway: {\n port: 1', '2:9: expected "," or "}", found the end of the file'],
    ['an empty file', '', '1:1: expected a value, found the end of the file'],
    ['a binary file', '{}\0', '1:1: expected text in UTF-8, found a NUL byte: it is a binary file'],
    ['a huge file', `{}${' '.repeat(3_000_000)}`, /1:1: expected at most 2048 kB, found 29\d\d kB/],
    ['a list', '[]', /1:1: expected an object/],
    ['another configuration', '{ agents: {} }', /1:1: expected the section gateway/],
    ['a text for a list', '{ gateway: {\n trustedProxies: "10.0.0.1" } }', /2:18: trustedProxies: expected a list/],
    [
      'a number in a list',
      '{ gateway: { trustedProxies: ["10.0.0.1",\n 5] } }',
      /2:2: trustedProxies\[1\]: expected text, found the number 5/,
    ],
    ['a text for a port', '{ gateway: { port: "18789" } }', /1:20: port: expected /],
    ['a port that is none', '{ gateway: { port: 70000 } }', /1:20: port: expected at most 65535/],
    ['a bind that is none', '{ gateway: { bind: "0.0.0.0" } }', /1:20: bind: expected .*loopback/],
    ['a text for a section', '{ gateway: { auth: "none" } }', /1:20: auth: expected /],
    [
      'a gateway without a proxy',
      '{ gateway: { auth: {\n mode: "token" } } }',
      /2:8: gateway\.auth: expected mode: "trusted-proxy", found "token"/,
    ],
    [
      'a gateway with the usual token',
      '{ gateway: { mode: "local", auth: { token: "x" } } }',
      /1:35: gateway\.auth: .*found no mode, which means token/,
    ],
    [
      'a missing variable',
      `{ gateway: {\n auth: { password: "${variable('PW')}" } } }`,
      /2:20: expected the variable PW/,
    ],
    ['an include of a number', '{ gateway: { $include: 5 } }', /1:24: expected the path of a file/],
    [
      'an include of itself',
      '{ gateway: { $include: "./gateway.json" } }',
      /1:24: .*found a circle: gateway\.json -> gateway\.json/,
    ],
    [
      'an include outside',
      '{ gateway: { $include: "../x.json" } }',
      /1:24: expected a file in the folder of the configuration/,
    ],
    [
      'an absolute include',
      '{ gateway: { $include: "/etc/passwd" } }',
      /1:24: expected a file in the folder of the configuration/,
    ],
    ['an include of nothing', '{ gateway: { $include: "./x.json" } }', '1:24: x.json: expected a file, there is none'],
    ['an include of the folder', '{ gateway: { $include: "." } }', /1:24: expected a file in the folder/],
  ])('%s', async (_what, text, message) => {
    const { problems } = await one(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(typeof message === 'string' ? `gateway.json:${message}` : message)
  })

  it('a circle of two files, and its way', async () => {
    const { problems } = await read({
      'gateway.json': '{ gateway: { $include: "a.json" } }',
      'a.json': '{\n auth: { $include: "b.json" } }',
      'b.json': '{ $include: "a.json" }',
    })
    expect(problems).toEqual([
      'b.json:1:13: expected files that do not include each other, found a circle: gateway.json -> a.json -> b.json -> a.json',
    ])
  })

  it('a mistake in an included file, at its place there', async () => {
    const { problems } = await read({
      'gateway.json': '{ gateway: { $include: "a.json" } }',
      'a.json': '{\n "port": }',
    })
    expect(problems).toEqual(['a.json:2:10: expected a value, found "}"'])
  })

  it('too many files within files', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 14 }, (_, index) => [`${index}.json`, `{ $include: "${index + 1}.json" }`]),
    )
    const { problems } = await read({ ...files, 'gateway.json': '{ gateway: { $include: "0.json" } }' })
    expect(problems).toEqual(['9.json:1:13: expected at most 10 files within files, found more'])
  })

  it.each([
    ['a folder in its place', async (path: string) => void (await mkdir(path)), 'expected a file, found a folder'],
    ['a link out of the folder', (path: string) => symlink('/etc/hostname', path), 'which is outside'],
    ['nothing in its place', async () => {}, 'expected a file, there is none'],
  ])('%s', async (_what, put, message) => {
    await using own = await folder({})
    const file = join(own.root, 'gateway.json')
    await put(file)
    const problems: Problem[] = []
    expect(await readGatewayFile(file, own.root, {}, problems)).toBeUndefined()
    expect(problems[0]?.message).toContain(message)
  })

  it('an included link out of the folder', async () => {
    await using own = await folder({ 'gateway.json': '{ gateway: {\n $include: "a.json" } }' })
    await symlink('/etc/hostname', join(own.root, 'a.json'))
    const problems: Problem[] = []
    expect(await readGatewayFile(join(own.root, 'gateway.json'), own.root, {}, problems)).toBeUndefined()
    expect(problems[0]).toMatchObject({ line: 2, column: 12, message: expect.stringContaining('outside') })
  })
})
