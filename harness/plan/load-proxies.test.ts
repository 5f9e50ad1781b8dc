import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from './load-catalogue.ts'
import { loadProxies } from './load-proxies.ts'
import { project, proxyYaml, refusals, scenarioYaml } from './project.testing.ts'

const file = 'proxies/tiny/proxy.yaml'

async function mistakesOf(text: string, more: Record<string, string> = {}): Promise<string[]> {
  await using here = await project({ [file]: text, ...more })
  return await refusals(here.root, () => loadProxies(here.root))
}

function broken(from: string, to: string): string {
  expect(proxyYaml).toContain(from)
  return proxyYaml.replace(from, to)
}

describe('a proxy folder', () => {
  it('becomes variants with their differences merged in', async () => {
    await using here = await project()
    const [tiny] = await loadProxies(here.root)
    expect(tiny).toMatchObject({
      name: 'tiny',
      version: '1.2.3',
      versions: ['1.2.3', '1.0.0'],
      embedded: false,
      knownFailures: [],
    })
    expect(tiny?.variants[1]).toEqual({
      name: 'hardened',
      title: 'as it should be',
      folder: join(here.root, 'proxies/tiny/hardened'),
      identity: 'X-Forwarded-User',
      requiredHeaders: [],
      host: 'app.test',
      names: {},
      features: [
        'public-route',
        'h2',
        'log-in-page',
        'log-in-offered',
        'openid-login',
        'shown-secret',
        'second-user',
        'shared-connection',
        'allowed-users',
      ],
      login: { callbacks: ['https://app.test/callback'], clientAuth: 'client_secret_basic' },
      topology: 'network',
      gateway: { bind: 'lan', allowUsers: [], without: [] },
      services: [
        {
          name: 'proxy',
          title: 'tiny',
          version: '1.2.3',
          source: { pull: 'registry.test/tiny:v1.2.3' },
          with: [],
          command: ['tiny', '--config=/etc/tiny.conf'],
          env: { SECRET: '{secret:client}', MODE: 'strict' },
          files: { 'tiny.conf': '/etc/tiny.conf' },
          ready: { port: 443 },
          after: [],
          ports: [443],
          tmpfs: [],
        },
      ],
    })
    expect(tiny?.variants[0]?.services[0]?.env).toEqual({ SECRET: '{secret:client}', MODE: 'plain' })
  })

  it('takes the file of another variant for the same path in the container, and then needs none of its own', async () => {
    const text = broken('{ env: { MODE: strict } }', '{ files: { ../documented/tiny.conf: /etc/tiny.conf } }')
    await using here = await project({ [file]: text })
    await rm(join(here.root, 'proxies/tiny/hardened'), { recursive: true })
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants[1]?.services[0]?.files).toEqual({ '../documented/tiny.conf': '/etc/tiny.conf' })
  })

  it('is a sidecar where a service lives beside the gateway, and may say how the gateway is told', async () => {
    const settings = 'gateway: { bind: loopback, allow-users: [a@local], without: [password] }'
    const text = broken('proxy: { env: { MODE: strict } }', 'proxy: { beside: gateway }').replace(
      'title: as it should be',
      `title: beside it\n    ${settings}`,
    )
    await using here = await project({ 'proxies/tiny/proxy.yaml': text })
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants.map(({ topology }) => topology)).toEqual(['network', 'sidecar'])
    expect(tiny?.variants[1]?.services[0]?.beside).toBe('gateway')
    expect(tiny?.variants[1]?.gateway).toEqual({ bind: 'loopback', allowUsers: ['a@local'], without: ['password'] })
  })

  it('may stand outside the project', async () => {
    await using here = await project()
    await using outside = await project({
      'own/proxy.yaml': proxyYaml.replace('name: tiny', 'name: own'),
      'own/documented/tiny.conf': '',
      'own/hardened/tiny.conf': '',
    })
    const loaded = await loadProxies(here.root, [join(outside.root, 'own')])
    expect(loaded.map((proxy) => proxy.name)).toEqual(['tiny', 'own'])
  })

  it('is refused by its path where there is no proxy.yaml', async () => {
    await using here = await project()
    expect(await refusals(here.root, () => loadProxies(here.root, [join(here.root, 'proxies')]))).toEqual([
      '--proxy proxies: expected a folder with a proxy.yaml, proxies/proxy.yaml does not exist.',
    ])
  })

  it('resolves builds for the version of the service, with modules relative to the folder', async () => {
    const build =
      'build: { go: { module: "../programs/tiny/{version}", package: ., ldflags: "-X v={version}", path: /bin/tiny } }'
    await using here = await project({
      [file]: broken('pull: registry.test/tiny:v{version}', build),
      'proxies/programs/tiny/1.2.3/go.mod': 'module tiny\n',
    })
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants[0]?.services[0]?.source.build).toEqual({
      kind: 'go',
      module: join(here.root, 'proxies/programs/tiny/1.2.3'),
      version: '1.2.3',
      package: '.',
      ldflags: '-X v=1.2.3',
      path: '/bin/tiny',
    })
  })

  it('says which artifact of Maven is wanted in which version, and how long the program may take', async () => {
    const sha256 = 'a'.repeat(64)
    const build = `build: { maven: { artifact: org.example:tiny, version: "{version}", sha256: ${sha256}, folder: "tiny-{version}", prepare: [bin/build], path: /opt/tiny } }\n    ready-within: 240`
    await using here = await project({ [file]: broken('pull: registry.test/tiny:v{version}', build) })
    const [tiny] = await loadProxies(here.root)
    expect(tiny?.variants[0]?.services[0]).toMatchObject({
      readyWithin: 240,
      source: {
        build: {
          ...{ kind: 'maven', artifact: 'org.example:tiny', version: '1.2.3', sha256, folder: 'tiny-1.2.3' },
          ...{ prepare: ['bin/build'], path: '/opt/tiny' },
        },
      },
    })
  })
})

