/** Runs beside a given engine (DOCKER_HOST) and interrupts runs while their containers start; what is left over each time is printed as JSON. */
import { setTimeout as delay } from 'node:timers/promises'
import { engineClient } from '../../harness/lab/deadlines.ts'
import { start, until } from '../faults/command.testing.ts'

export type Interrupted = {
  readonly afterMs: number
  readonly times: number
  readonly code: number | null
  readonly ms: number
  /** Containers and networks at the end of the command, and when what it left to its clean-up was done. */
  readonly leftAtOnce: number
  readonly left: number
}

const docker = engineClient((process.env.DOCKER_HOST ?? '').replace('unix://', ''))
const out = process.env.OUT ?? '/tmp'
const arguments_ = [
  '--engine',
  'docker',
  '--offline',
  '--proxy',
  'nginx-oauth2-proxy',
  '--variant',
  'hardened,documented',
]

async function left(): Promise<number> {
  const containers = await docker.listContainers({ all: true })
  const networks = (await docker.listNetworks()).filter(
    ({ Name }) => !['bridge', 'host', 'none', 'podman'].includes(Name),
  )
  return containers.length + networks.length
}

async function interrupt(afterMs: number, times: 1 | 2): Promise<Interrupted> {
  const run = start([...arguments_, '--gateway', 'reference', '--out', `${out}/interrupted`], { cwd: out })
  const early = run.ended.then(({ code, error }) => {
    throw new Error(`the run ended with exit code ${code} before its engine was there:\n${error}`)
  })
  early.catch(() => {})
  await Promise.race([early, until('the engine', () => run.heard().includes('Engine: '), 120_000)])
  // A moment within the start of the containers: that is what is tried.
  await delay(afterMs)
  const since = performance.now()
  for (let time = 1; time <= times; time += 1) {
    process.kill(run.pid, 'SIGINT')
    await until('its answer', () => time === times || run.heard().includes('Interrupted: '))
  }
  const { code } = await run.ended
  const ms = Math.round(performance.now() - since)
  const leftAtOnce = await left()
  const end = performance.now() + 30_000
  while ((await left()) > 0 && performance.now() < end) await delay(200)
  return { afterMs, times, code, ms, leftAtOnce, left: await left() }
}

const all: Interrupted[] = []
for (const moment of [50, 300, 600, 1000, 1500]) all.push(await interrupt(moment, 1))
for (const moment of [100, 600]) all.push(await interrupt(moment, 2))
console.log(JSON.stringify(all))
process.exit(0)
