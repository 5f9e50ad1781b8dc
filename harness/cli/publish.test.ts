import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UserError } from '../plan/user-error.ts'
import { publishedResultSchemas } from '../report/publish-schemas.ts'
import { aRun } from '../report/report.fixture.ts'
import { writeReport } from '../report/write.ts'
import { concluded } from '../run/results/conclusions.ts'
import { type PublishOptions, publish } from './publish.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-publish-'))
  vi.spyOn(console, 'log').mockImplementation(() => {})
  const nights = [
    ['first', '2026-11-20', 4],
    ['second', '2026-11-20', 4],
    ['third', '2026-11-21', 2],
  ] as const
  for (const [name, date, environments] of nights) {
    const { results, evidence } = aRun({ cases: 13, environments })
    const run = { ...results.run, id: name, startedAt: `${date}T04:00:00.000Z` }
    await writeReport({ ...results, run }, evidence, join(folder, name))
  }
  await writeFile(join(folder, 'sweep.json'), JSON.stringify(sweep))
  await writeFile(join(folder, 'canaries.json'), JSON.stringify(canaries))
  for (const [name] of nights) await publish(options({ in: [join(folder, name)] }))
  await publish(options({ sweep: [join(folder, 'sweep.json')], canaries: join(folder, 'canaries.json') }))
})
afterAll(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

const options = (more: Partial<PublishOptions> = {}): PublishOptions => ({
  in: [join(folder, 'third')],
  expect: [],
  history: join(folder, 'history'),
  out: join(folder, 'site'),
  sweep: [],
  copies: 100,
  json: false,
  ...more,
})

const version = {
  environment: 'x@1/documented/reference',
  proxy: 'x',
  variant: 'documented',
  gateway: 'reference:attributed',
  ranAt: '2026-11-21T04:00:00.000Z',
  commit: 'abc',
  status: 'ready',
  startMs: 1,
  passed: 3,
  inconclusive: 0,
}
const sweep = {
  schema: 1,
  run: { id: 'sweep', startedAt: '2026-11-21T04:00:00.000Z' },
  selection: { cases: [] },
  durationMs: 1,
  versions: [
    {
      ...version,
      version: '1.0',
      red: [{ cell: 'spoofing.a.<b>.http', level: 'must', status: 'fail', reason: 'as alice' }],
    },
    { ...version, version: '1.1', red: [] },
  ],
}
const canary = {
  proxy: 'traefik-forward-auth',
  version: '3.6.6',
  hole: 'CVE-2026-1',
  variant: 'canary',
  cells: [{ case: 'path.a.b', transport: 'http' }],
  holds: true,
  old: { environment: 'traefik@3.6.6/canary/reference', colour: 'red', reason: 'It arrived.' },
  fixed: { version: '3.6.9', environment: 'traefik@3.6.9/canary/reference', colour: 'green', reason: 'It did not.' },
}
const canaries = {
  schema: 1,
  run: { id: 'canaries', startedAt: '2026-11-21T04:00:00.000Z' },
  canaries: [canary, { ...canary, hole: 'CVE-2026-2', old: { ...canary.old, colour: 'unproven' } }],
}

const site = (path: string) => readFile(join(folder, 'site', path), 'utf8')
async function pages(): Promise<string[]> {
  const root = join(folder, 'site')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

const address = 'proxy/nginx-oauth2-proxy/documented/reference-attributed'

/** A script has the mark-up that it writes. */
const withoutScripts = (page: string) => page.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '')

describe('a published site', () => {
  it('has every environment at an address without versions, as a page, as JSON and as a badge', async () => {
    const { results } = aRun({ cases: 13, environments: 2 })
    const [first] = results.environments
    expect(await site(`${address}/index.html`)).toContain(first?.id)
    expect(JSON.parse(await site(`${address}/index.json`)).environment.id).toBe(first?.id)
    expect(JSON.parse(await site(`${address}/badge.json`))).toMatchObject({ schemaVersion: 1 })
  })

  it('tells other sites what a link to it leads to', async () => {
    for (const path of ['index.html', 'history.html', `${address}/index.html`, `${address}/2026-11-20/index.html`]) {
      expect(await site(path), path).toMatch(/<meta property="og:title" content="[^"]{5,}"/)
      expect(await site(path), path).toMatch(/<meta property="og:description" content="[^"]{20,}"/)
    }
  })

  it('keeps a dated copy of every run, the second of a day beside the first', async () => {
    const copies = (await readdir(join(folder, 'site', address))).filter((name) => /^\d/.test(name))
    expect(copies.toSorted()).toEqual(['2026-11-20', '2026-11-20-2', '2026-11-21'])
    const copy = JSON.parse(await site(`${address}/2026-11-20-2/index.json`))
    expect(copy).toMatchObject({ schema: 1, run: 'second', status: 'ready', grade: expect.any(String) })
    expect(copy.passed + Object.keys(copy.cells).length).toBe(26)
    expect(await site(`${address}/2026-11-20/index.html`)).toMatch(/<li id="finding-/)
  })

  it('keeps the address of an environment that is no longer run', async () => {
    const gone = 'proxy/pomerium/documented/reference-attributed'
    expect(await site(`${gone}/index.html`)).toContain('This environment is not in the latest run')
    expect(JSON.parse(await site(`${gone}/index.json`)).run).toBe('second')
  })

  it('shows the grade of each environment from run to run', async () => {
    const page = await site('history.html')
    for (const day of ['2026-11-20', '2026-11-20-2', '2026-11-21'])
      expect(page).toContain(`${address}/${day}/index.html`)
  })

  it('has no link inside it that leads nowhere', async () => {
    const known = new Set(await pages())
    for (const page of [...known].filter((name) => name.endsWith('.html'))) {
      for (const [, href = ''] of withoutScripts(await site(page)).matchAll(/ href="([^"#]+)/g)) {
        if (/^https?:/.test(href)) continue
        expect(href, page).not.toMatch(/^\/|\/$/)
        expect(known, `${page} -> ${href}`).toContain(join(dirname(page), href))
      }
    }
  })

  it('compares versions where a sweep is given', async () => {
    const page = await site('versions.html')
    expect(page).toMatch(/1\.1.*1\.0/s)
    expect(page).toContain('spoofing.a.&lt;b>')
    expect(await site('index.html')).toContain('href="versions.html"')
  })

  it('lists known holes with the versions that showed them, and claims nothing that was not seen', async () => {
    const advisories = JSON.parse(await site('advisories.json'))
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(publishedResultSchemas()['advisories.schema.json'] ?? ''),
    )
    expect(validate(advisories), JSON.stringify(validate.errors)).toBe(true)
    expect(advisories.advisories).toMatchObject([
      {
        id: 'CVE-2026-1',
        product: 'traefik-forward-auth',
        range: { from: '3.6.6', before: '3.6.9' },
        provenRedOn: { version: '3.6.6' },
        provenGreenOn: { version: '3.6.9' },
      },
      { id: 'CVE-2026-2', provenGreenOn: { version: '3.6.9' } },
    ])
    expect(advisories.advisories[1]).not.toHaveProperty('provenRedOn')
  })

  it('takes away what is no longer given', async () => {
    const out = join(folder, 'second-site')
    await publish(options({ out, sweep: [join(folder, 'sweep.json')] }))
    await publish(options({ out }))
    expect(await readdir(out)).not.toContain('versions.html')
    expect(await readFile(join(out, 'index.html'), 'utf8')).not.toContain('versions.html')
  })

  it('writes copies of so many runs', async () => {
    const out = join(folder, 'third-site')
    await publish(options({ out, copies: 1 }))
    expect((await readdir(join(out, address))).toSorted()).toEqual([
      '2026-11-21',
      'badge.json',
      'index.html',
      'index.json',
    ])
  })
})

describe('a part that did not come', () => {
  it('is said on the first page and in the exit code: a shard, and what was expected', async () => {
    const shards = await Promise.all([1, 3].map((index) => aShard(index)))
    const came = aRun({ cases: 1, environments: 1 }).results.environments[0]?.proxy ?? '?'
    const out = join(folder, 'parts')
    const code = await publish(
      options({ in: shards, out, history: join(folder, 'parts-history'), expect: [came, 'openclaw@1'] }),
    )
    expect(code).toBe(3)
    const page = await readFile(join(out, 'index.html'), 'utf8')
    expect(page).toContain('Shard 2/3 did not come. This report says nothing about its environments.')
    expect(page).toContain('No results of openclaw@1 came, although they were expected.')
    expect(page).not.toContain(`No results of ${came}`)
    expect(page).not.toMatch(/Shard [13]\/3 did not come/)
  })

  it('is no matter where all are there', async () => {
    const shards = await Promise.all([1, 2, 3].map((index) => aShard(index)))
    const out = join(folder, 'whole')
    expect(await publish(options({ in: shards, out, history: join(folder, 'whole-history') }))).toBe(0)
    expect(await readFile(join(out, 'index.html'), 'utf8')).not.toContain('did not come')
  })

  async function aShard(index: number): Promise<string> {
    const { results, evidence } = aRun({ cases: 5, environments: 6 })
    const environments = results.environments.slice(index * 2 - 2, index * 2)
    const own = new Set(environments.map(({ id }) => id))
    const cells = results.cells.filter(({ environment }) => own.has(environment))
    const run = { ...results.run, id: 'sharded', shard: { index, count: 3 } }
    const out = join(folder, `shard-${index}`)
    await writeReport({ ...results, run, environments, cells, ...concluded(environments, cells) }, evidence, out)
    return out
  }
})

describe('publish refuses in one sentence', () => {
  it.each<[string, () => Partial<PublishOptions>, RegExp]>([
    ['a folder without a run', () => ({ in: [folder] }), /results\.json does not exist or is not JSON/],
    [
      'a file as the site',
      () => ({ out: join(folder, 'sweep.json') }),
      /--out .*sweep\.json is a file; a folder is needed/,
    ],
    ['an empty --history', () => ({ history: '' }), /--history is empty/],
    [
      'a sweep that is none',
      () => ({ sweep: [join(folder, 'canaries.json')] }),
      /canaries\.json: selection: .*conformance sweep/,
    ],
    [
      'canaries that there are not',
      () => ({ canaries: join(folder, 'no') }),
      /it does not exist or is not JSON.*conformance canaries --json/,
    ],
    ['a folder of somebody else', () => ({ out: join(folder, 'precious') }), /contains proxy\/, but no results\.json/],
    [
      'a damaged history',
      () => ({ history: join(folder, 'damaged') }),
      /runs\.jsonl:1: this line of the history is not valid JSON/,
    ],
  ])('%s', async (_, more, message) => {
    await mkdir(join(folder, 'precious', 'proxy'), { recursive: true })
    await mkdir(join(folder, 'damaged'), { recursive: true })
    await writeFile(join(folder, 'damaged', 'runs.jsonl'), '{')
    const refused = publish(options(more()))
    await expect(refused).rejects.toThrow(UserError)
    await expect(refused).rejects.toThrow(message)
  })
})
