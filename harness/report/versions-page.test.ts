import { describe, expect, it } from 'vitest'
import type { Canary } from '../plan/proxy.ts'
import { aRun } from './report.fixture.ts'
import { type VersionRow, type VersionsFile, versionRow, versionsSchema } from './versions-file.ts'
import { versionsPage } from './versions-page.ts'

const { results } = aRun({ cases: 3, environments: 1, status: (index) => (index === 2 ? 'fail' : 'pass') })
const [environment] = results.environments
const red = results.cells.find(({ status }) => status === 'fail')
if (environment === undefined || red === undefined) throw new Error('the fixture has no red cell')
const { proxy: name, variant } = environment

const hole: Canary = {
  version: '3.3.5',
  fixed: '3.3.6',
  hole: 'CVE-2025-1',
  link: 'https://advisory.example/1',
  variant,
  cases: [red.case],
  source: { file: 'proxy.yaml', line: 1 },
}

/** Red at that version for the one case. */
function redAt(proxyVersion: string, canary: Partial<Canary> = {}): VersionRow {
  const found = { ...environment, ...{ id: 'x', topology: 'network' as const }, proxyVersion }
  return versionRow(
    { run: results.run, cells: [{ ...(red ?? fail()), environment: 'x' }] },
    {
      proxy: name,
      variant,
      gateway: 'reference:attributed',
      status: 'ready',
      startMs: 1,
      loginMs: 1,
      services: [],
      ...found,
    },
    [{ name, canaries: [{ ...hole, ...canary }] }],
  )
}
function fail(): never {
  throw new Error('no red cell')
}
const greenAt = (version: string): VersionRow => ({ ...redAt(version), red: [], passed: 1 })
const file = (versions: readonly VersionRow[]): VersionsFile => ({
  schema: 1,
  run: { id: 'run-1', startedAt: '2026-11-21T04:00:00.000Z' },
  selection: { cases: ['path', 'alias'], level: 'must' },
  durationMs: 61_000,
  versions,
})

describe('the row of a version', () => {
  it('names the advisory of a red case on a version before the fixed one, numbers compared as numbers', () => {
    for (const version of ['3.0.4', '3.3.5'])
      expect(redAt(version).red[0]?.advisory, version).toEqual({ hole: 'CVE-2025-1', link: hole.link })
    for (const version of ['3.3.6', '3.3.15', '3.10.0'])
      expect(redAt(version).red[0]?.advisory, version).toBeUndefined()
  })

  it.each([
    ['another variant', { variant: 'other' }],
    ['other cases', { cases: ['smuggling.**'] }],
    ['a gateway', { gateway: 'openclaw' }],
  ] as const)('names no advisory of a canary for %s', (_what, canary) => {
    expect(redAt('3.3.5', canary).red[0]?.advisory).toBeUndefined()
  })

  it('is what the schema says', () => {
    const written: unknown = JSON.parse(JSON.stringify(file([redAt('3.3.5'), greenAt('3.3.6')])))
    expect(versionsSchema.parse(written)).toEqual(written)
  })
})

describe('the page of a program', () => {
  const broken: VersionRow = { ...greenAt('2.0.0'), passed: 0, status: 'failed', reason: 'unknown key\nlog' }
  const page = versionsPage(
    'traefik',
    file([
      broken,
      redAt('3.2.0'),
      redAt('3.3.5'),
      greenAt('3.3.6'),
      redAt('3.10.0'),
      redAt('3.9.0'),
      greenAt('3.10.1'),
    ]),
  )

  it('has one line for red cells with the same versions, with the advisory, and ranges in the order of the versions', () => {
    expect(page).toContain('| 3.2.0 to 3.3.5 (2) | [CVE-2025-1](<https://advisory.example/1>) |')
    expect(page).toContain('| 3.9.0 to 3.10.0 (2) |  |')
  })

  it('has a line for each version, the newest first, and says why one did not start', () => {
    const lines = page.split('\n').filter((line) => /^\| \d+\.\d+\.\d+ \|/.test(line))
    expect(lines.map((line) => line.split(' ')[1])).toEqual([
      '3.10.1',
      '3.10.0',
      '3.9.0',
      '3.3.6',
      '3.3.5',
      '3.2.0',
      '2.0.0',
    ])
    expect(page).toMatch(/\| 2\.0\.0 \| +\| +\| +\| failed: unknown key \|/)
  })

  it('says how it was made', () => {
    expect(page).toContain(
      `pnpm conformance sweep --proxy ${name} --variant ${variant} --versions all --case 'path,alias' --level must`,
    )
    expect(page).toContain('7 environments in 1 min 1 s, on 2026-11-21')
  })
})
