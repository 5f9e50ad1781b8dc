import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../plan/proxy.ts'
import { redactor } from '../results/redact.ts'
import { ownSecrets } from './own-secrets.ts'

const service: Omit<Service, 'env'> = {
  name: 'auth',
  title: 't',
  version: '1',
  source: { pull: 'x' },
  with: [],
  command: ['x'],
  files: {},
  ready: { port: 1 },
  after: [],
  ports: [],
  tmpfs: [],
}
const login = { callbacks: [], clientAuth: 'client_secret_basic' as const }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-secrets-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const secretsOf = (own: Partial<Service>) => ownSecrets({ folder, services: [{ ...service, env: {}, ...own }], login })

describe('secrets that a deployment brings along', () => {
  it.each([
    'OAUTH2_PROXY_COOKIE_SECRET',
    'DB_PASSWORD',
    'PGPASSWORD',
    'API_TOKEN',
    'SIGNING_KEY',
    'key',
    'client-secret',
    'clientSecret',
    'REDIS_PWD',
  ])('%s is one', async (name) => {
    expect(await secretsOf({ env: { [name]: 'hunter-of-two' } })).toEqual(['hunter-of-two'])
    expect(redactor(['hunter-of-two'])('it printed hunter-of-two')).toBe('it printed [redacted:secret]')
  })

  it('so is the secret of the OpenID client', async () => {
    const own = { folder, services: [], login: { ...login, clientSecret: 'of-the-operator' } }
    expect(await ownSecrets(own)).toEqual(['of-the-operator'])
  })

  it.each([
    ['letters and digits without a word', 'aB3dE5fG7hJ9kL1mN2'],
    ['hexadecimal', '9f8e7d6c5b4a39281706'],
    ['a password with signs', 'Sommer2024!'],
  ])('whatever its name is, as an env file may have it: %s', async (_what, value) => {
    expect(await secretsOf({ env: { ANYTHING: value } })).toEqual([value])
  })

  it('the password of an address, as it is written and as it is meant', async () => {
    expect(await secretsOf({ env: { DATABASE_URL: 'postgres://me:p%40ss-word@db:5432/x' } })).toEqual([
      'p%40ss-word',
      'p@ss-word',
    ])
  })

  it.each([
    ['--client-secret=of-the-operator'],
    ['--client-secret', 'of-the-operator'],
    ['-cookie.secret=of-the-operator'],
  ])('an argument: %s', async (...command) => {
    expect(await secretsOf({ command: ['auth', ...command, '--upstream=http://gateway:1'] })).toEqual([
      'of-the-operator',
    ])
  })

  it.each([
    ['auth.cfg', 'client_secret = "of-the-operator"\nclient_id = "openclaw"\n'],
    ['auth.yaml', 'clientSecret: of-the-operator\nissuer: https://sso.example/\n'],
    ['auth.json', '{"cookie": {"secret": "of-the-operator", "name": "session"}}'],
    [
      'Caddyfile',
      'oauth {\n  client_id openclaw\n  client_secret "of-the-operator"\n  crypto default token lifetime 3600\n}',
    ],
    ['conf.d/auth.toml', "cookie_secret = 'of-the-operator'"],
  ])('a setting in a file that a service is given: %s', async (name, text) => {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
    expect(await secretsOf({ files: { [name]: '/etc/auth' } })).toEqual(['of-the-operator'])
    expect(await secretsOf({ files: { [name.split('/')[0] ?? '']: '/etc/auth' } })).toEqual(['of-the-operator'])
  })

  it('the whole of a file below /run/secrets', async () => {
    await writeFile(join(folder, 'client.txt'), 'correct horse\n')
    expect(await secretsOf({ files: { 'client.txt': '/run/secrets/client' } })).toEqual(['correct horse'])
  })

  it.each([
    ['an ordinary variable', { OAUTH2_PROXY_CLIENT_ID: 'openclaw', COOKIE_NAME: '__Host-session' }],
    ['a word that only contains one', { MONKEYS: 'seventeen', KEYBOARD: 'qwertz' }],
    ['the path of a file', { CLIENT_SECRET_FILE: '/run/secrets/client', TOKEN_FILE: 'token.txt' }],
    ['one that the run makes', { COOKIE_SECRET: '{secret:cookie}' }],
    [
      'an address, a host and a user',
      { ISSUER: 'https://sso2.example/realms/home', HOST: 'app2.example.test', ADMIN: 'alice2@example.test' },
    ],
    [
      'versions and names of ciphers',
      { TLS: 'TLSv1.2', LEVEL: 'info', TAG: 'openclaw-2026', HEADER: 'X-Forwarded-User' },
    ],
  ])('%s is none', async (_what, env) => {
    expect(await secretsOf({ env })).toEqual([])
  })
})
