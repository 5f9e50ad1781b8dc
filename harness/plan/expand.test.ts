import { describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import { expandCells, expandPlan, type PlannedCell } from './expand.ts'
import { loadCatalogue } from './load-catalogue.ts'
import { project, proxyYaml } from './project.testing.ts'
import type { KnownGateway, Selection } from './select.ts'

const gateways: KnownGateway[] = [
  {
    name: 'reference',
    title: 'recording',
    byDefault: true,
    features: () => ['attribution'],
    profiles: ['attributed', 'legacy'],
  },
  { name: 'openclaw', title: 'OpenClaw', byDefault: false, features: () => [], versions: ['2026.9.6', '2026.3.8'] },
]

function asked(id: string, more: Partial<Case> = {}): Case {
  return {
    id,
    family: 'identity',
    title: id,
    why: '',
    refs: [],
    level: 'must',
    over: ['http', 'websocket'],
    as: 'alice',
    from: 'internet',
    to: 'proxy',
    send: [{}],
    expect: { arrives: {} },
    needs: [],
    depends: [],
    controls: [],
    caughtBy: [],
    source: { file: 'x.yaml', line: 1 },
    ...more,
  }
}

const words = (cells: readonly PlannedCell[]) =>
  cells.map((cell) => `${cell.case.id} ${cell.transport} ${cell.included}`)

async function plan(selection: Selection) {
  await using here = await project()
  const { cases, proxies } = await loadCatalogue({ root: here.root })
  return expandPlan({ cases, proxies, gateways }, selection)
}
const ids = async (selection: Selection) => (await plan(selection)).environments.map((environment) => environment.id)
const cells = async (selection: Selection) => words((await plan(selection)).environments[0]?.cells ?? [])

describe('the cells of a selection', () => {
  it('are each case over each of its transports', async () => {
    expect(await cells({})).toEqual([
      'identity.topic.arrives http selected',
      'identity.topic.arrives websocket selected',
      'identity.topic.stripped http selected',
      'identity.topic.stripped websocket selected',
    ])
  })

  it('bring along the controls that they need, before them and marked', async () => {
    expect(await cells({ case: ['*stripped'], transport: 'websocket' })).toEqual([
      'identity.topic.arrives websocket control',
      'identity.topic.stripped websocket selected',
    ])
  })

  it('use a control over HTTP where it does not speak their transport', () => {
    const control = asked('identity.t.control', { over: ['http'] })
    const negative = asked('identity.t.negative', { over: ['h2'], controls: [control.id] })
    expect(words(expandCells([negative, control], [negative], undefined))).toEqual([
      'identity.t.control http control',
      'identity.t.negative h2 selected',
    ])
  })

  it('put dependencies first even where the file has them last, and keep the order otherwise', () => {
    const last = asked('identity.t.last', { over: ['http'] })
    const middle = asked('identity.t.middle', { over: ['http'], depends: [last.id] })
    const first = asked('identity.t.first', { over: ['http'], controls: [middle.id] })
    const plain = asked('identity.t.plain', { over: ['http'] })
    expect(
      expandCells([plain, first, middle, last], [plain, first, middle, last], undefined).map((cell) => cell.case.id),
    ).toEqual([plain.id, last.id, middle.id, first.id])
  })

  it('keep to the level', async () => {
    expect(await cells({ level: 'must' })).toEqual([
      'identity.topic.arrives http selected',
      'identity.topic.arrives websocket selected',
    ])
  })

  it('may be chosen by the leading parts of an id', async () => {
    expect(await cells({ case: ['identity.topic'] })).toHaveLength(4)
    expect(await cells({ case: ['identity'], transport: 'http' })).toHaveLength(2)
  })
})

describe('the environments of a selection', () => {
  it('are each variant in front of the default gateways', async () => {
    expect(await ids({})).toEqual([
      'tiny@1.2.3/documented/reference:attributed',
      'tiny@1.2.3/hardened/reference:attributed',
    ])
  })

  it('name gateways by version and by profile', async () => {
    expect(
      await ids({ variant: ['hardened'], gateway: ['openclaw', 'openclaw@2026.3.8', 'reference:legacy'] }),
    ).toEqual([
      'tiny@1.2.3/hardened/openclaw@2026.9.6',
      'tiny@1.2.3/hardened/openclaw@2026.3.8',
      'tiny@1.2.3/hardened/reference:legacy',
    ])
  })

  it('say with every result what stands in', async () => {
    const text = proxyYaml
      .replace('title: tiny', 'title: tiny (stand-in)')
      .replace('pull: registry.test/tiny:v{version}', 'build: { harness: harness/stand-ins/tiny.ts }')
    await using here = await project({ 'proxies/tiny/proxy.yaml': text })
    const { cases, proxies } = await loadCatalogue({ root: here.root })
    const { environments } = expandPlan({ cases, proxies, gateways }, {})
    expect(environments.map(({ caveat }) => caveat)).toEqual(['tiny (stand-in)', 'tiny (stand-in)'])
  })

  it('run another version with everything that follows from it', async () => {
    const { environments } = await plan({ proxyVersion: '1.0.0', variant: ['hardened'] })
    expect(environments[0]?.id).toBe('tiny@1.0.0/hardened/reference:attributed')
    expect(environments[0]?.variant.services[0]).toMatchObject({
      version: '1.0.0',
      source: { pull: 'registry.test/tiny:v1.0.0' },
    })
  })

  it('are dealt out to shards without loss or overlap', async () => {
    const parts = await Promise.all(
      [1, 2].map((index) => ids({ shard: { index, count: 2 }, gateway: ['reference', 'openclaw'] })),
    )
    expect(parts.flat().toSorted()).toEqual((await ids({ gateway: ['reference', 'openclaw'] })).toSorted())
    expect(parts.map((part) => part.length)).toEqual([2, 2])
  })

  it('survive JSON', async () => {
    const made = await plan({})
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })

  it('leave an embedded proxy to the reference gateway', async () => {
    const embedded =
      'name: tiny\ntitle: t\nhomepage: https://t.test/\nlicence: MIT\nversion: "1"\nembedded: true\nlogin: { callbacks: ["https://app.test/x"] }\nvariants: { hardened: { title: t, identity: X-User } }\n'
    await using here = await project({ 'proxies/tiny/proxy.yaml': embedded })
    const sources = { ...(await loadCatalogue({ root: here.root })), gateways }
    expect(expandPlan(sources, { gateway: ['openclaw', 'reference'] }).environments.map(({ id }) => id)).toEqual([
      'tiny@1/hardened/reference:attributed',
    ])
    expect(() => expandPlan(sources, { gateway: ['openclaw'] })).toThrow(
      /reference gateway only, not of openclaw@2026\.9\.6/,
    )
  })

  it('carry the known failures that speak of them', async () => {
    const entry = (more: string) =>
      `- { variant: documented, cases: ["identity.**"], ${more} shows: x, reason: r, link: "https://x.test/", since: 2026-01-01 }\n`
    await using here = await project({
      'proxies/tiny/known-failures.yaml':
        entry('') + entry('gateways: [openclaw],') + entry('gateways: ["reference:*"],') + entry('versions: [1.0.0],'),
    })
    const { environments } = expandPlan({ ...(await loadCatalogue({ root: here.root })), gateways }, {})
    expect(environments.map((one) => one.knownFailures.map(({ source }) => source.line))).toEqual([[1, 3], []])
  })
})

describe('a variant for canaries', () => {
  const yaml = `${proxyYaml.replace('title: as it should be', 'title: old\n    only: canaries')}canaries:
  - { version: 1.0.0, hole: CVE-2024-1, variant: hardened, cases: [identity.topic.stripped], fixed: 1.2.3 }
`
  const selected = async (selection: Selection, text = yaml) => {
    await using here = await project({ 'proxies/tiny/proxy.yaml': text })
    const sources = { ...(await loadCatalogue({ root: here.root })), gateways }
    return expandPlan(sources, selection).environments.map(({ id }) => id)
  }

  it('stays out of ordinary runs, unless it is named', async () => {
    expect(await selected({})).toEqual(['tiny@1.2.3/documented/reference:attributed'])
    expect(await selected({ variant: ['hardened'] })).toEqual(['tiny@1.2.3/hardened/reference:attributed'])
  })

  it('is named where a proxy has no other', async () => {
    const alone = yaml.replace(/ {2}documented:\n.*\n.*\n/, '')
    await expect(selected({ proxy: ['tiny'] }, alone)).rejects.toThrow(
      'tiny has only variants that must be named. Name one: --variant hardened.',
    )
  })
})

describe('a proxy that runs only where it is named', () => {
  it('stays out of runs that name no proxy, whatever else they select', async () => {
    const named = proxyYaml.replace('name: tiny', 'name: large\nonly: named')
    await using here = await project({
      'proxies/large/proxy.yaml': named,
      'proxies/large/documented/tiny.conf': '',
      'proxies/large/hardened/tiny.conf': '',
    })
    const sources = { ...(await loadCatalogue({ root: here.root })), gateways }
    const proxiesOf = (selection: Selection) =>
      new Set(expandPlan(sources, selection).environments.map(({ id }) => id.replace(/@.*/, '')))
    expect(proxiesOf({})).toEqual(new Set(['tiny']))
    expect(proxiesOf({ variant: ['hardened'] })).toEqual(new Set(['tiny']))
    expect(proxiesOf({ proxy: ['large'] })).toEqual(new Set(['large']))
  })
})

describe('a selection that matches nothing', () => {
  const wrong: readonly [Selection, RegExp][] = [
    [{ proxy: ['tinny'] }, /^Unknown proxy "tinny"\. Did you mean tiny\?$/],
    [{ proxy: ['pomerium'] }, /^Unknown proxy "pomerium"\. Known: tiny\.$/],
    [{ variant: ['hardend'] }, /^Unknown variant "hardend" of tiny\. Did you mean hardened\?$/],
    [{ gateway: ['refrence'] }, /^Unknown gateway "refrence"\. Did you mean reference\?$/],
    [{ gateway: ['openclaw@2026.9.5'] }, /^Unknown gateway "openclaw@2026\.9\.5"\. Did you mean openclaw@2026\.9\.6/],
    [{ gateway: ['reference:atributed'] }, /Did you mean reference:attributed\?$/],
    [{ gateway: ['reference@attributed'] }, /Did you mean reference:attributed\?$/],
    [{ proxyVersion: '1.0.1' }, /^Unknown proxy version "1\.0\.1" of tiny\. Did you mean 1\.0\.0/],
    [
      { case: ['identity.topic.striped'] },
      /^Unknown case "identity\.topic\.striped"\. Did you mean identity\.topic\.stripped\?$/,
    ],
    [{ case: ['striped'] }, /Did you mean identity\.topic\.stripped\?$/],
    [{ case: ['spoofing.**'] }, /^Unknown case "spoofing\.\*\*"\. Known: identity\.topic\.arrives/],
    [
      { case: ['identity.topic.stripped'], level: 'must' },
      /^No case matches level must\. Without these limits: identity\.topic\.stripped \(should/,
    ],
    [{ transport: 'h2' }, /^No case matches level info and transport h2\./],
    [
      { shard: { index: 3, count: 3 } },
      /^Shard 3\/3 is empty: the selection has 2 environments\. Use at most 2 shards\.$/,
    ],
  ]
  for (const [selection, message] of wrong)
    it(`says what there is instead: ${JSON.stringify(selection)}`, async () => {
      await expect(plan(selection)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringMatching(message),
      })
    })
})
