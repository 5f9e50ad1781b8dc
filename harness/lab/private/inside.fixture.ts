/** Runs inside namespaces of its own (`enter.ts`), tries the lab on a private engine there, and tells over IPC what it saw. */
import { execFile } from 'node:child_process'
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import { ContainerLab, type ContainerSpec } from '../containers/container-lab.ts'
import { labelsOf } from '../containers/labels.ts'
import { createNetwork } from '../containers/network.ts'
import { type Leftover, sweep } from '../containers/sweep.ts'
import { self } from '../owner.ts'
import { dialThrough } from '../vantage/dial.ts'
import { PrivateEngine } from './private-engine.ts'

export type Order = {
  readonly packages: string
  readonly folder: string
  /** `wait`: stays started until it is killed. */
  readonly then: 'report' | 'wait'
}

export type Seen = {
  readonly engineMs: number
  readonly containersMs: number
  readonly removalMs: number
  /** Peer addresses that a listener in the gateway's namespace saw, by vantage point. */
  readonly peers: Readonly<Record<string, string>>
  readonly addresses: Readonly<Record<string, readonly string[]>>
  readonly resolved: string
  readonly unknownNameMs: number
  /** Of the proxy's container: what the kernel says of a process in it, what that process could write, and the engine's limits. */
  readonly confinement: {
    readonly status: readonly string[]
    readonly written: readonly string[]
    readonly limits: readonly (number | null | undefined)[]
  }
  /** Bytes that the engine keeps of a container that said 60 million, and its last line. */
  readonly log: { readonly bytes: number; readonly last: string | undefined }
  readonly early: { readonly message: string; readonly ms: number }
  /** What is told of a container that is given a deadline of its own and not ready by then. */
  readonly late: string
  /** The first end that the engine reported of its own accord. */
  readonly ended: { readonly name: string; readonly exitCode: number; readonly reason: string }
  readonly stray: { readonly message: string }
  /** Addresses on which something listens in the engine's namespace. */
  readonly listening: readonly string[]
  /** Addresses of two networks that were both asked to take the same subnet first. */
  readonly clash: readonly string[]
  /** What a sweep listed, what a second one removed, what a third one still found; a live owner's network beside it. */
  readonly swept: {
    readonly listed: readonly Leftover[]
    readonly removed: readonly Leftover[]
    readonly again: readonly Leftover[]
    readonly spared: boolean
  }
  /** Places outside of the run's folders that were written to. */
  readonly written: readonly string[]
  readonly left: { readonly containers: number; readonly networks: number }
}

const project = join(import.meta.dirname, '../../..')
const since = () => {
  const start = performance.now()
  return () => Math.round(performance.now() - start)
}
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const [text] = process.argv.slice(2)
if (text === undefined) throw new Error('usage: inside.fixture.ts ORDER')
const order: Order = JSON.parse(text)
const report = (seen: Seen | 'ready') => process.send?.(seen)

const written = await watchFixedPlaces()
const engineTime = since()
await using engine = await PrivateEngine.start(order.packages, join(order.folder, 'engine'))
const engineMs = engineTime()
process.env.DOCKER_HOST = `unix://${engine.socket}`
const docker = new Docker({ socketPath: engine.socket })
const stream = await docker.importImage(createReadStream(await bareImage()), { repo: 'bare', tag: 'test' })
await new Promise<void>((resolve, reject) =>
  docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
)

/**
 * Puts a copy of /etc and empty /run and /opt in the way, in this mount namespace alone: what other engines of the machine write cannot be
 * taken for this one's. @returns asks what dockerd, containerd and iptables have written by fixed path
 */
async function watchFixedPlaces(): Promise<() => string[]> {
  const run = promisify(execFile)
  for (const path of ['/run', '/opt']) await run('mount', ['-n', '-t', 'tmpfs', 'tmpfs', path])
  const copy = join(order.folder, 'etc')
  await run('cp', ['-a', '/etc', copy])
  await rm(join(copy, 'docker'), { recursive: true, force: true })
  await run('mount', ['-n', '--bind', copy, '/etc'])
  return () =>
    ['/etc/docker', ...['/run', '/opt'].flatMap((path) => readdirSync(path).map((name) => join(path, name)))].filter(
      (path) => existsSync(path),
    )
}

