/** Runs beside a given engine (DOCKER_HOST) and tries the lab on it; what it saw is printed as one line of JSON. */
import { createReadStream } from 'node:fs'
import { glob, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ContainerLab, type ContainerSpec } from '../../harness/lab/containers/container-lab.ts'
import { labelsOf } from '../../harness/lab/containers/labels.ts'
import { type Leftover, removeRun, sweep } from '../../harness/lab/containers/sweep.ts'
import type { Ending } from '../../harness/lab/containers/watch.ts'
import { engineClient, progressOf } from '../../harness/lab/deadlines.ts'
import { findEngine } from '../../harness/lab/engine.ts'
import { isolate } from '../../harness/lab/images/isolation.ts'
import { Registries } from '../../harness/lab/images/pull.ts'
import { self } from '../../harness/lab/owner.ts'
import { silent } from '../../harness/lab/progress.ts'

export type Tried = {
  readonly name: string
  /** How the program ended that was killed from outside, and after how long that was noticed. */
  readonly ending: Ending
  readonly noticedMs: number
  /** Taking down a lab whose programs do not heed SIGTERM. */
  readonly removalMs: number
  readonly swept: readonly Leftover[]
  readonly left: readonly Leftover[]
  /** Whether the machine without a network is believed to have a registry. */
  readonly registry: boolean
  /** What a step of a build sees of the machine: its capabilities, its network devices, a file. */
  readonly build: readonly string[]
}

const engine = await findEngine('docker')
if (engine.kind !== 'docker') throw new Error('no engine answers')
const docker = engineClient(engine.socket)
// The folder of a finished one ends with its digest: another run may be making one just now.
const [tar] = await Array.fromAsync(
  glob(join(process.env.CONFORMANCE_CACHE ?? '', `base-*-${'[0-9a-f]'.repeat(16)}/root.tar`)),
)
if (tar === undefined) throw new Error('there is no base image in the cache')
const image = 'localhost/tried:1'
await progressOf(docker, await docker.importImage(createReadStream(tar), { repo: 'localhost/tried', tag: '1' }), image)

const deaf = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done']
const spec = (name: string, place: ContainerSpec['place']): ContainerSpec => ({
  ...{ name, image, place, command: deaf, env: {}, binds: [], tmpfs: [], after: [] },
})
const both = [spec('proxy', { octet: 2, names: ['proxy'] }), spec('proxy-side', { beside: 'proxy' })]

const lab = await ContainerLab.create(engine.socket, 'tried', 'tried')
await lab.start(both)
const killedAt = performance.now()
await docker.getContainer('tried-proxy').kill({ signal: 'KILL' })
const ending = await Promise.race([lab.ended, delay(20_000, undefined, { ref: false })])
const noticedMs = performance.now() - killedAt
const removedAt = performance.now()
await lab[Symbol.asyncDispose]()
const removalMs = performance.now() - removedAt

// A run that died: its containers carry an owner that is no more.
process.env.CONFORMANCE_OWNER = JSON.stringify({ ...self(), pid: 4_000_000, start: '1' })
const abandoned = await ContainerLab.create(engine.socket, 'abandoned', 'abandoned')
await abandoned.start(both)
delete process.env.CONFORMANCE_OWNER
const swept = await sweep(docker, 'remove')
const left = [...(await sweep(docker, 'dry-run')), ...(await removeRun(docker, 'tried'))]
if (ending === undefined) throw new Error(`the end of ${labelsOf('tried')} was not noticed`)
const tried: Tried = {
  ...{ name: engine.name, ending, noticedMs, removalMs, swept, left },
  registry: await new Registries(docker).answers('docker.io/library/node:24'),
  build: await sawOfMachine(engine.socket),
}
console.log(JSON.stringify(tried))
process.exit(0)

async function sawOfMachine(socket: string): Promise<string[]> {
  const out = process.env.OUT ?? ''
  await writeFile(join(out, 'secret.txt'), 'SECRET-OF-THE-MACHINE', { mode: 0o644 })
  const container = { engine: { kind: 'docker' as const, socket }, binds: [] }
  await using isolation = await isolate('go', await mkdtemp(join(out, 'build-')), silent, {
    ...container,
    image: { kind: 'registry', reference: image },
  })
  const look = `grep CapEff: /proc/self/status; ls /sys/class/net; cat ${out}/secret.txt; touch /etc/x || true`
  await isolation.confined?.(['sh', '-c', `{ ${look}; } > saw 2>&1`], 'a look')
  return (await readFile(join(isolation.work, 'saw'), 'utf8')).trim().split('\n')
}
