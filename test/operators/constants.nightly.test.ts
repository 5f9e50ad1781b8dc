/**
 * The hardened nginx configuration with one constant of the lab changed at a time, as other people's deployments have it: the results are the
 * same, cell by cell. Each of these was once a wall of red cells in front of a correct proxy, or a green one in front of a broken one.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import picomatch from 'picomatch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { readReport } from '../../harness/report/read.ts'
import type { Results } from '../../harness/run/results/results.ts'

const root = resolve(import.meta.dirname, '../..')
const source = join(root, 'proxies', 'nginx-oauth2-proxy')

type Replacements = readonly (readonly [line: RegExp, instead: string])[]

type Change = {
  /** What a person's deployment has in place of the lab's constant. */
  readonly name: string
  readonly nginx?: Replacements
  readonly oauth2Proxy?: Replacements
  /** Keys of the variant in proxy.yaml. */
  readonly variant?: Readonly<Record<string, unknown>>
  /** Cells of these cases have another status, and should. */
  readonly differs?: readonly string[]
}

/** The configuration removes what it does not write: the lab's header in place of the operator's. */
const identityAs = (name: string, isRemoved: 'removed before' | 'unknown before'): Replacements => [
  ...(isRemoved === 'removed before' ? [[new RegExp(` +proxy_set_header ${name} "";\\n`), ''] as const] : []),
  [
    /proxy_set_header X-Auth-Request-Email \$user;/,
    `proxy_set_header ${name} $$user;\n        proxy_set_header X-Auth-Request-Email "";`,
  ],
]
const alsoSends = (name: string, value: string): Replacements => [
  [
    / +proxy_set_header X-Forwarded-Proto \$scheme;\n +proxy_set_header X-Forwarded-Host \$http_host;\n\n/,
    `$&        proxy_set_header ${name} ${value};\n`,
  ],
]
const changes: readonly Change[] = [
  { name: 'remote-user', nginx: identityAs('Remote-User', 'removed before'), variant: { identity: 'Remote-User' } },
  {
    name: 'authentik-header',
    nginx: identityAs('X-Authentik-Username', 'removed before'),
    variant: { identity: 'X-authentik-username' },
  },
  { name: 'own-header', nginx: identityAs('X-My-User', 'unknown before'), variant: { identity: 'X-My-User' } },
  {
    name: 'underscore',
    nginx: identityAs('X_My_User', 'unknown before'),
    variant: { identity: 'X_My_User' },
    // nginx drops names with an underscore by itself. Here it is the spelling with hyphens that a client can send and nobody removes: a should.
    differs: ['alias.spelling.*', 'alias.believed.public-route'],
  },
  {
    name: 'shared-secret',
    nginx: alsoSends('X-Proxy-Secret', 'of-the-operator'),
    variant: { 'required-headers': ['x-proxy-secret'] },
  },
  {
    name: 'access-assertion',
    nginx: alsoSends('Cf-Access-Jwt-Assertion', 'signed'),
    variant: { 'required-headers': ['cf-access-jwt-assertion'] },
    // The assertion is the proxy's own now, so a client's does not arrive any more.
    differs: ['spoofing.public-route.assertions'],
  },
  {
    name: 'nothing-required',
    variant: { 'required-headers': [] },
    // There is no header that a request could lack.
    differs: ['**.required-header*', '**.required-headers-survive'],
  },
  {
    name: 'own-scopes',
    nginx: [
      [/proxy_set_header X-Openclaw-Scopes "";/, 'proxy_set_header X-Openclaw-Scopes "operator.read,operator.write";'],
    ],
  },
  {
    name: 'keep-alive-off',
    nginx: [[/ +access_log off;\n/, '    access_log off;\n    keepalive_timeout 0;\n']],
    // Over HTTP/2 this nginx does not answer a request with trailers then: it has sent GOAWAY, and the request never ends for it.
    differs: ['spoofing.trailers.*'],
  },
  {
    name: 'public-host',
    nginx: [[/server_name app\.test;/, 'server_name chat.example.com;']],
    oauth2Proxy: [[/https:\/\/app\.test/, 'https://chat.example.com']],
    variant: {
      host: 'chat.example.com',
      login: { callbacks: ['https://chat.example.com/oauth2/callback'], 'log-out': '/oauth2/sign_out' },
    },
  },
  {
    name: 'portal',
    nginx: [
      [/server_name app\.test;/, 'server_name chat.example.com auth.example.com;'],
      [
        /return 302 \/oauth2\/start\?rd=\$request_uri;/,
        'return 302 https://auth.example.com/oauth2/start?rd=https://chat.example.com$$request_uri;',
      ],
    ],
    oauth2Proxy: [
      [
        /redirect_url = .*/,
        'redirect_url = "https://auth.example.com/oauth2/callback"\ncookie_domains = [".example.com"]\nwhitelist_domains = [".example.com"]',
      ],
    ],
    variant: {
      host: 'chat.example.com',
      names: { proxy: ['auth.example.com'] },
      login: { callbacks: ['https://auth.example.com/oauth2/callback'], 'log-out': '/oauth2/sign_out' },
    },
  },
  {
    name: 'auth-port',
    nginx: [[/auth:4180/g, 'auth:9999']],
    oauth2Proxy: [[/0\.0\.0\.0:4180/, '0.0.0.0:9999']],
    variant: { services: { auth: { ready: { port: 9999 } } } },
  },
]