describe('a mistake in a proxy folder', () => {
  const one = [
    ['an unknown key', 'licence: MIT', 'license: MIT', '4:1: unknown key "license"; did you mean licence?'],
    [
      'a version that is a number',
      'version: 1.2.3',
      'version: 1.2',
      '5:10: version: expected text, found the number 1.2; put it in quotes',
    ],
    [
      'a ready condition of no kind',
      '{ port: 443 }',
      '{ prot: 443 }',
      /15:14: unknown key "prot" in services\.proxy\.ready; did you mean port\?/,
    ],
    [
      'half a ready condition',
      '{ port: 443 }',
      '{ http: "http://proxy/" }',
      '15:12: "status" is missing in services.proxy.ready: expected a number',
    ],
    [
      'a relative path in the container',
      '/etc/tiny.conf }',
      'tiny.conf }',
      /13:25: services\.proxy\.files\.tiny\.conf: expected an absolute path .*, found "tiny\.conf"/,
    ],
    [
      'another name than the folder',
      'name: tiny',
      'name: tinny',
      '1:7: expected the name of the folder, "tiny", found "tinny"',
    ],
    ['an unknown feature', '[h2]', '[h3]', '24:16: expected a known feature, found "h3"; did you mean h2?'],
    [
      'a service that does not exist',
      'proxy: { env: { MODE: strict } }',
      'prxy: { env: { MODE: strict } }',
      '26:13: expected a service of this proxy, found "prxy"; did you mean proxy?',
    ],
    [
      'a placeholder that is none',
      '{secret:client}',
      '{secrt:client}',
      '14:20: expected {secret:NAME}, {address:SERVICE} or {version}, found "{secrt:client}"',
    ],
    [
      'a user of the run who is none',
      '    ready: { port: 443 }',
      '    lines: { /etc/tiny.conf: { "3": "{htpasswd:alise}" } }\n    ready: { port: 443 }',
      '15:37: expected {htpasswd:alice} or {htpasswd:bob}, found "{htpasswd:alise}"; did you mean alice?',
    ],
    [
      'lines of a file that the service has not',
      '    ready: { port: 443 }',
      '    lines: { /etc/tny.conf: { "3": "" } }\n    ready: { port: 443 }',
      '15:29: expected the path in the container of one of its files, found "/etc/tny.conf" (service proxy)',
    ],
    [
      'a stand-in that does not say so',
      'pull: registry.test/tiny:v{version}',
      'build: { harness: harness/stand-ins/tiny.ts }',
      '10:12: expected a title that ends with (stand-in), found "tiny"',
    ],
    [
      'no source of the program',
      '    pull: registry.test/tiny:v{version}\n',
      '',
      '10:5: expected pull or build: where the program of proxy comes from',
    ],
    [
      'no public service',
      '  proxy:\n    title: tiny',
      '  auth:\n    title: tiny',
      /9:3: expected a service named proxy, the public one, found auth/,
    ],
    [
      'a wait for nobody',
      '    ready: { port: 443 }',
      '    ready: { port: 443 }\n    after: [auth]',
      '16:13: expected another service, idp or gateway, found "auth"',
    ],
    [
      'a file that is not there',
      '{ tiny.conf: /etc/tiny.conf }',
      '{ tiny.cnf: /etc/tiny.conf }',
      '13:24: expected the file documented/tiny.cnf in the folder of the proxy; there is none (service proxy)',
    ],
    [
      'the default version listed again',
      'versions: [1.0.0]',
      'versions: [1.2.3]',
      '6:11: the default version 1.2.3 belongs in version, not in versions',
    ],
    [
      'no login',
      'login: { callbacks: ["https://app.test/callback"] }\n',
      '',
      /expected login, here or for all variants/,
    ],
    [
      'services of an embedded proxy',
      'licence: MIT',
      'licence: MIT\nembedded: true',
      '10:3: an embedded proxy runs in process and has no services',
    ],
  ] as const
  for (const [what, from, to, expected] of one)
    it(`${what} is told with line and column`, async () => {
      const lines = await mistakesOf(broken(from, to))
      expect(
        lines.find((line) => (typeof expected === 'string' ? line === `${file}:${expected}` : expected.test(line))),
        lines.join('\n'),
      ).toBeDefined()
    })

  it('is told when a known failure speaks of no variant, no version or no case', async () => {
    const entry = (fields: string) =>
      `- { ${fields}, shows: x, reason: r, link: "https://x.test/", since: 2026-01-01 }\n`
    await using here = await project({
      'proxies/tiny/known-failures.yaml':
        entry('variant: documentd, cases: [identity.topic.arrives]') +
        entry('variant: documented, cases: ["identity.**"], versions: ["9"]'),
    })
    expect(await refusals(here.root, () => loadProxies(here.root))).toEqual([
      'proxies/tiny/known-failures.yaml:1:14: expected a variant of tiny, found "documentd"; did you mean documented?',
      'proxies/tiny/known-failures.yaml:2:61: expected a version of tiny (1.2.3, 1.0.0), found "9"',
      '2 mistakes; nothing was started.',
    ])
    await using other = await project({
      'proxies/tiny/known-failures.yaml': entry('variant: documented, cases: ["identity.**", identity.topic.arive]'),
    })
    expect((await refusals(other.root, () => loadCatalogue({ root: other.root })))[0]).toBe(
      'proxies/tiny/known-failures.yaml:1:33: expected an id or glob of some case, "identity.topic.arive" matches none; did you mean identity.topic.arrives?',
    )
  })

  it('is told when a canary speaks of no version, no variant or no case', async () => {
    const canaries = (fields: string) => `${proxyYaml}canaries:\n  - { hole: CVE-2024-1, ${fields} }\n`
    const fine = 'version: 1.0.0, variant: hardened, cases: [identity.topic.stripped], fixed: 1.2.3'
    const mistake = async (from: string, to: string) => {
      await using here = await project({ [file]: canaries(fine.replace(from, to)) })
      return (await refusals(here.root, () => loadCatalogue({ root: here.root })))[0]
    }
    expect(await mistake('', '')).toBeUndefined()
    expect(await mistake('version: 1.0.0', 'version: 1.0.1')).toBe(
      `${file}:28:34: expected a version of tiny (1.2.3, 1.0.0), found "1.0.1"; add it to versions`,
    )
    expect(await mistake('1.2.3', '1.2.4')).toMatch(/:28:\d+: expected a version of tiny .*, found "1\.2\.4"$/)
    expect(await mistake('1.2.3', '1.0.0')).toMatch(/:28:\d+: expected another version than the canary's/)
    expect(await mistake('hardened', 'hardend')).toMatch(/:28:50: .*found "hardend"; did you mean hardened\?$/)
    expect(await mistake('stripped', 'striped')).toMatch(
      /:28:67: expected an id or glob of some case, "identity\.topic\.striped" matches none; did you mean/,
    )
    expect(await mistake('stripped]', 'stripped], transports: [h2]')).toMatch(/some case over h2, .* matches none/)
    expect(await mistake('topic.stripped', 'topic.arrives')).toMatch(
      /expected cases with a control, identity\.topic\.arrives has none/,
    )
  })

  it('is told when a variant is for canaries and there is none', async () => {
    const lines = await mistakesOf(broken('title: as it should be', 'title: old\n    only: canaries'))
    expect(lines[0]).toMatch(/expected a canary with the variant hardened, there is none/)
  })

  it('is told together with those of scenarios', async () => {
    await using here = await project({
      [file]: broken('licence: MIT', 'license: MIT'),
      'scenarios/identity/topic.yaml': scenarioYaml.replace('level', 'levl'),
    })
    const lines = await refusals(here.root, () => loadCatalogue({ root: here.root }))
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      file,
      file,
      'scenarios/identity/topic.yaml',
      '3 mistakes; nothing was started.',
    ])
  })
})

