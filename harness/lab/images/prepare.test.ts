/** Which way a service is had, against an engine that answers as the Engine API does (over a real socket). */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Service } from '../../plan/proxy.ts'
import { silent } from '../progress.ts'

type Registry = 'has it' | 'lacks it' | 'does not answer'

let folder: string
let server: Server | undefined
let asked: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-prepare-'))
  asked = []
  vi.stubEnv('CONFORMANCE_CACHE', join(folder, 'cache'))
  vi.resetModules()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server?.closeAllConnections()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  await rm(folder, { recursive: true, force: true })
})

/** Remembers what was asked of it; what was pulled is there afterwards. */
async function engine(registry: Registry, present: readonly string[] = []): Promise<Docker> {
  const there = new Set(present)
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://engine')
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const name = decodeURIComponent(url.pathname.replace(/^\/(images|distribution)\//, '').replace(/\/json$/, ''))
    if (url.pathname.startsWith('/distribution/')) {
      asked.push(`registry ${name}`)
      if (registry === 'has it') answer(200, {})
      if (registry === 'lacks it') answer(404, { message: 'manifest unknown' })
      return // else it hangs
    }
    if (url.pathname === '/images/create') {
      const reference = `${url.searchParams.get('fromImage')}${url.searchParams.has('tag') ? `:${url.searchParams.get('tag')}` : ''}`
      asked.push(`pull ${reference}`)
      if (registry !== 'has it') return answer(404, { message: `manifest for ${reference} not found` })
      there.add(reference)
      return answer(200, { status: 'Pull complete' })
    }
    answer(there.has(name) ? 200 : 404, { message: `No such image: ${name}` })
  })
  const socketPath = join(folder, 'engine.sock')
  await new Promise<void>((resolve) => server?.listen(socketPath, resolve))
  return new Docker({ socketPath })
}

const service = (name: string, source: Service['source']): Service => ({
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
})
const image = (name: string) => `registry.test/${name}:1`
const debian = { kind: 'debian', package: 'nginx-light' } as const

/** Offline, a build cannot be made here: its reason shows that building was chosen. */
const wouldBuild = expect.stringContaining('base image')

describe('preparing services', () => {
  it('takes an image that the engine has, and asks nobody', async () => {
    const docker = await engine('does not answer', [image('one')])
    const { Preparer } = await import('./prepare.ts')
    const one = service('one', { pull: image('one'), build: debian })
    const preparation = await new Preparer([one], { images: 'auto', offline: true, progress: silent, docker }).service(
      one,
    )
    expect(preparation).toEqual({
      status: 'ready',
      service: { source: 'pull', version: '1', image: { kind: 'registry', reference: image('one') }, binds: [] },
    })
    expect(asked).toEqual([])
  })

  it('pulls where the registry answers, asking each registry once and pulling each image once', async () => {
    const docker = await engine('has it')
    const { Preparer } = await import('./prepare.ts')
    const services = ['one', 'two', 'one'].map((name) => service(name, { pull: image(name), build: debian }))
    const preparer = new Preparer(services, { images: 'auto', offline: false, progress: silent, docker })
    const got = await Promise.all(services.map((one) => preparer.service(one)))
    expect(got.map((one) => one.status === 'ready' && [one.service.source, one.service.image.reference])).toEqual([
      ['pull', image('one')],
      ['pull', image('two')],
      ['pull', image('one')],
    ])
    expect(asked.filter((line) => line.startsWith('registry'))).toHaveLength(1)
    expect(asked.filter((line) => line.startsWith('pull')).toSorted()).toEqual([
      `pull ${image('one')}`,
      `pull ${image('two')}`,
    ])
  })

  it.each([
    ['auto', 'does not answer'],
    ['auto', 'lacks it'],
    ['build', 'has it'],
  ] as const)('builds with --images %s where the registry %s', async (images, registry) => {
    const docker = await engine(registry)
    vi.doMock('./base-image.ts', () => ({
      baseImage: async () => ({
        tar: '/base.tar',
        reference: 'base:1',
        versions: { 'nginx-light': '1:1.22.1-9+deb12u3' },
      }),
    }))
    const { Preparer } = await import('./prepare.ts')
    const one = service('one', { pull: image('one'), build: debian })
    const preparation = await new Preparer([one], { images, offline: false, progress: silent, docker }).service(one)
    vi.doUnmock('./base-image.ts')
    // The version is that of the Debian package, not the image's.
    expect(preparation).toEqual({
      status: 'ready',
      service: {
        source: 'build',
        version: '1.22.1',
        image: { kind: 'import', reference: 'base:1', tar: '/base.tar' },
        binds: [],
      },
    })
  })

  it('never pulls or asks a registry offline', async () => {
    const docker = await engine('has it')
    const { Preparer } = await import('./prepare.ts')
    const one = service('one', { pull: image('one'), build: debian })
    const options = { offline: true, progress: silent, docker }
    expect(await new Preparer([one], { images: 'auto', ...options }).service(one)).toMatchObject({ reason: wouldBuild })
    expect(await new Preparer([one], { images: 'pull', ...options }).service(one)).toEqual({
      status: 'unavailable',
      reason: `one: ${image('one')} is not in the engine; run once without --offline`,
    })
    expect(asked).toEqual([])
  })

  it('does not build with --images pull: the registry’s word is the reason', async () => {
    const docker = await engine('lacks it')
    const { Preparer } = await import('./prepare.ts')
    const one = service('one', { pull: image('one'), build: debian })
    const preparation = await new Preparer([one], { images: 'pull', offline: false, progress: silent, docker }).service(
      one,
    )
    expect(preparation).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('not found') })
  })
})