let folder = ''
let results: Results

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'constants-'))
  await writeVariants(join(folder, 'changed'))
  const run = ['--proxy', join(folder, 'changed'), '--gateway', 'reference', '--out', join(folder, 'out')]
  const args = [join(root, 'harness/cli/main.ts'), ...run]
  await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }).catch((error) => {
    // 1: a requirement is not met, which the comparison shows by name.
    if (error.code !== 1) throw error
  })
  results = (await readReport(join(folder, 'out'))).results
}, 600_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

function statuses(variant: string, differs: readonly string[]): Record<string, string> {
  const environment = results.environments.find((one) => one.variant === variant)
  expect(environment?.status, environment?.reason).toBe('ready')
  const own = results.cells.filter((cell) => cell.environment === environment?.id)
  const compared = differs.length === 0 ? own : own.filter((cell) => !picomatch.isMatch(cell.case, [...differs]))
  return Object.fromEntries(compared.map((cell) => [`${cell.case} ${cell.transport}`, cell.status]))
}

describe('hardened nginx with a constant of the lab changed', () => {
  it('meets every must as it is', () => {
    const red = Object.entries(statuses('whole', [])).filter(([, status]) =>
      ['fail', 'blocked', 'harness-error'].includes(status),
    )
    expect(red).toEqual([])
  })

  it.each(changes)('$name: the same results, cell by cell', ({ name, differs = [] }) => {
    expect(statuses(name, differs)).toEqual(statuses('whole', differs))
  })
})

/** A proxy folder like an operator's own, with one variant per change. */
async function writeVariants(into: string): Promise<void> {
  const proxy = parse(await readFile(join(source, 'proxy.yaml'), 'utf8'))
  const [nginx, oauth2Proxy] = await Promise.all(
    ['nginx.conf', 'oauth2-proxy.cfg'].map((file) => readFile(join(source, 'hardened', file), 'utf8')),
  )
  const { hardened } = proxy.variants
  proxy.name = 'changed'
  proxy.variants = {}
  // They name a variant that is not here.
  delete proxy.canaries
  for (const change of [{ name: 'whole' }, ...changes] satisfies readonly Change[]) {
    proxy.variants[change.name] = { ...hardened, title: `hardened, ${change.name}`, ...change.variant }
    await mkdir(join(into, change.name), { recursive: true })
    await writeFile(join(into, change.name, 'nginx.conf'), changed(nginx ?? '', change.nginx, change.name))
    await writeFile(
      join(into, change.name, 'oauth2-proxy.cfg'),
      changed(oauth2Proxy ?? '', change.oauth2Proxy, change.name),
    )
  }
  await writeFile(join(into, 'proxy.yaml'), stringify(proxy))
}

function changed(text: string, replacements: Replacements = [], name: string): string {
  return replacements.reduce((before, [line, instead]) => {
    const after = before.replace(line, instead)
    expect(after, `${name}: ${line} must change something`).not.toBe(before)
    return after
  }, text)
}