/** An image of nothing but links: the machine's own programs are bound into it, so that these tests need no download. */
async function bareImage(): Promise<string> {
  const root = await mkdtemp(join(order.folder, 'image-'))
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name))
  for (const name of ['usr', 'etc', 'tmp']) await mkdir(join(root, name))
  const tar = `${root}.tar`
  await promisify(execFile)('tar', ['-cf', tar, '-C', root, '.'])
  return tar
}

const spec = (name: string, command: readonly string[], place: ContainerSpec['place']): ContainerSpec => ({
  name,
  image: 'bare:test',
  command,
  env: {},
  binds: [
    { source: '/usr', target: '/usr' },
    { source: process.execPath, target: '/run/node' },
    { source: project, target: '/conformance' },
  ],
  tmpfs: [],
  place,
  after: [],
})

const relayFolder = (name: string) => join(order.folder, name)
const relay = async (name: string, place: ContainerSpec['place']): Promise<ContainerSpec> => {
  await mkdir(relayFolder(name), { recursive: true })
  const base = spec(name, ['/run/node', '/conformance/harness/lab/vantage/relay.mjs'], place)
  const socket = join(relayFolder(name), 'relay.sock')
  return {
    ...base,
    env: { VANTAGE_SOCKET: '/vantage/relay.sock' },
    binds: [...base.binds, { source: relayFolder(name), target: '/vantage', writable: true }],
    ready: async () =>
      (await dialThrough(socket)('127.0.0.1', 1).catch(messageOf)) === 'connect ECONNREFUSED 127.0.0.1:1',
  }
}

const tellPeer = `require('node:net').createServer((socket) => socket.end(socket.remoteAddress)).listen(18789, '0.0.0.0')`
const idle = 'setInterval(() => {}, 1000)'

async function peer(name: string, host: string): Promise<string> {
  const socket = await dialThrough(join(relayFolder(name), 'relay.sock'))(host, 18789)
  let said = ''
  for await (const chunk of socket) said += String(chunk)
  return said
}

/** What a command in a container prints. */
async function output(container: string, command: readonly string[]): Promise<string> {
  const exec = await docker.getContainer(container).exec({ Cmd: [...command], AttachStdout: true, Tty: true })
  let said = ''
  for await (const chunk of await exec.start({ Tty: true })) said += String(chunk)
  return said.trim()
}

const containersTime = since()
const lab = await ContainerLab.create(engine.socket, 'test', 'lab')
const internet = dialThrough(join(relayFolder('internet'), 'relay.sock'))
await lab.start([
  await relay('internet', { octet: 10, names: ['internet'] }),
  await relay('lan', { octet: 11, names: ['lan'] }),
  await relay('proxy-side', { beside: 'proxy' }),
  await relay('gateway-side', { beside: 'gateway' }),
  spec('proxy', ['/run/node', '-e', idle], { octet: 2, names: ['app.test', 'proxy'] }),
  {
    ...spec('gateway', ['/run/node', '-e', tellPeer], { octet: 5, names: ['gateway'] }),
    after: ['internet'],
    ready: async () => {
      const socket = await internet('gateway', 18789)
      socket.destroy()
      return true
    },
  },
])
const containersMs = containersTime()
if (order.then === 'wait') {
  report('ready')
  await new Promise(() => setInterval(() => {}, 1000))
}

const own = lab.network.address(5)
const peers = {
  internet: await peer('internet', 'gateway'),
  lan: await peer('lan', 'gateway'),
  'proxy-host': await peer('proxy-side', 'gateway'),
  'gateway-loopback': await peer('gateway-side', '127.0.0.1'),
  'gateway-own-address': await peer('gateway-side', own),
}
const addresses: Record<string, string[]> = {}
for (const { Names, NetworkSettings } of await docker.listContainers())
  addresses[Names[0]?.replace('/lab-', '') ?? ''] = Object.values(NetworkSettings.Networks).map(({ IPAddress }) =>
    IPAddress.replace(lab.network.address(0).slice(0, -1), '.'),
  )
const resolved = await output('lab-lan', ['getent', 'hosts', 'app.test'])
const unknownTime = since()
await output('lab-lan', ['getent', 'hosts', 'nosuch.test'])
const unknownNameMs = unknownTime()

const confinement = await confinementOf('lab-proxy')

