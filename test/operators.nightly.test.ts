/**
 * Deployments of operators as they were reported or found (`operators/reported`, `operators/found`), users that stand in a configuration itself
 * (`operators/basic`), and what the lab has not (`operators/odd`), all on real programs: what has to be red is red, and nothing else where only that is wrong.
 */
import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readReport } from '../harness/report/read.ts'
import type { Results } from '../harness/run/results/results.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'harness/cli/main.ts')
const cases = [
  'identity.arrival.**',
  'identity.users.**',
  'spoofing.anonymous.**',
  'spoofing.identity-header.one-line',
  'spoofing.scopes.admin',
  'path.configured.**',
  'bypass.neighbour.**',
  'bypass.sidecar.**',
  'bypass.proxy-address.**',
  'attribution.client-address.**',
  'gateway.**',
].join(',')

/** `only`: whatever is not named must not be red. */
type Right = { readonly red: readonly string[]; readonly only?: true }
const green: Right = { red: [], only: true }
const scopes: Right = { red: ['spoofing.scopes.admin'], only: true }

/** By variant, where a folder has several. */
const reported: Readonly<Record<string, Right>> = {
  'a01-npm-authelia/npm': { red: ['identity.arrival.accepted', 'spoofing.identity-header.one-line'] },
  'a01-npm-authelia/plain': {
    red: ['path.configured.own-user', 'path.configured.forged', 'path.configured.scopes'],
    only: true,
  },
  'a02-openclaw-78508/mine': green,
  'a03-openclaw-134467/mine': green,
  'a04-openclaw-25293/mine': scopes,
  'a05-nginx-basic/mine': { red: ['spoofing.scopes.admin', 'attribution.client-address.reported'] },
  'a06-wide-trusted-proxies/mine': {
    red: [
      'bypass.neighbour.everything-right',
      'bypass.neighbour.nothing',
      'bypass.neighbour.identity-and-address',
      'bypass.neighbour.public-host',
      'bypass.neighbour.backend-client',
      'bypass.neighbour.close-code',
    ],
    only: true,
  },
  'a07-caddy-4739/mine': { red: ['spoofing.anonymous.forged', 'identity.arrival.accepted'] },
  'a08-open-webui-6321/mine': { red: ['spoofing.identity-header.one-line', 'identity.arrival.accepted'] },
  'a09-openclaw-124696/mine': { red: ['spoofing.anonymous.accepted'] },
  'a10-loma-40/mine': { red: ['identity.arrival.accepted', 'identity.arrival.reaches-gateway'] },
  'a11-openclaw-operator-381/mine': { red: ['bypass.sidecar.plain'], only: true },
  'a12-truenas-4748/mine': { red: ['gateway.configuration.accepts-proxy'], only: true },
  'a13-voidauth-snippets/mine': green,
  'a14-portal-on-its-own-host/mine': green,
  'a15-oauth2-proxy-1441/mine': { red: ['identity.arrival.accepted'] },
  'a16-strip-to-local/mine': { red: ['identity.arrival.accepted', 'spoofing.scopes.admin'] },
  'r-keepalive/mine': green,
  'r-remote-user/mine': green,
  'r-required-header/mine': green,
  'r-user-name/mine': green,
}

/** File or folder below `operators` -> what has to be red. Each has one variant. */
const asTheyAre: Readonly<Record<string, Right>> = {
  'basic/caddy': green,
  'basic/traefik-file/traefik.yml': green,
  'basic/traefik-labels': scopes,
  'basic/haproxy': green,
  'basic/apache/site.conf': green,
  'basic/envoy': green,
  'odd/port-8443': green,
  'odd/confd': green,
  'odd/two-upstreams': green,
  'odd/caddy-import': green,
  'odd/nginx-domain-user': green,
  // Its sign-in page has status 403, which spoofing.anonymous.login does not take for a way to log in.
  'found/oauth2-proxy-google': { red: ['spoofing.scopes.admin'] },
  // What their operators have to add is one line; nothing before these gateways says who a user is.
  'found/traefik-dashboard': { red: ['spoofing.anonymous.forged', 'spoofing.identity-header.one-line'] },
  // Every path but / and /api leads on without a log-in.
  'found/caddy-open-paths': { red: ['spoofing.anonymous.forged', 'spoofing.identity-header.one-line'] },
  // Its gateway has no list of users: bob is accepted as bob, and that is right.
  'found/caddy-before-oauth2-proxy': scopes,
  'found/apache-grafana': scopes,
  'found/nginx-below-path': { red: ['spoofing.scopes.admin', 'path.configured.scopes'], only: true },
  'found/nginx-authelia': scopes,
  'found/traefik-middleware-elsewhere': { red: ['spoofing.identity-header.one-line', 'spoofing.scopes.admin'] },
}

