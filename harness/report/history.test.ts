import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Status } from '../judge/status.ts'
import type { Results } from '../run/results/results.ts'
import { compareRuns, isWorse, placeOf } from './compare.ts'
import { comparisonText } from './comparison-words.ts'
import { appendHistory, type RunRecord, readHistory, recordOf } from './history.ts'
import { aRun } from './report.fixture.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'conformance-history-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const mixed = aRun({ cases: 39, environments: 3 }).results
const named = (results: Results, id: string): Results => ({ ...results, run: { ...results.run, id } })

describe('the history', () => {
  it('gives every run back as it was', async () => {
    const folder = join(root, 'again')
    expect(await readHistory(folder)).toEqual([])
    await appendHistory(folder, named(mixed, 'first'))
    const smaller = named(aRun({ cases: 5, environments: 1, status: () => 'pass' }).results, 'second')
    await appendHistory(folder, smaller)
    expect(await readHistory(folder)).toEqual([recordOf(named(mixed, 'first')), recordOf(smaller)])
  })

  it('writes the list of cells once for all runs that have the same', async () => {
    const folder = join(root, 'compact')
    for (const id of ['a', 'b', 'c']) await appendHistory(folder, named(mixed, id))
    const lines = (await readFile(join(folder, 'runs.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(1 + 3 * 3)
    expect(lines.filter((line) => line.startsWith('{"kind":"cells"'))).toHaveLength(1)
    expect(Math.max(...lines.slice(1).map((line) => line.replace(/,"findings":.*/, '').length))).toBeLessThan(500)
  })

  it('takes a run once, however often its report is rendered', async () => {
    const folder = join(root, 'once')
    await appendHistory(folder, mixed)
    expect(await appendHistory(folder, mixed)).toHaveLength(1)
    expect(await readHistory(folder)).toHaveLength(1)
  })

  it('remembers an environment that did not start', async () => {
    const [first, ...rest] = mixed.environments
    if (first === undefined) throw new Error('no environment')
    const cells = mixed.cells.filter(({ environment }) => environment !== first.id)
    const environments = [{ ...first, status: 'failed' as const, reason: 'x' }, ...rest]
    const [record] = await appendHistory(join(root, 'failed'), { ...mixed, environments, cells })
    expect(record?.environments[0]).toMatchObject({ id: first.id, status: 'failed', cells: new Map() })
    expect(await readHistory(join(root, 'failed'))).toEqual([record])
  })

  it('refuses half a run', async () => {
    const interrupted = { ...mixed, run: { ...mixed.run, interrupted: true } }
    await expect(appendHistory(join(root, 'half'), interrupted)).rejects.toThrow(/was interrupted/)
    expect(await readHistory(join(root, 'half'))).toEqual([])
  })

  it.each([
    ['{"kind":"environment"', /runs\.jsonl:5: this line of the history is not valid JSON/],
    ['{"kind":"environment","run":"x"}', /runs\.jsonl:5: date: /],
    ['{"kind":"cells","id":"x","cells":"none"}', /runs\.jsonl:5: cells: /],
  ])('names the line that is damaged: %s', async (line, message) => {
    const folder = await mkdtemp(join(root, 'damaged-'))
    await appendHistory(folder, mixed)
    await appendFile(join(folder, 'runs.jsonl'), `${line}\n`)
    await expect(readHistory(folder)).rejects.toThrow(message)
    await expect(appendHistory(folder, named(mixed, 'later'))).rejects.toThrow(message)
  })

  it('does not guess where a letter or a list is missing', async () => {
    const folder = join(root, 'letters')
    await appendHistory(folder, aRun({ cases: 1, environments: 1, status: () => 'pass' }).results)
    const line = (await readFile(join(folder, 'runs.jsonl'), 'utf8')).split('\n')[1] ?? ''
    await appendFile(join(folder, 'runs.jsonl'), `${line.replace('"cells":"pp"', '"cells":"p?"')}\n`)
    await expect(readHistory(folder)).rejects.toThrow(/the letter "\?" is not a status/)
  })
})

/** A run with one environment, by its cells. */
function aRecord(
  cells: Readonly<Record<string, Status>>,
  environment: Partial<RunRecord['environments'][number]> = {},
): RunRecord {
  const one = { id: 'nginx@1/hardened/reference:attributed', status: 'ready' as const, startMs: 1000, ...environment }
  return {
    run: 'r',
    date: '2026-11-21',
    commit: 'c',
    environments: [{ ...one, cells: new Map(Object.entries(cells)) }],
  }
}

describe('comparing two runs', () => {
  const differences = (before: RunRecord | undefined, after: RunRecord) => {
    const { newFailures, noLongerPassing, fixes, otherChanges, newCells, removedCells } = compareRuns(before, after)
    const names = (of: readonly { cell: string }[]) => of.map(({ cell }) => cell)
    return {
      newFailures: names(newFailures),
      noLongerPassing: names(noLongerPassing),
      fixes: names(fixes),
      otherChanges: names(otherChanges),
      newCells: names(newCells),
      removedCells: names(removedCells),
    }
  }
  const nothing = { newFailures: [], noLongerPassing: [], fixes: [], otherChanges: [], newCells: [], removedCells: [] }

  it('is silent where nothing changed', () => {
    const same = aRecord({ a: 'pass', b: 'fail', c: 'known-failure' })
    expect(differences(same, same)).toEqual(nothing)
    expect(isWorse(compareRuns(same, same))).toBe(false)
  })

  it('tells new failures, cells that no longer pass, fixes, new and missing cells apart', () => {
    const before = aRecord({
      a: 'pass',
      b: 'fail',
      c: 'pass',
      d: 'fail',
      gone: 'pass',
      e: 'pass',
      f: 'known-failure',
      g: 'pass',
      h: 'pass',
    })
    const after = aRecord({
      a: 'fail',
      b: 'pass',
      c: 'blocked',
      d: 'blocked',
      new: 'pass',
      bad: 'fail',
      e: 'harness-error',
      f: 'unexpected-pass',
      g: 'unsupported',
      h: 'warn',
    })
    expect(differences(before, after)).toEqual({
      newFailures: ['a', 'bad', 'e', 'f'],
      noLongerPassing: ['c', 'g', 'h'],
      fixes: ['b'],
      otherChanges: ['d'],
      newCells: ['new'],
      removedCells: ['gone'],
    })
  })

  it('counts an environment that no longer starts once, not once per cell', () => {
    for (const status of ['failed', 'unavailable'] as const)
      expect(differences(aRecord({ a: 'pass', b: 'pass' }), aRecord({}, { status }))).toEqual({
        ...nothing,
        newFailures: ['starts'],
      })
    expect(differences(aRecord({}, { status: 'failed' }), aRecord({ a: 'pass' }))).toEqual({
      ...nothing,
      fixes: ['starts'],
      newCells: ['a'],
    })
  })

  it('finds the same place across an upgrade', () => {
    const upgraded = aRecord({ a: 'fail' }, { id: 'nginx@2/hardened/reference:attributed' })
    expect(differences(aRecord({ a: 'pass' }), upgraded)).toEqual({ ...nothing, newFailures: ['a'] })
    expect(placeOf('traefik@3.7/hardened/openclaw@2026.9.1')).toBe('traefik/hardened/openclaw')
  })

  it('calls every failure new where there is nothing to compare with', () => {
    expect(differences(undefined, aRecord({ a: 'fail', b: 'pass' }))).toMatchObject({
      newFailures: ['a'],
      newCells: ['b'],
    })
  })

  it.each(['fail', 'harness-error', 'unexpected-pass', 'blocked', 'unsupported', 'warn'] as const)(
    'counts pass → %s as worse',
    (after) => {
      expect(isWorse(compareRuns(aRecord({ a: 'pass' }), aRecord({ a: after })))).toBe(true)
    },
  )

  it('counts cells and environments that are missing as worse, each environment once', () => {
    const before = aRecord({ a: 'pass', b: 'pass' })
    expect(isWorse(compareRuns(before, aRecord({ a: 'pass' })))).toBe(true)
    const without = { ...before, environments: [] }
    expect(differences(before, without)).toEqual({ ...nothing, removedCells: ['starts'] })
    expect(isWorse(compareRuns(before, without))).toBe(true)
    expect(comparisonText(compareRuns(before, without))).toContain(
      '1 missing\n  nginx@1/hardened/reference:attributed: ready → missing',
    )
  })

  it('counts nothing else as worse', () => {
    for (const after of ['pass', 'known-failure'] as const)
      expect(isWorse(compareRuns(aRecord({ a: 'fail' }), aRecord({ a: after, b: 'pass' })))).toBe(false)
    expect(isWorse(compareRuns(aRecord({ a: 'blocked' }), aRecord({ a: 'unsupported' })))).toBe(false)
  })

  it('names starts that take half as long again and a second more', () => {
    const started = (startMs: number) => aRecord({ a: 'pass' }, { startMs })
    expect(compareRuns(started(1000), started(2600)).slowerStarts).toEqual([
      { environment: 'nginx@1/hardened/reference:attributed', beforeMs: 1000, afterMs: 2600 },
    ])
    expect(compareRuns(started(100), started(900)).slowerStarts).toEqual([])
    expect(compareRuns(started(10_000), started(12_000)).slowerStarts).toEqual([])
  })
})