/** Capabilities and files are asked of the kernel, not of the settings. */
async function confinementOf(container: string): Promise<Seen['confinement']> {
  const lines = async (script: string) => (await output(container, ['bash', '-c', script])).split(/\s*\r?\n/)
  const { HostConfig } = await docker.getContainer(container).inspect()
  return {
    status: await lines('grep -E "^(CapBnd|CapEff|NoNewPrivs|Seccomp):" /proc/1/status'),
    written: await lines(
      'for place in / /etc /usr /conformance /proc/sys /sys /tmp; do (echo x > $place/written) 2>/dev/null && echo $place; done',
    ),
    limits: [HostConfig.Memory, HostConfig.PidsLimit],
  }
}

const log = await logOf('lab-proxy')

/** Said by the container's own program, as the engine sees it. */
async function logOf(container: string): Promise<Seen['log']> {
  const line = 'x'.repeat(4000)
  await output(container, ['bash', '-c', `(yes ${line} | head -c 60000000; echo; echo last) > /proc/1/fd/1`])
  const { LogPath } = await docker.getContainer(container).inspect()
  // The engine sees its files in a mount namespace of its own.
  const root = join('/proc', String(await pidOf('dockerd')), 'root', dirname(LogPath))
  const names = readdirSync(root).filter((name) => name.includes('-json.log'))
  const bytes = names.reduce((sum, name) => sum + statSync(join(root, name)).size, 0)
  return { bytes, last: (await lab.log('proxy', 1))[0] }
}

async function pidOf(program: string): Promise<number> {
  const { stdout } = await promisify(execFile)('pidof', ['-s', program])
  return Number(stdout)
}

const earlyTime = since()
const early = await lab
  .start([
    {
      ...spec('early', ['/run/node', '-e', 'console.error("cannot read my configuration"); process.exit(7)'], {
        octet: 30,
        names: [],
      }),
      ready: async () => false,
    },
  ])
  .then(() => 'started', messageOf)
const earlyMs = earlyTime()
const late = await lab
  .start([
    {
      ...spec('late', ['/run/node', '-e', 'console.error("still reading"); setInterval(() => {}, 1e6)'], {
        octet: 32,
        names: [],
      }),
      patience: 300,
      ready: async () => false,
    },
  ])
  .then(() => 'started', messageOf)
const ending = await lab.ended
if (ending.kind !== 'container') throw new Error(ending.reason)
const stray = await lab
  .start([spec('stray', ['no-such-program'], { octet: 31, names: [] })])
  .then(() => 'started', messageOf)
const listening = (
  await Promise.all(['tcp', 'tcp6', 'udp', 'udp6'].map((kind) => readFile(`/proc/net/${kind}`, 'utf8')))
)
  .flatMap((table) => table.trim().split('\n').slice(1))
  .map((line) => line.trim().split(/\s+/)[1] ?? '')

const bases = ['10.250.1', '10.250.1', '10.250.2']
const clashing = [1, 2].map((number) =>
  createNetwork(docker, `clash-${number}`, labelsOf('clash'), () => bases.shift() ?? ''),
)
const clash = (await Promise.all(clashing)).map(({ address }) => address(9)).toSorted()

const dead = { ...self(), pid: 4_000_000, start: '1' }
await createNetwork(docker, 'of-a-dead-run', labelsOf('dead', dead))
await docker.createContainer({
  name: 'of-a-dead-run',
  Image: 'bare:test',
  Cmd: ['none'],
  Labels: { ...labelsOf('dead', dead) },
})
const swept = {
  listed: await sweep(docker, 'dry-run'),
  removed: await sweep(docker, 'remove'),
  again: await sweep(docker, 'dry-run'),
  spared: (await docker.listNetworks()).some(({ Name }) => Name === 'clash-1'),
}
for (const { Id, Name } of await docker.listNetworks())
  if (Name.startsWith('clash-')) await docker.getNetwork(Id).remove()

const removalTime = since()
await lab[Symbol.asyncDispose]()
const removalMs = removalTime()
const left = {
  containers: (await docker.listContainers({ all: true })).length,
  networks: (await docker.listNetworks()).filter(({ Name }) => !['bridge', 'host', 'none'].includes(Name)).length,
}
report({
  engineMs,
  containersMs,
  removalMs,
  peers,
  addresses,
  resolved,
  unknownNameMs,
  confinement,
  log,
  early: { message: early, ms: earlyMs },
  late,
  ended: { name: ending.name, exitCode: ending.exitCode, reason: ending.reason },
  stray: { message: stray },
  listening,
  clash,
  swept,
  written: written(),
  left,
})
if (process.connected) process.disconnect()
