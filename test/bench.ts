/**
 * `pnpm bench`: how long a warm run takes and what it needs, printed as a table. Numbers belong here and not into timed tests:
 * they depend on the machine. The first run fills the cache; the ones after it are measured. `--merge`: instead, the memory that merging shards takes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readReport } from '../harness/report/read.ts'
import { aRun } from '../harness/report/report.fixture.ts'
import { writeReport } from '../harness/report/write.ts'
import type { Cell, EnvironmentResult, Results } from '../harness/run/results/results.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    engine: { type: 'string', default: 'auto' },
    merge: { type: 'boolean', default: false },
  },
})
const root = resolve(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'bench-'))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

try {
  await (values.merge ? merging() : runs())
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function runs(): Promise<void> {
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
}

/** Shards of one environment each, with about as many cells as the catalogue has. The most memory of the process is what counts: it must not grow with their number. */
async function merging(): Promise<void> {
  const sizes = [8, 16, 32]
  const { results, evidence } = aRun({ cases: 420, environments: Math.max(...sizes) })
  for (const [index, one] of results.environments.entries()) {
    const of = <T extends { readonly environment: string }>(all: readonly T[]) =>
      all.filter(({ environment }) => environment === one.id)
    const own = {
      environments: [one],
      cells: of(results.cells),
      findings: of(results.findings),
      grades: of(results.grades),
    }
    const shard = { index: index + 1, count: Math.max(...sizes) }
    const files = Object.fromEntries(Object.entries(evidence).filter(([id]) => id === one.id))
    await writeReport({ ...results, ...own, run: { ...results.run, shard } }, files, join(folder, `shard-${index}`))
  }
  for (const size of sizes) {
    const shards = Array.from({ length: size }, (_, index) => ['--in', join(folder, `shard-${index}`)]).flat()
    const { ms, largest } = await timed(['report', ...shards, '--out', join(folder, `merged-${size}`)])
    console.log(`${size} shards: ${seconds(ms)}, at most ${largest} MB resident`)
  }
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

/** Time of the process, by how much the machine's available memory fell while it ran, and the most that the process itself had, in megabytes. */
async function timed(args: readonly string[]): Promise<{ ms: number; peak: number; largest: number }> {
  const since = performance.now()
  const before = availableMegabytes()
  let least = before
  const child = spawn(process.execPath, [join(root, 'harness/cli/main.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  let largest = 0
  const sampling = setInterval(() => {
    least = Math.min(least, availableMegabytes())
    largest = Math.max(largest, megabytesIn(`/proc/${child.pid}/status`, 'VmHWM'))
  }, 100)
  await once(child, 'close')
  clearInterval(sampling)
  return { ms: performance.now() - since, peak: before - least, largest }
}

function availableMegabytes(): number {
  return megabytesIn('/proc/meminfo', 'MemAvailable')
}

/** 0 where the file is gone: the process has ended. */
function megabytesIn(file: string, key: string): number {
  if (!existsSync(file)) return 0
  const [, kilobytes = '0'] = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
