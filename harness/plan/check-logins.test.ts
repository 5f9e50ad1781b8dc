import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProxies } from './load-proxies.ts'
import { project, proxyYaml, refusals } from './project.testing.ts'

const file = 'proxies/tiny/proxy.yaml'
const login = (text: string) =>
  proxyYaml.replace('login: { callbacks: ["https://app.test/callback"] }', `login: ${text}`)
/** Services from which users connect, and one on the gateway's machine. */
const nodes = ['a', 'b', 'c', 'side'].map((name) => {
  const place = name === 'side' ? ', beside: gateway' : ''
  return `  ${name}: { title: node, pull: docker.io/library/node, arguments: [run], ready: { port: 80 }${place} }\n`
})
const withNodes = (text: string) =>
  text.replace('features: [public-route]', `${nodes.join('')}features: [public-route]`)

const header = '{ header: { name: X-Token, alice: ../alice.token, bob: ../bob.token } }'
const tokens = { 'proxies/tiny/alice.token': 'token-of-alice\n', 'proxies/tiny/bob.token': 'token-of-bob\n' }

async function mistakesOf(text: string, more: Record<string, string> = {}): Promise<string[]> {
  await using here = await project({ [file]: text, ...more })
  return await refusals(here.root, () => loadProxies(here.root))
}

async function signInOf(text: string, more: Record<string, string> = {}) {
  await using here = await project({ [file]: withNodes(login(text)), ...more })
  const [tiny] = await loadProxies(here.root)
  return tiny?.variants[0]
}

describe('login', () => {
  it('is OpenID Connect where nothing else is named', async () => {
    const variant = await signInOf('{ callbacks: ["https://app.test/callback"] }')
    expect(variant?.login.signIn).toBeUndefined()
    expect(variant?.features).toEqual(
      expect.arrayContaining(['log-in-page', 'openid-login', 'second-user', 'allowed-users']),
    )
  })

  it.each([
    [
      '{ basic: true }',
      { kind: 'basic' },
      ['log-in-offered', 'shown-secret', 'second-user', 'shared-connection', 'allowed-users'],
    ],
    [
      '{ form: { user: name, password: secret, page: /login } }',
      { kind: 'form', user: 'name', password: 'secret', page: '/login' },
      ['log-in-page', 'log-in-offered', 'shown-secret', 'second-user', 'shared-connection', 'allowed-users'],
    ],
    [
      header,
      { kind: 'header', name: 'X-Token', files: { alice: '../alice.token', bob: '../bob.token' } },
      ['shown-secret', 'second-user', 'shared-connection', 'allowed-users'],
    ],
    [
      '{ cookie: { name: edge, alice: ../alice.token } }',
      { kind: 'cookie', name: 'edge', files: { alice: '../alice.token' } },
      ['shown-secret', 'shared-connection', 'allowed-users'],
    ],
    [
      '{ certificate: true }',
      { kind: 'certificate' },
      ['client-certificate', 'second-user', 'shared-connection', 'allowed-users'],
    ],
    ['{ none: true }', { kind: 'none' }, ['shared-connection']],
    ['{ none: true, arrives-as: operator }', { kind: 'none' }, ['shared-connection', 'allowed-users']],
    [
      '{ address: { alice: a, bob: b, nobody: c, host: side } }',
      { kind: 'address', nodes: { alice: 'a', bob: 'b', nobody: 'c', host: 'side', port: 1055 } },
      ['user-address', 'second-user', 'host-address', 'allowed-users'],
    ],
    [
      '{ address: { alice: a, nobody: b, port: 1080 } }',
      { kind: 'address', nodes: { alice: 'a', nobody: 'b', port: 1080 } },
      ['user-address', 'allowed-users'],
    ],
  ])('%s says how users sign in, and which cases can run', async (written, signIn, features) => {
    const variant = await signInOf(written, tokens)
    expect(variant?.login.signIn).toEqual(signIn)
    expect(variant?.features).toEqual(['public-route', ...features])
  })

  it('puts the authority of client certificates where the configuration looks for it', async () => {
    const variant = await signInOf('{ certificate: { authority: /etc/tiny/clients.crt } }')
    expect(variant?.services[0]?.fromRun).toEqual({ '/etc/tiny/clients.crt': 'authority' })
  })

  it('takes the log-out page of a form, and of nothing without a page', async () => {
    expect((await signInOf('{ form: { user: a, password: b }, log-out: /out }'))?.features).toContain('logout')
    expect(await mistakesOf(login('{ basic: true, log-out: /out }'))).toContainEqual(
      expect.stringMatching(/^proxies\/tiny\/proxy.yaml:7:32: log-out needs a log-in with a page/),
    )
  })
})

