/**
 * One line of the hardened nginx configuration taken away at a time: the right cells turn red, and no others. This is the proof, on a real
 * proxy, that the catalogue sees what each line is for, and that a finding points at its cause.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import picomatch from 'picomatch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { findEngine } from '../harness/lab/engine.ts'
import { readAblation } from '../harness/plan/ablation/ablation-file.ts'
import { readReport } from '../harness/report/read.ts'
import type { Results } from '../harness/run/results/results.ts'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'proxies', 'nginx-oauth2-proxy')

type Ablation = {
  readonly name: string
  /** What is taken away or turned round, and what stands there instead. */
  readonly line: RegExp
  readonly instead: string
  /** Cells that must be red. */
  readonly red: readonly string[]
  /** Nothing else may be. */
  readonly only: readonly string[]
}

const ablations: readonly Ablation[] = [
  {
    name: 'forwarded-for',
    line: /(nothing that the client says\.\n) +proxy_set_header X-Forwarded-For \$remote_addr;\n/,
    instead: '$1',
    red: [
      'attribution.client-address.reported',
      'attribution.client-address.forged-other',
      'identity.arrival.accepted',
    ],
    // A gateway that can attribute nobody accepts nobody: whatever demands acceptance goes with it.
    only: [
      'attribution.**',
      'hop-by-hop.forwarded.**',
      'alias.siblings.forwarded-for-address',
      'spoofing.public-route.client-address',
      '**.{accepted,not-allowed,not-kept-by-refusal,own-page,not-allowed-close-code}',
    ],
  },
  {
    name: 'forwarded-for-appended',
    line: /(nothing that the client says\.\n +proxy_set_header X-Forwarded-For )\$remote_addr;/,
    instead: '$1$$proxy_add_x_forwarded_for;',
    red: ['attribution.client-address.overwritten'],
    only: ['attribution.client-address.overwritten'],
  },
  {
    name: 'upgrade',
    line: / +proxy_set_header Upgrade \$upgrade;\n +proxy_set_header Connection \$connection_upgrade;\n/,
    instead: '',
    red: ['identity.arrival.reaches-gateway', 'websocket.upgrade.every-path'],
    // Over WebSocket, whatever demands that the request arrives.
    only: [
      'websocket.**',
      'identity.**',
      'session.handling.not-kept-by-refusal',
      'attribution.client-address.reported',
      'path.configured.**',
    ],
  },
  {
    name: 'any-upgrade',
    line: /( +)(~\*\^websocket\$ )/,
    instead: '$1default $$http_upgrade;\n$1$2',
    red: ['websocket.handshake.other-protocol', 'websocket.handshake.other-protocol-public'],
    only: ['websocket.handshake.**'],
  },
  {
    name: 'assertion',
    line: / +proxy_set_header Cf-Access-Jwt-Assertion .*\n/,
    instead: '',
    red: ['spoofing.public-route.assertions'],
    only: ['spoofing.*.assertions'],
  },
  {
    name: 'underscores',
    line: /underscores_in_headers off;/,
    instead: 'underscores_in_headers on;',
    red: ['alias.spelling.underscore', 'alias.spelling.mixed', 'spoofing.scopes.alias', 'path.configured.spelling'],
    only: ['alias.**', 'spoofing.scopes.alias', 'path.configured.spelling'],
  },
  {
    name: 'default-server',
    line: / +server \{\n +listen 443 ssl http2 default_server;[^}]*\}\n/,
    instead: '',
    red: ['identity.request.foreign-host'],
    only: ['identity.request.foreign-host', 'path.target-form.foreign-host-header'],
  },
  {
    name: 'scopes',
    line: / +proxy_set_header X-Openclaw-Scopes "";\n/,
    instead: '',
    red: [
      'spoofing.scopes.admin',
      'spoofing.scopes.empty',
      'spoofing.public-route.scopes',
      'path.configured.scopes',
      'path.configured.exempt',
    ],
    // A client's scopes on any route, and on every path that the configuration names.
    only: ['spoofing.scopes.**', 'spoofing.public-route.scopes', 'path.configured.{scopes,exempt}'],
  },
  {
    // What the auth service cannot answer becomes a 500 of auth_request's.
    name: 'fail-open',
    line: / +location \/ \{\n/,
    instead: '        location @open { proxy_pass http://gateway:18789; }\n$&            error_page 500 = @open;\n',
    red: ['forward-auth.unavailable.stopped'],
    only: ['forward-auth.unavailable.stopped'],
  },
  {
    name: 'public-prefix',
    line: /location ~ \^\/public\/\S+/,
    instead: 'location /public/',
    red: ['path.public-route.double-encoded', 'path.public-route.parameters'],
    only: ['path.public-route.{double-encoded,parameters,upgrade-parameters}'],
  },
  {
    name: 'public-as-it-came',
    line: / +rewrite \^ \$uri break;\n/,
    instead: '',
    red: ['path.public-route.resolved-into'],
    only: ['path.public-route.resolved-into'],
  },
]

/** Without this line the client's own header arrives: red wherever the header is spoken of, so what stays green is the statement. */
const identity = {
  name: 'identity',
  line: / +proxy_set_header X-Auth-Request-Email \$user;\n/,
  instead: '',
  red: ['spoofing.identity-header.one-line', 'spoofing.other-user.forged', 'identity.arrival.reaches-gateway'],
  never: ['attribution.**', 'spoofing.scopes.**', 'bypass.**', 'loopback.**', 'gateway.**', 'spoofing.anonymous.**'],
}

