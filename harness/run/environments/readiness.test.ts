import { createServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { peerOf } from '../../clients/peer.testing.ts'
import { createAuthority } from '../../lab/certificate-authority.ts'
import type { Service } from '../../plan/proxy.ts'
import { readiness } from './readiness.ts'

const publicHost = 'app.test'
const proxy: Service = {
  name: 'proxy',
  title: 'Traefik',
  version: '3',
  source: { build: { kind: 'debian', package: 'traefik' } },
  with: [],
  command: ['traefik'],
  env: {},
  files: {},
  ready: { port: 443 },
  after: [],
  ports: [443],
  tmpfs: [],
}

/** A proxy that listens, and what becomes of it when it has read its configuration. */
async function listening() {
  const [run, own] = await Promise.all([createAuthority(), createAuthority()])
  const [configured, before] = await Promise.all([run.issue([publicHost]), own.issue([publicHost])])
  const server = createServer({ key: before.key, cert: before.certificate })
  server.on('tlsClientError', () => {})
  onTestFinished(() => void server.close())
  const { dial } = await peerOf(server)
  const readConfiguration = () => server.setSecureContext({ key: configured.key, cert: configured.certificate })
  return { dial, ca: run.certificate, readConfiguration }
}

describe('a proxy of which only the port is known', () => {
  it('is ready when it shows the certificate of the run, and not as soon as it listens', async () => {
    const { dial, ca, readConfiguration } = await listening()
    const ready = readiness(proxy, { dial, ca, publicHost, log: async () => [] })
    expect(await ready()).toBe(false)
    readConfiguration()
    expect(await ready()).toBe(true)
  })

  it('is ready as soon as it listens where it makes its certificate itself', async () => {
    const { dial } = await listening()
    expect(await readiness(proxy, { dial, ca: '', publicHost, log: async () => [] })()).toBe(true)
  })

  it('is ready as soon as it listens where the port is not the public one', async () => {
    const { dial, ca } = await listening()
    const auth: Service = { ...proxy, name: 'auth', ready: { port: 4180 } }
    expect(await readiness(auth, { dial, ca, publicHost, log: async () => [] })()).toBe(true)
  })

  it('is ready after a while with any certificate, so that the log-in can say what is wrong with it', async () => {
    const { dial, ca } = await listening()
    let now = 0
    const ready = readiness(proxy, { dial, ca, publicHost, log: async () => [], now: () => now })
    expect(await ready()).toBe(false)
    now = 10_001
    expect(await ready()).toBe(true)
  })
})