const added: Readonly<Record<string, string>> = {
  'found/traefik-dashboard': 'x-conformance: { identity: X-Forwarded-User, login: none }\n',
  'found/traefik-middleware-elsewhere': 'x-conformance: { identity: X-Forwarded-User }\n',
}

let folder: string
const results: Record<'reported' | 'asTheyAre', Results | undefined> = { reported: undefined, asTheyAre: undefined }

async function judged(paths: readonly string[], out: string): Promise<Results> {
  const args = [...paths.flatMap((path) => ['--proxy', path]), '--gateway', 'reference', '--case', cases, '--yes']
  await promisify(execFile)(process.execPath, [main, ...args, '--out', out], {
    cwd: folder,
    maxBuffer: 50_000_000,
  }).catch((error: Error) => error)
  return (await readReport(join(folder, out))).results
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operators-nightly-'))
  for (const name of ['reported', 'basic', 'odd', 'found'])
    await cp(join(root, 'test/operators', name), join(folder, name), { recursive: true })
  for (const [name, line] of Object.entries(added)) await appendFile(join(folder, name, 'docker-compose.yml'), line)
  const folders = new Set(Object.keys(reported).map((one) => join('.', 'reported', one.split('/')[0] ?? '')))
  results.reported = await judged(
    [...folders].map((one) => `./${one}`),
    'out-reported',
  )
  results.asTheyAre = await judged(
    Object.keys(asTheyAre).map((one) => `./${one}`),
    'out-as-they-are',
  )
}, 1_800_000)

afterAll(async () => rm(folder, { recursive: true, force: true }))

type Seen = { readonly red: readonly string[]; readonly arrives: readonly string[] }

function seenOf(of: Results | undefined, proxy: string, variant: string): Seen {
  const environment = of?.environments.find((one) => one.proxy === proxy && one.variant === variant)
  expect(environment?.status, `${proxy}: ${environment?.reason}`).toBe('ready')
  const cells = of?.cells.filter((cell) => cell.environment === environment?.id) ?? []
  expect(cells.filter(({ status }) => status === 'harness-error')).toEqual([])
  const arrivals = cells.filter((cell) => cell.case === 'identity.arrival.accepted' && cell.transport === 'http')
  return {
    red: [...new Set(cells.filter(({ status }) => status === 'fail').map((cell) => cell.case))],
    arrives: arrivals.map(({ status }) => status),
  }
}

function expectRight({ red, arrives }: Seen, right: Right): void {
  expect(red).toEqual(expect.arrayContaining([...right.red]))
  if (!right.only) return
  expect(red.toSorted()).toEqual(right.red.toSorted())
  // Where nobody arrives, nothing is red either.
  if (!right.red.includes('gateway.configuration.accepts-proxy')) expect(arrives).toEqual(['pass'])
}

describe('a deployment that was reported', () => {
  it.each(Object.entries(reported))('%s', (name, right) => {
    const [proxy = '', variant = ''] = name.split('/')
    expectRight(seenOf(results.reported, proxy, variant), right)
  })
})

describe('a file or folder as it is', () => {
  it.each(Object.entries(asTheyAre))('%s', (path, right) => {
    expectRight(seenOf(results.asTheyAre, path.split('/')[1] ?? '', 'as-it-is'), right)
  })
})
