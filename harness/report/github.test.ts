import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compareRuns } from './compare.ts'
import { annotations, tellGithub } from './github.ts'
import { recordOf } from './history.ts'
import { aRun } from './report.fixture.ts'

const { results } = aRun({ cases: 2, environments: 1, status: (index) => (index === 0 ? 'fail' : 'pass') })

describe('annotations', () => {
  it('are one line each, at the configuration file, with hostile bytes escaped', () => {
    const [line, ...others] = annotations(results)
    expect(others).toEqual([])
    expect(line).toMatch(
      /^::error file=proxies\/nginx-oauth2-proxy\/documented\/proxy\.conf,line=1,title=locked-out%3A nginx-oauth2-proxy\/documented::/,
    )
    const [finding] = results.findings
    if (finding === undefined) throw new Error('no finding')
    const injected = { ...results, findings: [{ ...finding, says: '100%\r\n::error::forged' }] }
    expect(annotations(injected)).toEqual([expect.stringMatching(/::100%25%0A::error::forged \(1 cell, such as .*\)$/)])
    expect(annotations(injected)[0]).not.toMatch(/[\r\n]/)
  })

  it('name stale entries with their line, and environments that did not start', () => {
    const entry = {
      proxy: 'nginx',
      file: 'proxies/nginx/known-failures.yaml',
      line: 7,
      cases: ['a.b.c'],
      why: 'It passes.',
    }
    const [environment] = results.environments
    if (environment === undefined) throw new Error('no environment')
    const broken = {
      ...results,
      cells: [],
      findings: [],
      stale: [entry],
      environments: [{ ...environment, status: 'failed' as const, reason: 'no port' }],
    }
    expect(annotations(broken)).toEqual([
      expect.stringMatching(/did not start::no port$/),
      '::error file=proxies/nginx/known-failures.yaml,line=7,title=known failure out of date::a.b.c: It passes.',
    ])
  })

  it('stay below the ten of each kind that GitHub shows, and say how many are left out', () => {
    const [finding] = results.findings
    if (finding === undefined) throw new Error('no finding')
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...finding,
      id: `cause-${index}`,
      level: index % 2 === 0 ? ('must' as const) : ('should' as const),
    }))
    const lines = annotations({ ...results, findings: many })
    expect(lines.filter((line) => line.startsWith('::error'))).toHaveLength(10)
    expect(lines.filter((line) => line.startsWith('::warning'))).toHaveLength(10)
    expect(lines[9]).toMatch(/title=11 more::/)
  })
})

describe('the job summary', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conformance-github-'))
    await writeFile(join(folder, 'report.md'), '# Report\n')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('gets the report appended, with what changed above it', async () => {
    const summary = join(folder, 'summary.md')
    await writeFile(summary, 'before\n')
    await tellGithub(results, folder, {
      environment: { GITHUB_STEP_SUMMARY: summary },
      comparison: compareRuns(undefined, recordOf(results)),
    })
    expect(await readFile(summary, 'utf8')).toMatch(
      /^before\n```text\nNo earlier run[\s\S]*1 new failure\n[\s\S]*```\n\n# Report\n\n$/,
    )
  })

  it('and annotations are for GitHub alone', async () => {
    const said: string[] = []
    await tellGithub(results, folder, { environment: {}, say: (line) => said.push(line) })
    expect(said).toEqual([])
    await tellGithub(results, folder, { environment: { GITHUB_ACTIONS: 'true' }, say: (line) => said.push(line) })
    expect(said).toHaveLength(1)
  })
})
