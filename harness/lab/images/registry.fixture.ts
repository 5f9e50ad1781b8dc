/** Runs inside namespaces of its own: a real registry, a real engine, and what `prepare.ts` makes of them. Tells over IPC. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import Docker from 'dockerode'
import { request } from 'undici'
import type { Service } from '../../plan/proxy.ts'
import { freePort } from '../free-port.testing.ts'
import { PrivateEngine } from '../private/private-engine.ts'
import { silent } from '../progress.ts'
import { type Preparation, Preparer } from './prepare.ts'

export type Order = {
  /** Of the engine, and of the registry. */
  readonly packages: string
  readonly registry: string
  readonly folder: string
}

export type Seen = {
  readonly registry: string
  readonly preparations: Readonly<Record<string, Preparation>>
  /** Labels of the image that was pulled, as the engine has it. */
  readonly labels: Readonly<Record<string, string>>
}

const [text] = process.argv.slice(2)
if (text === undefined) throw new Error('usage: registry.fixture.ts ORDER')
const order: Order = JSON.parse(text)

await mkdir(order.folder, { recursive: true })
await using engine = await PrivateEngine.start(order.packages, join(order.folder, 'engine'))
const address = `127.0.0.1:${await freePort()}`
const config = join(order.folder, 'registry.yml')
await writeFile(
  config,
  `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(order.folder, 'registry')}}}\nhttp: {addr: "${address}"}\n`,
)
const registry = spawn(join(order.registry, 'usr/bin/docker-registry'), ['serve', config], { stdio: 'inherit' })
try {
  await answering()
  await push('tiny')
  const docker = new Docker({ socketPath: engine.socket })
  const debian = { kind: 'debian', package: 'nginx-light' } as const
  const services = {
    pulled: service('pulled', { pull: `${address}/tiny:1`, build: debian }),
    'absent, can be built': service('absent', { pull: `${address}/absent:1`, build: debian }),
    'absent, cannot be built': service('only', { pull: `${address}/absent:1` }),
    'no registry': service('elsewhere', { pull: '127.0.0.1:1/tiny:1', build: debian }),
  }
  // Once online where only 127.0.0.1 is, once more offline: what was pulled stays.
  const preparer = new Preparer(Object.values(services), { images: 'auto', offline: false, progress: silent, docker })
  const preparations: Record<string, Preparation> = {}
  for (const [name, one] of Object.entries(services)) preparations[name] = await preparer.service(one)
  const later = new Preparer([], { images: 'pull', offline: true, progress: silent, docker })
  preparations['pulled before, now offline'] = await later.service(services.pulled)
  const { Config } = await docker.getImage(`${address}/tiny:1`).inspect()
  const seen: Seen = { registry: address, preparations, labels: Config.Labels ?? {} }
  process.send?.(seen)
} finally {
  registry.kill()
  await once(registry, 'exit')
}
if (process.connected) process.disconnect()

function service(name: string, source: Service['source']): Service {
  return {
    ...{
      name,
      title: name,
      version: '1',
      source,
      with: [],
      command: [name],
      env: {},
      files: {},
      ready: { port: 1 },
      ports: [],
    },
    ...{ after: [], tmpfs: [] },
  }
}

async function answering(): Promise<void> {
  const end = performance.now() + 10_000
  while (performance.now() < end) {
    const status = await request(`http://${address}/v2/`).then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode
      },
      () => 0,
    )
    if (status === 200) return
    await delay(20)
  }
  throw new Error('the registry does not answer')
}

/** The smallest image there is: one empty layer. Registry API v2. */
async function push(name: string): Promise<void> {
  const layer = Buffer.alloc(1024)
  const packed = gzipSync(layer)
  const image = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Labels: { made: 'by the test' } },
      rootfs: { type: 'layers', diff_ids: [digest(layer)] },
      history: [{ created_by: 'test' }],
    }),
  )
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const blob = (mediaType: string, content: Buffer) => ({ mediaType, size: content.length, digest: digest(content) })
  for (const content of [packed, image]) await upload(name, content)
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: blob('application/vnd.docker.container.image.v1+json', image),
    layers: [blob('application/vnd.docker.image.rootfs.diff.tar.gzip', packed)],
  })
  await expecting(201, `http://${address}/v2/${name}/manifests/1`, 'PUT', manifest, type)
}

async function upload(name: string, content: Buffer): Promise<void> {
  const place = await expecting(
    202,
    `http://${address}/v2/${name}/blobs/uploads/`,
    'POST',
    '',
    'application/octet-stream',
  )
  const target = new URL(place)
  target.searchParams.set('digest', digest(content))
  await expecting(201, target.href, 'PUT', content, 'application/octet-stream')
}

/** @returns the answer's Location */
async function expecting(
  status: number,
  url: string,
  method: 'POST' | 'PUT',
  body: string | Buffer,
  type: string,
): Promise<string> {
  const answer = await request(url, { method, body, headers: { 'content-type': type } })
  const said = await answer.body.text()
  if (answer.statusCode !== status)
    throw new Error(`${method} ${url}: expected ${status}, found ${answer.statusCode} ${said}`)
  return String(answer.headers.location)
}

function digest(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