describe('a wrong login is refused with file, line and column', () => {
  it.each([
    ['none at all', '{}', '7:8: expected login, here or for all variants'],
    ['two kinds', '{ basic: true, none: true }', '7:29: expected one kind of log-in, found basic and none'],
    [
      'a client of OpenID Connect beside another kind',
      '{ none: true, callbacks: ["https://app.test/x"] }',
      '7:33: callbacks is of OpenID Connect, and users sign in with none',
    ],
    ['a form without the name of a field', '{ form: { user: a } }', '7:16: "password" is missing in login.form'],
    ['a field that cannot be a name', '{ form: { user: "a b", password: c } }', 'expected the name of a field'],
    ['a header without a file', '{ header: { name: X-Token } }', '"alice" is missing in login.header'],
    [
      'a header whose name has a line break',
      '{ header: { name: "X\\nY", alice: ../alice.token } }',
      'expected the name of a header',
    ],
    [
      'a file that is not there',
      '{ header: { name: X, alice: ../nobody } }',
      '7:36: nobody: expected a file, there is none',
    ],
    ['an absolute path', '{ header: { name: X, alice: /etc/passwd } }', 'expected a file beside the variant'],
    [
      'a file outside the folder',
      '{ header: { name: X, alice: ../../other } }',
      'expected a file inside its own folder',
    ],
    ['a file outside by a link', '{ header: { name: X, alice: ../link } }', 'expected a file inside its own folder'],
    ['a folder', '{ header: { name: X, alice: . } }', 'expected a file, found a folder'],
    ['an empty file', '{ header: { name: X, alice: ../empty } }', 'found an empty file'],
    ['a header value with a line break', '{ header: { name: X, alice: ../lines } }', 'found a line break in it'],
    ['a carriage return alone', '{ header: { name: X, alice: ../return } }', 'found a line break in it'],
    ['a value beyond ASCII', '{ header: { name: X, alice: ../umlaut } }', 'found another character'],
    ['a binary file', '{ header: { name: X, alice: ../binary } }', 'it is a binary file'],
    ['a file that is too large', '{ header: { name: X, alice: ../large } }', 'expected at most 8 kB'],
    ['a cookie with its name', '{ cookie: { name: a, alice: ../pair } }', 'found a blank, a comma, a semicolon'],
    ['a password without a name', '{ basic: { alice: ../alice.token } }', 'expected NAME:PASSWORD'],
    [
      'bob without alice',
      '{ form: { user: a, password: b, bob: ../bob.token } }',
      'expected the file of alice as well',
    ],
  ])('%s', async (_what, written, message) => {
    await using here = await project({
      [file]: login(written),
      ...tokens,
      other: 'outside\n',
      'proxies/tiny/empty': '\n',
      'proxies/tiny/lines': 'one\nInjected: yes\n',
      'proxies/tiny/return': 'one\rInjected: yes\n',
      'proxies/tiny/umlaut': 'für\n',
      'proxies/tiny/binary': 'a\0b',
      'proxies/tiny/large': 'a'.repeat(9000),
      'proxies/tiny/pair': 'a=b; c=d',
    })
    await symlink(join(here.root, 'other'), join(here.root, 'proxies/tiny/link'))
    const mistakes = await refusals(here.root, () => loadProxies(here.root))
    expect(mistakes.join('\n')).toContain(message)
    expect(mistakes[0]).toMatch(/^proxies\/tiny\/proxy.yaml:7:\d+: /)
    // What is in such a file is a secret.
    expect(mistakes.join('\n')).not.toMatch(/Injected|für|token-of/)
  })

  it('a client certificate where something before the proxy ends TLS', async () => {
    const text = login('{ certificate: true }').replace(
      'title: as documented\n',
      'title: as documented\n    entrance: { port: 80, tls: false }\n',
    )
    expect(await mistakesOf(text)).toContainEqual(
      expect.stringMatching(/a client certificate is shown to whatever ends TLS/),
    )
  })

  it.each([
    ['a service that is not there', '{ alice: a, bob: d, nobody: c }', 'expected a service of this proxy, found "d"'],
    ['one node of two users', '{ alice: a, bob: a, nobody: c }', 'alice connects from the service a already'],
    ['a user on the gateway’s machine', '{ alice: a, nobody: side }', 'side is beside the gateway'],
    ['a machine elsewhere', '{ alice: a, nobody: b, host: c }', 'expected a service beside the gateway, found "c"'],
  ])('an address: %s', async (_what, written, message) => {
    const mistakes = await mistakesOf(withNodes(login(`{ address: ${written} }`)))
    expect(mistakes.join('\n')).toContain(message)
  })

  it('a feature that follows from it', async () => {
    expect(await mistakesOf(proxyYaml.replace('features: [h2]', 'features: [second-user]'))).toContainEqual(
      expect.stringMatching(/the feature second-user follows from login: remove it/),
    )
  })

  it('is told once for all variants that share it', async () => {
    const mistakes = await mistakesOf(login('{ header: { name: X, alice: ../nobody } }'))
    expect(mistakes.filter((line) => line.includes('nobody'))).toHaveLength(1)
  })
})
