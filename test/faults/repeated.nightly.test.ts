/**
 * One run again and again: no cell changes its status, and nothing is left over. CONFORMANCE_REPEAT says how often (10 by default, at least 2);
 * one run takes half a minute on two cores.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { readReport } from '../../harness/report/read.ts'
import { start } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

const times = Math.max(2, Number(process.env.CONFORMANCE_REPEAT ?? 10))
const nginx = ['--proxy', 'nginx-oauth2-proxy', '--variant', 'hardened', '--gateway', 'reference']

it.skipIf(obstacles.length > 0)(
  `${times} runs give every cell the same status`,
  { timeout: times * 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'repeated-'))
    // Nobody else's runs are in it.
    const temporary = await mkdtemp('/tmp/r-')
    const cells = new Map<string, Set<string>>()
    let counted = 0
    try {
      for (let run = 1; run <= times; run += 1) {
        const { code } = await start([...nginx, '--out', 'out'], { cwd: folder, env: { TMPDIR: temporary } }).ended
        expect(code, `run ${run}`).toBe(0)
        const { results } = await readReport(join(folder, 'out'))
        expect(results.run.notes ?? [], `run ${run}`).toEqual([])
        for (const cell of results.cells) {
          const key = `${cell.case} ${cell.transport}`
          cells.set(key, (cells.get(key) ?? new Set()).add(cell.status))
        }
        counted += results.cells.length
        expect(await readdir(temporary), `left over after run ${run}`).toEqual([])
      }
      expect([...cells].filter(([, statuses]) => statuses.size > 1)).toEqual([])
      // Each run had the same cells.
      expect(counted).toBe(cells.size * times)
      expect(cells.size).toBeGreaterThan(400)
    } finally {
      for (const path of [folder, temporary]) await rm(path, { recursive: true, force: true })
    }
  },
)
