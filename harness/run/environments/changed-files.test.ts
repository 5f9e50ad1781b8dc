import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Service } from '../../plan/proxy.ts'
import { changedFiles } from './changed-files.ts'
import { lastAtEachPlace } from './container-specs.ts'
import { withUsers } from './own-users.ts'
import { Secrets } from './secrets.ts'

const written = 'gate {\n\tbasic_auth {\n\t\tjane $2a$14$of.the.operator\n\t}\n}\n'
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changed-files-'))
  await writeFile(join(folder, 'Caddyfile'), written)
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const service = (over: Partial<Service>): Service => ({
  name: 'proxy',
  title: 'Caddy',
  version: '1',
  source: {},
  with: [],
  command: [],
  env: {},
  files: { Caddyfile: '/etc/caddy/Caddyfile' },
  ready: { port: 443 },
  after: [],
  ports: [],
  tmpfs: [],
  ...over,
})

const copyOf = async (over: Partial<Service>) => {
  const secrets = new Secrets()
  const [bind] = await changedFiles(service(over), { folder }, join(folder, 'own'), secrets)
  return { target: bind?.target, text: await readFile(bind?.source ?? '', 'utf8'), secrets }
}

it('writes a copy with users of the run in it, and leaves the file as it is', async () => {
  const lines = { '/etc/caddy/Caddyfile': { 3: '\t\t{name:alice} {bcrypt:alice}\n\t\t{name:bob} {bcrypt:bob}' } }
  const { target, text } = await copyOf({ lines })
  expect(target).toBe('/etc/caddy/Caddyfile')
  expect(text).toMatch(
    /^gate \{\n\tbasic_auth \{\n\t\talice@example\.test \$2b\$04\$[./\w]{53}\n\t\tbob@example\.test \$2b\$04\$[./\w]{53}\n\t\}\n\}\n$/,
  )
  expect(await readFile(join(folder, 'Caddyfile'), 'utf8')).toBe(written)
})

it('finds a file in a folder that is given as a whole', async () => {
  const lines = { '/etc/caddy/Caddyfile': { 1: 'other {' } }
  const { text } = await copyOf({ files: { '.': '/etc/caddy' }, lines })
  expect(text).toBe(written.replace('gate {', 'other {'))
})

it.each([
  [{ '/etc/caddy/Caddyfile': { 99: '' } }, /line 99 of Caddyfile is to differ, and it has 6 lines/],
  [{ '/etc/other': { 1: '' } }, /lines of \/etc\/other are to differ, and no file of it is there/],
])('fails where what is to differ is not there', async (lines, message) => {
  await expect(copyOf({ lines })).rejects.toThrow(message)
})

it('writes one password in each form, and leaves the braces of a configuration alone', () => {
  const secrets = new Secrets()
  const form = (text: string) => withUsers(text, secrets)
  expect(form('{password:bob}')).toBe(secrets.get('password-of-bob'))
  expect(form('{htpasswd:alice}')).toMatch(/^alice@example\.test:\{SHA\}[\w+/]{27}=$/)
  for (const own of ['{http.auth.user.id}', '{$HASH}', '{name}', '{name:carol}', '{SHA}']) expect(form(own)).toBe(own)
})

it('binds one thing at a place: what the run puts there', () => {
  const [first, last] = ['operator', 'run'].map((source) => ({ source, target: '/etc/nginx/.htpasswd' }))
  expect(lastAtEachPlace([first, last].filter((one) => one !== undefined))).toEqual([last])
})