describe('the project itself', () => {
  const root = join(import.meta.dirname, '../..')

  it('loads without a mistake', async () => {
    const { cases, proxies } = await loadCatalogue({ root })
    expect(proxies.map((proxy) => proxy.name)).toContain('nginx-oauth2-proxy')
    expect(cases.map((one) => one.id)).toContain('identity.arrival.reaches-gateway')
  })

  it('publishes the schemas that it uses (else: node harness/plan/publish-schemas.ts)', async () => {
    const { publishedSchemas } = await import('./publish-schemas.ts')
    for (const [name, text] of Object.entries(publishedSchemas()))
      expect(await readFile(join(root, 'schemas', name), 'utf8'), name).toBe(text)
  })

  it('describes every key of its schemas, for editors', async () => {
    const { publishedSchemas } = await import('./publish-schemas.ts')
    for (const [name, text] of Object.entries(publishedSchemas()))
      expect(undescribed(JSON.parse(text), name)).toEqual([])
  })
})

/** Properties of a JSON Schema without a description of their own or behind a reference. */
function undescribed(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((inner, index) => undescribed(inner, `${path}[${index}]`))
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, inner]) => {
    const missing =
      key !== 'properties'
        ? []
        : Object.entries(inner).flatMap(([name, property]) =>
            typeof property === 'object' && property !== null && ('description' in property || '$ref' in property)
              ? []
              : [`${path}.${name}`],
          )
    return [...missing, ...undescribed(inner, `${path}.${key}`)]
  })
}
