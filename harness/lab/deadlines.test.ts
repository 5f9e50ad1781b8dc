/** Engines that are stopped, slow or gone, played by a server on a unix socket. */

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { engineClient } from './deadlines.ts'
import { answers, isSilent, untilSilent } from './engine-answers.ts'

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

/** @returns the socket of an engine that answers as told */
async function engine(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const socket = join(folder, 'engine.sock')
  const server = createServer(answer).listen(socket)
  await once(server, 'listening')
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return socket
}

const messageOf = (error: Error) => error.message

/** @returns how a call ended, and after how many milliseconds */
async function asked(call: Promise<unknown>): Promise<{ readonly message: string; readonly ms: number }> {
  const since = performance.now()
  const message = await call.then(() => 'answered', messageOf)
  return { message, ms: performance.now() - since }
}

describe.concurrent('an engine', { timeout: 30_000 }, () => {
  it('that takes connections and never answers is given up within 10 s, in one sentence with the next step', async () => {
    const socket = await engine(() => {})
    const { message, ms } = await asked(engineClient(socket).info())
    expect(message).toMatch(
      /^The container engine at \S+engine\.sock does not answer: waited \d s for GET \/info\. Run again; "conformance doctor" shows whether an engine answers\.$/,
    )
    expect(ms).toBeLessThan(10_000)
    expect(isSilent(socket)).toBe(true)
  })

  it('that was silent is given up at once by the next call, and by all that wait for it at the same time', async () => {
    const socket = await engine(() => {})
    const client = engineClient(socket)
    const together = await Promise.all([asked(client.info()), asked(client.listContainers())])
    for (const { ms } of together) expect(ms).toBeLessThan(10_000)
    expect((await asked(client.listNetworks())).ms).toBeLessThan(3000)
  })

  it('whose containerd is stopped, which answers pings and nothing else, is given up all the same', async () => {
    const socket = await engine((request, response) => {
      if (request.url === '/_ping') response.end('OK')
    })
    expect(await answers(socket)).toBe(true)
    const { message, ms } = await asked(engineClient(socket).getContainer('x').start())
    expect(message).toMatch(/does not answer: waited \d s for POST \/containers\/x\/start\./)
    expect(ms).toBeLessThan(10_000)
  })

  it('that is slow and answers when it is asked is waited for', async () => {
    const socket = await engine((request, response) => {
      if (request.url === '/info') setTimeout(() => response.end('{}'), 9000)
      else response.end('{}')
    })
    expect((await asked(engineClient(socket).info())).message).toBe('answered')
    expect(isSilent(socket)).toBe(false)
  })

  it('that goes away is gone at once', async () => {
    const socket = await engine((request) => request.socket.destroy())
    const { message, ms } = await asked(engineClient(socket).info())
    expect(message).toMatch(/^The container engine at \S+ is gone: .* \(GET \/info\)\. Run again; /)
    expect(ms).toBeLessThan(2000)
  })

  it('that stops while nobody waits for a call is noticed by whoever watches it', async () => {
    let stopped = false
    const socket = await engine((_, response) => {
      if (!stopped) response.end('OK')
    })
    const unwatched = new AbortController()
    const noticed = untilSilent(socket, unwatched.signal)
    expect(await answers(socket)).toBe(true)
    stopped = true
    const since = performance.now()
    await noticed
    expect(performance.now() - since).toBeLessThan(10_000)
  })
})

describe('an engine that answers', () => {
  it('is not taken for silent because this process did not run', async () => {
    const socket = await engine((_, response) => setTimeout(() => response.end('OK'), 300))
    const asking = answers(socket)
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000), 50)
    expect(await asking).toBe(true)
  })
})
