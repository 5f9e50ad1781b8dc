/** A program of an environment is killed in the middle of its cells: one sentence within seconds, no verdict on what came after, the others go on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { below, processorTime, start, until } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'middle-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Its first environment is the one that loses a program; the provider serves both. */
const nginx = [
  '--proxy',
  'nginx-oauth2-proxy',
  '--variant',
  'hardened,documented',
  '--gateway',
  'reference',
  '--jobs',
  '1',
]

const programs = [
  { name: 'proxy', process: /^nginx: master process nginx/ },
  { name: 'auth', process: /^\S*oauth2-proxy --config/ },
  { name: 'gateway', process: /gateways\/reference\/main\.ts/ },
  { name: 'idp', process: /provider-main/ },
]

describe.skipIf(obstacles.length > 0)('a program that is killed while cells run', { timeout: 300_000 }, () => {
  it.each(programs)(
    '$name: its environment is over within 10 s, with its name and exit code',
    async ({ name, process: pattern }) => {
      const run = start([...nginx, '--out', 'out'], { cwd: folder })
      await until('the engine', () => /^Engine: /m.test(run.heard()), 120_000)
      const pid = await until('the program', () => below(run.pid, pattern)[0], 120_000)
      // Log-ins cost the proxy a few milliseconds, cells many times as much.
      const busy = 15
      await until('cells', () => processorTime(...below(run.pid, /^nginx: worker process/)) >= busy, 120_000)
      const since = performance.now()
      process.kill(pid, 'SIGKILL')
      const first = /^nginx-oauth2-proxy\S*(documented|hardened)\S*: failed: .*$/m
      const told = await until('its sentence', () => first.exec(run.heard())?.[0], 60_000)
      expect(performance.now() - since).toBeLessThan(10_000)
      expect(told).toMatch(new RegExp(`\\b${name} .*exit code 137`))
      const { code } = await run.ended
      expect(code).toBe(3)
      const { results } = await readReport(join(folder, 'out'))
      const [one] = results.environments.filter(({ status }) => status === 'failed')
      expect(results.cells.filter((cell) => cell.environment === one?.id && cell.status === 'fail')).toEqual([])
      if (name !== 'idp')
        expect(results.environments.map(({ status }) => status).toSorted()).toEqual(['failed', 'ready'])
    },
  )
})
