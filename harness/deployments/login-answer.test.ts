import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, read, refusal } from './folder.testing.ts'
import { parseLoginFlag } from './login-answer.ts'

const nginx = (inside: string) => `events {}
http {
    server {
        listen 443 ssl;
        server_name chat.corp.example;
        ssl_certificate /etc/tls/chat.crt;
        ssl_certificate_key /etc/tls/chat.key;
        ${inside}
        location / {
            proxy_set_header X-Forwarded-User operator;
            proxy_pass http://openclaw:18789;
        }
    }
}
`
const files = {
  'nginx.conf': nginx(''),
  'a.token': 'of-alice-1234\n',
  'b.token': 'of-bob-1234\n',
  users: 'jane:secret\n',
}

describe('--login', () => {
  it.each([
    ['none', { none: true }],
    ['none,arrives-as=operator', { none: true, 'arrives-as': 'operator' }],
    ['basic', { basic: true }],
    ['basic,alice=users', { basic: { alice: 'users' } }],
    ['form,user=u,password=p,page=/login', { form: { user: 'u', password: 'p', page: '/login' } }],
    [
      'header,name=X-Token,alice=a.token,bob=b.token',
      { header: { name: 'X-Token', alice: 'a.token', bob: 'b.token' } },
    ],
    ['cookie,name=edge,alice=a.token', { cookie: { name: 'edge', alice: 'a.token' } }],
    ['certificate', { certificate: true }],
    ['certificate,authority=/etc/x.crt', { certificate: { authority: '/etc/x.crt' } }],
  ])('%s', (written, login) => {
    expect(parseLoginFlag(written)).toEqual(login)
  })

  it.each([
    ['', 'expected one of basic, form, header, cookie, certificate, none, found ""'],
    ['saml', 'found "saml"'],
    ['openid', 'OpenID Connect is the default'],
    ['form', '"user" is missing'],
    ['form,user=a b,password=c', 'expected the name of a field'],
    ['header,name=X-Token', '"alice" is missing'],
    ['header,name=X,alice=a,alice=b', 'alice stands there twice'],
    ['none,alice=a', 'none has no alice'],
    ['basic,nonsense', 'expected KEY=VALUE after a comma, found "nonsense"'],
    ['certificate,authority=../x', 'expected an absolute path'],
  ])('%s is refused', (written, message) => {
    expect(() => parseLoginFlag(written)).toThrow(message)
  })
})

describe('a configuration by itself', () => {
  it('is judged with the log-in that the flag says, and files beside it', async () => {
    await using folder = await folderOf(files)
    const flags = { login: parseLoginFlag('header,name=X-Token,alice=a.token,bob=b.token') }
    const { proxy, notes } = await read(join(folder.path, 'nginx.conf'), flags)
    expect(proxy.variants[0]?.login.signIn).toEqual({
      kind: 'header',
      name: 'X-Token',
      files: { alice: '../a.token', bob: '../b.token' },
    })
    expect(notes.map(({ text }) => text)).toContain('log-in: a header (as you wrote it)')
    expect(await refusal(folder.path, { login: parseLoginFlag('header,name=X-Token,alice=c.token') })).toMatch(
      /^nginx.conf:1:1: c.token: expected a file, there is none/,
    )
    expect(await refusal(folder.path, { login: parseLoginFlag('header,name=X-Token,alice=../c.token') })).toMatch(
      /expected a file inside its own folder/,
    )
  })

  it('is judged with the log-in that conformance.yaml says', async () => {
    await using folder = await folderOf({ ...files, 'conformance.yaml': 'login: none\n' })
    expect((await read(folder.path)).proxy.variants[0]?.login.signIn).toEqual({ kind: 'none' })
    await using other = await folderOf({ ...files, 'conformance.yaml': 'login: { basic: { alice: users } }\n' })
    expect((await read(other.path)).proxy.variants[0]?.login.signIn).toEqual({
      kind: 'basic',
      files: { alice: '../users' },
    })
    await using wrong = await folderOf({ ...files, 'conformance.yaml': 'login: saml\n' })
    expect(await refusal(wrong.path)).toMatch(/^conformance.yaml:1:8: /)
  })

  it('says that users show certificates where it names their authority', async () => {
    await using folder = await folderOf({
      'nginx.conf': nginx('ssl_client_certificate /etc/tls/clients.crt; ssl_verify_client on;'),
    })
    const { proxy } = await read(folder.path)
    expect(proxy.variants[0]?.login.signIn).toEqual({ kind: 'certificate' })
    expect(proxy.variants[0]?.services[0]?.fromRun).toMatchObject({ '/etc/tls/clients.crt': 'authority' })
  })

  it('asks how users sign in where nothing says it, with the words to write', async () => {
    await using folder = await folderOf(files)
    expect(await refusal(folder.path)).toMatch(/Say how they sign in: --login none \| basic \| form/)
  })
})

it('is refused for a folder that has a proxy.yaml', async () => {
  await using folder = await folderOf({ 'proxy.yaml': 'name: x\n' })
  expect(await refusal(folder.path, { login: { none: true } })).toMatch(/write login into its proxy.yaml/)
})
