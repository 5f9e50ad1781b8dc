/** Runs one command in a container and ends with its exit code; what the command wrote last goes to stderr. Usage: confined-main.ts ORDER */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import {
  type Allowance,
  confined,
  type HeldLimits,
  heldLimits,
  isAboutLimits,
  noLimits,
} from '../containers/confinement.ts'
import { mountsOf } from '../containers/lab-container.ts'
import { labelsOf } from '../containers/labels.ts'
import { lastLines } from '../containers/logs.ts'
import { removeContainer } from '../containers/removal.ts'
import { engineClient } from '../deadlines.ts'
import { PrivateEngine } from '../private/private-engine.ts'
import { type ConfinedOrder, workInside } from './confined-step.ts'
import { importImage } from './pull.ts'

/** A Go program of some hundred modules takes two gigabytes to compile and link. */
const builds: Allowance = { capabilities: [], memory: 6 * 2 ** 30 }
/** User and group `nobody`, by convention of every Linux distribution. */
const nobody = '65534:65534'
const lookEvery = 100
const tail = 12

const order: ConfinedOrder = JSON.parse(process.argv[2] ?? '')
const name = `build-${randomBytes(4).toString('hex')}`
let stopped = false
process.on('SIGTERM', () => {
  stopped = true
})

await using stack = new AsyncDisposableStack()
const { engine, image } = order
const socket =
  engine.kind === 'docker'
    ? engine.socket
    : stack.use(await PrivateEngine.start(engine.packages, order.engineFolder)).socket
const docker = engineClient(socket)
if (image.kind === 'import') await importImage(docker, image.tar, image.reference)
stack.defer(() => removeContainer(docker, name))
const container = await started()
const code = await exitCode(container)
if (code !== 0) {
  const lines = await lastLines(docker, name, tail)
  const silence = `It ended with exit code ${code} and said nothing.`
  for (const line of lines.length > 0 ? lines : [silence]) console.error(line)
}
process.exitCode = code

/** An engine may find out only at the start that it cannot hold a limit: Podman where the machine's control groups are not its to set. */
async function started(): Promise<Docker.Container> {
  try {
    return await start(await heldLimits(docker))
  } catch (error) {
    if (!isAboutLimits(error)) throw error
    await removeContainer(docker, name)
    return await start(noLimits)
  }
}

async function start(held: HeldLimits): Promise<Docker.Container> {
  const [program = '', ...args] = order.command
  const created = await docker.createContainer({
    ...{ name, Image: image.reference, Entrypoint: [program], Cmd: args, WorkingDir: workInside },
    Env: Object.entries(order.env).map(([key, value]) => `${key}=${value}`),
    User: await user(),
    Labels: { ...labelsOf(name) },
    HostConfig: {
      // Given no more for another user: this one owns the files.
      ...confined(builds, [], held, 0),
      NetworkMode: 'none',
      Mounts: mountsOf([...order.binds, { source: order.work, target: workInside, writable: true }]),
    },
  })
  await created.start()
  return created
}

/** Who owns the work folder, as the container sees it: to a rootless engine its own user is root. */
async function user(): Promise<string> {
  const [id, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  if (id === 0) return nobody
  const { SecurityOptions } = await docker.info()
  const options: readonly unknown[] = Array.isArray(SecurityOptions) ? SecurityOptions : []
  return options.some((option) => /\bname=rootless\b/.test(String(option))) ? '0:0' : `${id}:${group}`
}

async function exitCode(container: Docker.Container): Promise<number> {
  for (;;) {
    const { State } = await container.inspect()
    if (State.OOMKilled) console.error(`more than ${builds.memory / 2 ** 30} GiB of memory were needed`)
    if (!State.Running) return State.ExitCode
    if (stopped) return 1
    await delay(lookEvery)
  }
}
