import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Status } from '../judge/status.ts'
import { aRun } from '../report/report.fixture.ts'
import { writeReport } from '../report/write.ts'
import { type ReportOptions, report } from './report.ts'

let root: string
let printed: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'conformance-report-command-'))
  printed = ''
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    printed += `${text}\n`
  })
  vi.stubEnv('GITHUB_ACTIONS', '')
  vi.stubEnv('GITHUB_STEP_SUMMARY', '')
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await rm(root, { recursive: true, force: true })
})

/** A run of that name in a folder of its own: four cells, one environment. */
async function aRunIn(name: string, status: (index: number) => Status): Promise<string> {
  const { results, evidence } = aRun({ cases: 2, environments: 1, status })
  const folder = join(root, name)
  await writeReport({ ...results, run: { ...results.run, id: name } }, evidence, folder)
  return folder
}

const green = () => 'pass' as const
const firstFails = (index: number) => (index === 0 ? 'fail' : 'pass')
const asked = (options: Partial<ReportOptions>): ReportOptions => ({
  in: [],
  expect: [],
  out: join(root, 'out'),
  json: false,
  ...options,
})

describe('conformance report', () => {
  it('compares two folders, and fails on what is newly broken only when asked to', async () => {
    const compare = [await aRunIn('before', green), await aRunIn('after', firstFails)]
    expect(await report(asked({ compare }))).toBe(0)
    expect(printed).toMatch(
      /^Compared with run before of 2026.*\n\n1 new failure\n {2}nginx.* identity\.topic-0\.case-0\.http: pass → fail\n$/,
    )
    expect(await report(asked({ compare, failOn: 'new' }))).toBe(1)
    expect(await report(asked({ compare: compare.toReversed(), failOn: 'new' }))).toBe(0)
    expect(printed).toContain('1 fix\n')
    expect(await readdir(root)).not.toContain('out')
  })

  it('writes the table of findings where it is asked for', async () => {
    const findings = join(root, 'findings.md')
    await report(asked({ in: [await aRunIn('one', firstFails)], findings }))
    expect(await readFile(findings, 'utf8')).toMatch(/^# Findings of the documented configurations\n/)
    await expect(report(asked({ compare: ['a', 'b'], findings }))).rejects.toThrow(
      /Remove --in, --history and --findings/,
    )
  })

  it('prints the comparison as JSON', async () => {
    const compare = [await aRunIn('before', green), await aRunIn('after', firstFails)]
    await report(asked({ compare, json: true }))
    expect(JSON.parse(printed)).toMatchObject({
      newFailures: [{ cell: 'identity.topic-0.case-0.http', before: 'pass', after: 'fail' }],
    })
  })

  it('appends to the history, shows the trend, and fails once on a failure that stays', async () => {
    const history = join(root, 'history')
    const night = async (name: string, status: (index: number) => Status) =>
      report(asked({ in: [await aRunIn(name, status)], history, failOn: 'new' }))
    expect(await night('first', green)).toBe(0)
    expect(printed).toContain('No earlier run to compare with')
    expect(await readFile(join(root, 'out/index.html'), 'utf8')).not.toContain('<h2>Trend</h2>')
    expect(await night('second', firstFails)).toBe(1)
    expect(await readFile(join(root, 'out/index.html'), 'utf8')).toMatch(
      /<h2>Trend<\/h2>[\s\S]*1 new failure[\s\S]*4 pass[\s\S]*1 fail/,
    )
    expect(await night('third', firstFails)).toBe(0)
    expect(printed).toMatch(
      /Compared with run second.*\nNothing changed\.\n\n.*\nGrade \?.*\nReport: .*\nFailed: 1 failed, 3 passed \(4 cells in 1 environment\)\. Exit code 1: at least one requirement failed\.\nNot worse than the run before \(--fail-on new\): exit code 0\.\n$/,
    )
  })

  it('gives the exit code of the run where nothing else is asked', async () => {
    expect(await report(asked({ in: [await aRunIn('red', firstFails)] }))).toBe(1)
    expect(await report(asked({ in: [await aRunIn('green', green)] }))).toBe(0)
  })

  it('says which run it cannot find', async () => {
    await expect(report(asked({ compare: [await aRunIn('before', green), 'nowhere'] }))).rejects.toThrow(
      /^Unknown run "nowhere": expected a folder/,
    )
    await expect(report(asked({ compare: [await aRunIn('before', green)] }))).rejects.toThrow(/takes two runs/)
  })
})
