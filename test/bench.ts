/**
 * `pnpm bench`: how long a warm run takes and what it needs, printed as a table. Numbers belong here and not into timed tests:
 * they depend on the machine. The first run fills the cache; the ones after it are measured.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readReport } from '../harness/report/read.ts'
import type { Cell, EnvironmentResult, Results } from '../harness/run/results/results.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, engine: { type: 'string', default: 'auto' } },
})
const root = resolve(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'bench-'))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

try {
  console.log(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)} before the first run`)
  await conformance(['--engine', values.engine])
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const { ms, peak, results } = await conformance(['--engine', values.engine])
    const judged = results.cells.filter(({ status }) => status !== 'unsupported').length
    const ready = results.environments.filter(({ status }) => status === 'ready').length
    console.log(
      `\nrun ${run}: ${seconds(ms)}, ${ready} environments, ${results.cells.length} cells (${judged} judged), peak memory ${peak} MB`,
    )
    for (const environment of results.environments) console.log(environmentRow(environment, results.cells))
  }
  const { ms } = await timed(['mutants', '--json'])
  console.log(`\nmutants: ${seconds(ms)}`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function environmentRow({ id, startMs, loginMs, cellsMs = 0 }: EnvironmentResult, all: readonly Cell[]): string {
  const times = all
    .filter((cell) => cell.environment === id && cell.status !== 'unsupported')
    .map(({ ms }) => ms)
    .toSorted((one, other) => one - other)
  const at = (share: number) => `${times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1)} ms`
  const rate = cellsMs > 0 ? Math.round((times.length / cellsMs) * 1000) : 0
  return `  ${id.padEnd(62)} up ${seconds(startMs)}, log-in ${seconds(loginMs)}, p50 ${at(0.5)}, p95 ${at(0.95)}, ${rate} cells/s`
}

async function conformance(args: readonly string[]): Promise<{ ms: number; peak: number; results: Results }> {
  const out = join(folder, 'out')
  const { ms, peak } = await timed([...args, '--out', out])
  const { results } = await readReport(out)
  return { ms, peak, results }
}

/** Time of the process, and by how much the machine's available memory fell while it ran. */
async function timed(args: readonly string[]): Promise<{ ms: number; peak: number }> {
  const since = performance.now()
  const before = availableMegabytes()
  let least = before
  const sampling = setInterval(() => {
    least = Math.min(least, availableMegabytes())
  }, 100)
  const child = spawn(process.execPath, [join(root, 'harness/cli/main.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  await once(child, 'close')
  clearInterval(sampling)
  return { ms: performance.now() - since, peak: before - least }
}

function availableMegabytes(): number {
  const [, kilobytes = '0'] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
