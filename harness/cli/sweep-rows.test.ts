import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { VersionRow } from '../report/versions-file.ts'
import { runDefaults } from './options.ts'
import { inWords } from './sweep.ts'
import { earlierRows, isWhole, SweepFile } from './sweep-rows.ts'

const row = (version: string): VersionRow => ({
  environment: `traefik@${version}/hardened/reference:attributed`,
  proxy: 'traefik',
  version,
  variant: 'hardened',
  gateway: 'reference:attributed',
  ranAt: '2026-11-26T14:00:00.000Z',
  commit: 'abc',
  status: 'ready',
  startMs: 1,
  passed: 2,
  inconclusive: 0,
  red: [],
})

async function folder() {
  const out = await mkdtemp(join(tmpdir(), 'sweep-'))
  return { out, [Symbol.asyncDispose]: () => rm(out, { recursive: true }) }
}

const run = (durationMs: number) => ({ id: `run-${durationMs}`, startedAt: '2026-11-26T14:00:00.000Z', durationMs })

describe('sweep.json', () => {
  it('keeps the rows of a sweep that ended early, and its time', async () => {
    await using here = await folder()
    const asked = { ...runDefaults, out: join(here.out, 'new'), case: ['path'] }
    const first = new SweepFile(asked, undefined)
    await first.write([row('3.0.4')], run(1000))
    await first.write([row('3.0.4'), row('3.2.0')], run(2000))
    const second = new SweepFile(asked, await earlierRows(asked))
    await second.write([row('3.2.1')], run(500))
    const written = JSON.parse(await readFile(join(asked.out, 'sweep.json'), 'utf8'))
    expect(written).toMatchObject({ durationMs: 2500, selection: { cases: ['path'] }, run: { id: 'run-500' } })
    expect(written.versions.map(({ version }: VersionRow) => version)).toEqual(['3.0.4', '3.2.0', '3.2.1'])
    expect(await readdir(asked.out)).toEqual(['sweep.json'])
  })

  it('has nothing to go on with where there is none', async () => {
    await using here = await folder()
    expect(await earlierRows({ ...runDefaults, ...here })).toBeUndefined()
  })

  it('is not continued with other cases: rows that were asked something else would stand beside each other', async () => {
    await using here = await folder()
    const asked = { ...runDefaults, out: here.out, case: ['path'] }
    await new SweepFile(asked, undefined).write([row('3.0.4')], run(1000))
    for (const other of [{ case: ['alias'] }, { level: 'must' as const }, { transport: 'http' as const }])
      await expect(earlierRows({ ...asked, ...other })).rejects.toThrow('is of other cases')
  })

  it('is not taken from a file of something else', async () => {
    await using here = await folder()
    for (const text of ['', '{', '{ "schema": 2 }']) {
      await writeFile(join(here.out, 'sweep.json'), text)
      await expect(earlierRows({ ...runDefaults, out: here.out })).rejects.toThrow('is not a sweep.json of this suite')
    }
  })
})

it('has no row for an environment that was stopped before its last cell', () => {
  const [id, cell] = ['x', { environment: 'x' }]
  const so = (status: 'ready' | 'failed', cells: number) =>
    isWhole({ environments: [{ id, status }], cells: Array.from({ length: cells }, () => cell) }, { id, cells: [1, 2] })
  expect([so('ready', 2), so('ready', 1), so('failed', 0)]).toEqual([true, false, true])
})

it('tells for each version what is red and which published hole that is, and why one did not start', () => {
  const red = { cell: 'path.x.y.http', level: 'must', status: 'fail', reason: 'it arrived' } as const
  const words = inWords(
    {
      schema: 1,
      run: run(1),
      selection: { cases: [] },
      durationMs: 3000,
      versions: [
        { ...row('3.0.4'), status: 'failed', reason: 'unknown key\nlog' },
        { ...row('3.2.0'), red: [{ ...red, advisory: { hole: 'CVE-1' } }] },
        row('3.2.1'),
      ],
    },
    'out',
  )
  expect(words).toContain('3.0.4        failed: unknown key\n')
  expect(words).toContain('3.2.0        1 fail, 0 warn, 2 pass, 0 inconclusive (CVE-1)')
  expect(words).toMatch(/path\.x\.y\.http\s+3\.2\.0: it arrived/)
  expect(words).toContain('3 versions in 3.0 s')
})