const engine = await findEngine('auto')
if (engine.kind === 'none') console.warn(`\nABLATIONS SKIPPED, nothing to run nginx on: ${engine.reasons.join('; ')}\n`)

// -- reason: without an engine there is no nginx; the line above says so.
describe.skipIf(engine.kind === 'none')('hardened nginx with a line taken away', () => {
  let folder = ''
  let results: Results
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ablation-'))
    await writeAblations(join(folder, 'ablated'))
    const run = ['--proxy', join(folder, 'ablated'), '--yes', '--gateway', 'reference', '--out', join(folder, 'out')]
    const args = [join(root, 'harness/cli/main.ts'), ...run]
    await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }).catch((error) => {
      // 1: red cells, which is what these are for.
      if (error.code !== 1) throw error
    })
    results = (await readReport(join(folder, 'out'))).results
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('conformance ablate says of each unit what it is for, and goes on where it was stopped', async () => {
    const file = join(folder, 'ablation.json')
    const ablate = async (...more: string[]) => {
      const which = [
        '--proxy',
        join(root, 'examples', 'basic-auth'),
        '--case',
        'spoofing.identity-header.one-line,session.cookies.changed',
      ]
      const args = [join(root, 'harness/cli/main.ts'), 'ablate', ...which, '--file', file, '--json', ...more]
      return promisify(execFile)(process.execPath, args, { cwd: root }).then(
        ({ stderr }) => ({ code: 0, stderr }),
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
      )
    }
    const written = async () => {
      const ablation = await readAblation(file)
      return Object.fromEntries((ablation?.units ?? []).map(({ text, outcome, red }) => [text, red[0] ?? outcome]))
    }
    // One of the lines is nginx's own default: nothing needs it, and nothing says why it is there.
    expect((await ablate('--shard', '1/4')).code).toBe(1)
    const first = await written()
    expect(first).toEqual({
      'events {}': 'does-not-start',
      'listen 443 ssl;': 'does-not-start',
      // Without it nginx takes the name from the client and compares no password.
      'auth_basic "OpenClaw";': 'session.cookies.changed.http',
      'proxy_http_version 1.1;': 'nothing',
      'proxy_set_header X-Forwarded-User $remote_user;': 'identity.arrival.reaches-gateway.http',
    })
    const { mtimeMs } = await stat(file)
    const begun = performance.now()
    const again = await ablate('--shard', '1/4')
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing to measure') })
    expect(performance.now() - begun).toBeLessThan(20_000)
    expect((await stat(file)).mtimeMs).toBeGreaterThan(mtimeMs)
    expect(await written()).toEqual(first)
    // A case more: that one alone is asked, of what starts, and what the others showed stays.
    const more = await ablate('--shard', '1/4', '--case', 'identity.request.large-body')
    expect(more.stderr).toContain('3 to measure with at most 1 case')
    expect(await written()).toEqual(first)
  }, 300_000)

  const redOf = (variant: string) => {
    const environment = results.environments.find((one) => one.variant === variant)
    expect(environment?.status, environment?.reason).toBe('ready')
    const cells = results.cells.filter((cell) => cell.environment === environment?.id)
    expect(cells.filter(({ status }) => status === 'harness-error')).toEqual([])
    return [...new Set(cells.filter(({ status }) => status === 'fail' || status === 'warn').map((cell) => cell.case))]
  }

  it.each(ablations)('$name: the right cells and no others', ({ name, red, only }) => {
    const found = redOf(name)
    expect(found).toEqual(expect.arrayContaining([...red]))
    expect(found.filter((id) => !picomatch.isMatch(id, [...only]))).toEqual([])
  })

  it('identity: every way to write the header, and nothing that does not speak of it', () => {
    const found = redOf(identity.name)
    expect(found).toEqual(expect.arrayContaining(identity.red))
    expect(found.filter((id) => picomatch.isMatch(id, identity.never))).toEqual([])
  })

  it('nothing taken away: nothing red', () => {
    expect(redOf('whole')).toEqual([])
  })
})

/** A proxy folder like an operator's own, with one variant per ablation. */
async function writeAblations(into: string): Promise<void> {
  const proxy = parse(await readFile(join(source, 'proxy.yaml'), 'utf8'))
  const configuration = await readFile(join(source, 'hardened', 'nginx.conf'), 'utf8')
  const variant = proxy.variants.hardened
  proxy.name = 'ablated'
  // They name a variant that is not here.
  delete proxy.canaries
  proxy.variants = {}
  for (const { name, line, instead } of [{ name: 'whole', line: /^/, instead: '' }, ...ablations, identity]) {
    const ablated = configuration.replace(line, instead)
    if (name !== 'whole') expect(ablated, `${name} must change something`).not.toBe(configuration)
    proxy.variants[name] = { ...variant, title: `hardened without ${name}` }
    await mkdir(join(into, name), { recursive: true })
    await writeFile(join(into, name, 'nginx.conf'), ablated)
    await cp(join(source, 'hardened', 'oauth2-proxy.cfg'), join(into, name, 'oauth2-proxy.cfg'))
  }
  await writeFile(join(into, 'proxy.yaml'), stringify(proxy))
}
