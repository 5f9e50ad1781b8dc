/**
 * What listens on TCP and UDP during a run: on the machine nothing, whichever lab; sockets of the file system are used there. Inside a private engine's namespaces, which nothing of the
 * machine reaches, the table in README.md says what was seen.
 */
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { privateObstacles } from '../../harness/lab/engine.ts'
import { below, start, until } from './command.testing.ts'

const obstacles = await privateObstacles()
if (obstacles.length > 0) console.warn(`SKIPPED: no private engine can be made here (${obstacles.join('; ')}).`)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'listening-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

type Socket = { readonly inode: string; readonly address: string }

/** Sockets that accept connections or datagrams in the network namespace of a process. */
async function listeners(pid: number): Promise<Socket[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6', 'udp', 'udp6'].map(async (kind) => {
      const text = await readFile(`/proc/${pid}/net/${kind}`, 'utf8').catch(() => '')
      return text
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .flatMap(([, local = '', , state, , , , , , inode = '']) =>
          // 0A: LISTEN; 07: a datagram socket that is not connected.
          state === '0A' || state === '07' ? [{ inode, address: `${kind} ${readable(local)}` }] : [],
        )
    }),
  )
  return tables.flat()
}

/** `0100007F:0035` is 127.0.0.1:53: the address is in the byte order of the machine. */
function readable(local: string): string {
  const [address = '', port = ''] = local.split(':')
  const bytes = address.match(/../g) ?? []
  const text =
    address.length === 8
      ? bytes
          .toReversed()
          .map((byte) => Number.parseInt(byte, 16))
          .join('.')
      : address
  return `${text}:${Number.parseInt(port, 16)}`
}

/** Of all processes below one, by their network namespace. */
async function listening(ancestor: number): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const pid of [ancestor, ...below(ancestor, /./)]) {
    const namespace = await readlink(`/proc/${pid}/ns/net`).catch(() => '')
    const descriptors = await readdir(`/proc/${pid}/fd`).catch((): string[] => [])
    const own = new Set(await Promise.all(descriptors.map((one) => readlink(`/proc/${pid}/fd/${one}`).catch(() => ''))))
    for (const { inode, address } of await listeners(pid))
      if (own.has(`socket:[${inode}]`)) found.set(namespace, (found.get(namespace) ?? new Set()).add(address))
  }
  return found
}

/** Looks until the run has ended. @returns all that was seen in the machine's own namespace, and elsewhere */
async function during(args: readonly string[]) {
  const run = start([...args, '--out', 'out'], { cwd: folder })
  const own = await readlink('/proc/self/ns/net')
  const [machine, inside] = [new Set<string>(), new Set<string>()]
  let over = false
  void run.ended.then(() => {
    over = true
  })
  await until(
    'the end of the run',
    async () => {
      for (const [namespace, addresses] of await listening(run.pid))
        for (const address of addresses) (namespace === own ? machine : inside).add(address)
      return over
    },
    240_000,
  )
  return { machine: [...machine].toSorted(), inside: [...inside].toSorted(), code: (await run.ended).code }
}

const beyondLoopback = (addresses: readonly string[]) =>
  addresses.filter((address) => !/^(tcp|udp) 127\.|^tcp6 00000000000000000000000001000000:/.test(address))

it('is seen where it is: on loopback, and beyond', async () => {
  const servers = ['127.0.0.1', '0.0.0.0'].map((address) => createServer().listen(0, address))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const seen = [...(await listening(process.pid)).values()].flatMap((addresses) => [...addresses])
  for (const server of servers) server.close()
  expect(seen.filter((address) => address.startsWith('tcp 127.0.0.1:'))).not.toEqual([])
  expect(beyondLoopback(seen)).toEqual([expect.stringMatching(/^tcp 0\.0\.0\.0:\d+$/)])
})

it('in the embedded lab: nothing', { timeout: 120_000 }, async () => {
  const { machine, inside, code } = await during(['--engine', 'none', '--case', 'identity.arrival.**'])
  expect(code).toBe(0)
  expect(machine).toEqual([])
  expect(inside).toEqual([])
})

it.skipIf(obstacles.length > 0)('with a private engine: nothing on the machine', { timeout: 300_000 }, async () => {
  const nginx = ['--proxy', 'nginx-oauth2-proxy', '--variant', 'hardened', '--gateway', 'reference']
  const { machine, inside, code } = await during([...nginx, '--engine', 'private', '--case', 'identity.arrival.**'])
  expect(code).toBe(0)
  expect(machine).toEqual([])
  // The looks were at the right moments: what must listen inside was seen.
  expect(inside.some((address) => /:443$/.test(address))).toBe(true)
  console.log(`inside: ${inside.join(', ')}`)
})
