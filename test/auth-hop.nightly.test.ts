/** The hardened nginx and Traefik on real programs, with the recording auth service in the place of oauth2-proxy: what it is told, and how unusual answers are taken. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { readReport } from '../harness/report/read.ts'

const root = resolve(import.meta.dirname, '..')
const main = '/conformance/harness/stand-ins/recording-auth-main.ts'

type Recorded = {
  readonly proxy: string
  /** Beside those of the auth service. */
  readonly files: readonly string[]
  /** Texts of these files; each must be there. They let the header of the auth service through to the gateway. */
  readonly replace: readonly (readonly [before: string, after: string])[]
}

const recorded: readonly Recorded[] = [
  {
    proxy: 'nginx-oauth2-proxy',
    files: ['nginx.conf'],
    replace: [
      [
        'http {',
        'http {\n    proxy_buffer_size 32k;\n    proxy_buffers 8 32k;\n    large_client_header_buffers 4 32k;',
      ],
      [
        'auth_request_set $user $upstream_http_x_auth_request_email;',
        'auth_request_set $user $upstream_http_x_auth_request_email;\n            auth_request_set $told $upstream_http_x_conformance_auth_hop;',
      ],
      [
        'proxy_set_header X-Auth-Request-Email $user;',
        'proxy_set_header X-Auth-Request-Email $user;\n        proxy_set_header X-Conformance-Auth-Hop $told;',
      ],
    ],
  },
  {
    proxy: 'traefik-forward-auth',
    files: ['traefik.yml', 'dynamic.yml'],
    replace: [
      ['authResponseHeaders: [X-Forwarded-User]', 'authResponseHeaders: [X-Forwarded-User, X-Conformance-Auth-Hop]'],
    ],
  },
]

const written = z.looseObject({
  login: z.unknown(),
  version: z.unknown(),
  services: z.looseObject({ proxy: z.unknown() }),
  variants: z.looseObject({ hardened: z.looseObject({ features: z.array(z.string()) }) }),
})

let folder: string
const found = new Map<string, readonly { readonly cell: string; readonly status: string; readonly reason: string }[]>()

async function writeRecorded({ proxy, files, replace }: Recorded, into: string): Promise<void> {
  const source = join(root, 'proxies', proxy)
  const { login, version, services, variants } = written.parse(
    parse(await readFile(join(source, 'proxy.yaml'), 'utf8')),
  )
  const { services: _, ...hardened } = variants.hardened
  const texts = await Promise.all(files.map((file) => readFile(join(source, 'hardened', file), 'utf8')))
  for (const [before] of replace)
    expect(
      texts.some((text) => text.includes(before)),
      before,
    ).toBe(true)
  await mkdir(join(into, 'hardened'), { recursive: true })
  for (const [at, file] of files.entries())
    await writeFile(
      join(into, 'hardened', file),
      replace.reduce((text, [before, after]) => text.replaceAll(before, after), texts[at] ?? ''),
    )
  const auth = {
    title: 'recording auth service (stand-in)',
    build: { harness: 'harness/stand-ins/recording-auth-main.ts' },
    command: ['node', main],
    ready: { port: 4180 },
    after: ['idp'],
  }
  const features = [
    ...hardened.features.filter((name) => name !== 'skip-auth-route'),
    'auth-service',
    'auth-hop',
    'no-email-user',
  ]
  await writeFile(
    join(into, 'proxy.yaml'),
    stringify({
      name: `${proxy}-recorded`,
      title: `${proxy} with a recording auth service`,
      homepage: 'https://example.test/',
      licence: 'as the original',
      version,
      login,
      services: { proxy: services.proxy, auth },
      variants: { hardened: { ...hardened, features: [...new Set(features)] } },
    }),
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auth-hop-'))
  for (const one of recorded) {
    const own = join(folder, one.proxy)
    await writeRecorded(one, join(own, `${one.proxy}-recorded`))
    const choice = ['--yes', '--proxy', join(own, `${one.proxy}-recorded`), '--gateway', 'reference']
    const cases = ['--case', 'forward-auth.auth-hop.*', '--case', 'forward-auth.auth-answer.*']
    // Its exit code says the same as the cells; without a report its words are what there is.
    const said = await promisify(execFile)(
      process.execPath,
      [join(root, 'harness/cli/main.ts'), ...choice, ...cases, '--out', join(own, 'report')],
      { maxBuffer: 50_000_000 },
    ).then(
      ({ stdout }) => stdout,
      (error: unknown) => String(error),
    )
    expect(await readdir(own), said).toContain('report')
    const { results } = await readReport(join(own, 'report'))
    found.set(
      one.proxy,
      results.cells.map(({ case: asked, transport, status, reason }) => ({
        cell: `${asked} ${transport}`,
        status,
        reason,
      })),
    )
  }
}, 600_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

it.each(recorded.map(({ proxy }) => proxy))('%s tells its auth service of the request as it is', (proxy) => {
  const cells = found.get(proxy) ?? []
  expect(cells.filter(({ status }) => status === 'pass').length).toBeGreaterThan(20)
  expect(cells.filter(({ status }) => status !== 'pass')).toEqual([])
})
