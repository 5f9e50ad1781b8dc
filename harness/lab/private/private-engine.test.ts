/** The lab on a real engine: each test run makes a private one in namespaces of its own. Needs root on Debian or Ubuntu. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Leftover } from '../containers/sweep.ts'
import { privateObstacles } from '../engine.ts'
import { silent } from '../progress.ts'
import { dialThrough } from '../vantage/dial.ts'
import { enterNamespaces } from './enter.ts'
import type { Order, Seen } from './inside.fixture.ts'
import { enginePackages } from './packages.ts'

const obstacles = await privateObstacles()
const packages =
  obstacles.length > 0
    ? undefined
    : await enginePackages(silent, false).catch((error: Error) => void obstacles.push(error.message))
if (obstacles.length > 0)
  console.warn(
    `SKIPPED: no private engine can be made here (${obstacles.join('; ')}). Run these tests as root on Debian or Ubuntu.`,
  )

describe.skipIf(packages === undefined)('a private engine', { timeout: 60_000 }, () => {
  let parent: string
  let seen: Seen[]

  /** A run's folders, of its own and found by nobody else's sweep. */
  async function orderFor(name: string, then: Order['then']): Promise<Order> {
    const place = join(parent, name)
    await mkdir(join(place, 'tmp/conformance-run-1'), { recursive: true })
    return { packages: packages ?? '', folder: join(place, 'tmp/conformance-run-1'), then }
  }
  const surroundings = (name: string) => ({
    ...process.env,
    TMPDIR: join(parent, name, 'tmp'),
    CONFORMANCE_CACHE: join(parent, name, 'cache'),
  })

  async function runInside(name: string): Promise<Seen> {
    const fixture = join(import.meta.dirname, 'inside.fixture.ts')
    const [program = '', ...args] = [
      ...enterNamespaces,
      process.execPath,
      fixture,
      JSON.stringify(await orderFor(name, 'report')),
    ]
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      detached: true,
      env: surroundings(name),
    })
    return await messageOf(child)
  }

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'tpc-'))
    // Two at once: same names, same bridge, maybe same subnets.
    seen = await Promise.all([runInside('one'), runInside('two')])
  }, 90_000)
  afterAll(() => rm(parent, { recursive: true, force: true }))

  it.each(['first', 'second'])('lets the %s of two runs at once see each vantage point at its own address', (which) => {
    const { peers } = seen[which === 'first' ? 0 : 1] ?? {}
    expect(peers).toEqual({
      internet: expect.stringMatching(/^10\.\d+\.\d+\.10$/),
      lan: expect.stringMatching(/^10\.\d+\.\d+\.11$/),
      'proxy-host': expect.stringMatching(/^10\.\d+\.\d+\.2$/),
      'gateway-loopback': '127.0.0.1',
      'gateway-own-address': expect.stringMatching(/^10\.\d+\.\d+\.5$/),
    })
  })

  it("gives each container one address, on the environment's network alone", () => {
    expect(seen[0]?.addresses).toEqual({
      internet: ['.10'],
      lan: ['.11'],
      proxy: ['.2'],
      gateway: ['.5'],
      'proxy-side': [],
      'gateway-side': [],
    })
  })

  it('resolves public names to the proxy, and says at once that another name does not exist', () => {
    expect(seen[0]?.resolved).toMatch(/^10\.\d+\.\d+\.2\s+app\.test$/)
    expect(seen[0]?.unknownNameMs).toBeLessThan(3000)
  })

  it('gives a container one capability, no way to more, nothing of its root to write, and limits', () => {
    expect(seen[0]?.confinement).toEqual({
      // Bit 10 is CAP_NET_BIND_SERVICE; 2 is a filter of system calls (capabilities(7), proc_pid_status(5)).
      status: [
        expect.stringMatching(/^CapEff:\s+0000000000000400$/),
        expect.stringMatching(/^CapBnd:\s+0000000000000400$/),
        expect.stringMatching(/^NoNewPrivs:\s+1$/),
        expect.stringMatching(/^Seccomp:\s+2$/),
      ],
      written: ['/tmp'],
      limits: [2 * 2 ** 30, 1024],
    })
  })

  it('keeps the last log lines alone of a container that says 60 MB', () => {
    expect(seen[0]?.log.last).toBe('last')
    expect(seen[0]?.log.bytes).toBeLessThan(2 * 9_000_000)
    expect(seen[0]?.log.bytes).toBeGreaterThan(1000)
  })

  it('tells at once, in its own words, that a container has ended before it was ready', () => {
    expect(seen[0]?.early.message).toBe(
      'early (/run/node) ended with exit code 7. Its last log lines:\ncannot read my configuration',
    )
    // Far from the minute that it would have had to get ready.
    expect(seen[0]?.early.ms).toBeLessThan(10_000)
  })

  it('waits for a container as long as its own deadline says', () => {
    expect(seen[0]?.late).toBe('late (/run/node) was not ready within 0.3 s. Its last log lines:\nstill reading')
  })

  it("reports a container's end by the engine's own event", () => {
    expect(seen[0]?.ended).toEqual({
      name: 'early',
      exitCode: 7,
      reason: 'early ended with exit code 7. Its last log lines:\ncannot read my configuration',
    })
  })

  it('names the program that a container does not have', () => {
    expect(seen[0]?.stray.message).toMatch(/^stray could not be started: .*no-such-program/)
  })

  it('listens nowhere but on its own bridge', () => {
    // Little-endian hexadecimal: 172.31.255.1:53, the name server.
    expect(seen[0]?.listening).toEqual(['01FF1FAC:0035'])
  })

  it('takes another subnet when one is taken', () => {
    expect(seen[0]?.clash).toEqual(['10.250.1.9', '10.250.2.9'])
  })

  it('sweeps what dead runs left, spares what belongs to the living, and only lists on a dry run', () => {
    const left = [
      { kind: 'container', name: 'of-a-dead-run' },
      { kind: 'network', name: 'of-a-dead-run' },
    ]
    expect(seen[0]?.swept).toEqual({ listed: left, removed: expect.arrayContaining(left), again: [], spared: true })
  })

  it('leaves no container and no network, not even of a container that could not start', () => {
    expect(seen[0]?.left).toEqual({ containers: 0, networks: 0 })
  })

  it("writes nothing outside of the run's folders", () => {
    expect(seen[0]?.written).toEqual([])
  })

  it('ends with a killed command line, and the next sweep removes its folders', async () => {
    const order = await orderFor('killed', 'wait')
    const outer = spawn(process.execPath, [join(import.meta.dirname, 'outer.fixture.ts'), JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: surroundings('killed'),
    })
    onTestFinished(() => void outer.kill('SIGKILL'))
    expect(await messageOf<string>(outer)).toBe('ready')
    const dial = dialThrough(join(order.folder, 'internet/relay.sock'))
    await (await dial('gateway', 18789)).destroy()
    // While its owner lives, a sweep takes nothing.
    expect(await sweepIn('killed', 'remove')).toEqual([])
    expect(await groupsOf(outer.pid)).toHaveLength(1)
    await (await dial('gateway', 18789)).destroy()

    const ended = once(outer, 'exit')
    outer.kill('SIGKILL')
    await ended
    await expect
      .poll(
        () =>
          dial('gateway', 18789).then(
            () => 'answers',
            () => 'gone',
          ),
        { timeout: 10_000, interval: 20 },
      )
      .toBe('gone')

    const folders = [{ kind: 'folder', name: order.folder }]
    expect(await sweepIn('killed', 'dry-run')).toEqual(folders)
    expect(await sweepIn('killed', 'remove')).toEqual(folders)
    expect(await groupsOf(outer.pid)).toEqual([])
    expect(await readdir(join(parent, 'killed/tmp'))).toEqual([])
  })

  /**
   * The folders that a sweep finds, in a process of its own: where runs' folders stand is decided by its environment. Control groups are the
   * machine's: those of other dead runs may be among them, and other sweeps may be quicker.
   */
  async function sweepIn(name: string, act: 'remove' | 'dry-run'): Promise<Leftover[]> {
    const program = `const { sweep } = await import(${JSON.stringify(join(import.meta.dirname, '../containers/sweep.ts'))})
      console.log(JSON.stringify(await sweep(undefined, ${JSON.stringify(act)})))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: surroundings(name),
    })
    const found: Leftover[] = JSON.parse(await text(child.stdout))
    return found.filter(({ kind }) => kind === 'folder')
  }
})

/** Control groups of engines that belong to a process. */
async function groupsOf(pid: number | undefined): Promise<string[]> {
  const hierarchies = await readdir('/sys/fs/cgroup')
  const folders = await Promise.all(
    ['', ...hierarchies].map((name) => readdir(join('/sys/fs/cgroup', name)).catch(() => [])),
  )
  const names = folders.flat().filter((name) => name.startsWith('conformance-'))
  return [...new Set(names)].filter((name) =>
    Buffer.from(name.split('-').slice(2).join('-'), 'base64url').includes(`"pid":${pid},`),
  )
}

/** The first message. @throws with what it wrote, when it ends without one */
async function messageOf<Message = Seen>(child: ChildProcess): Promise<Message> {
  const words: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk.toString()))
  return await new Promise<Message>((resolve, reject) => {
    child.once('message', (message: Message) => resolve(message))
    child.once('close', (code) => reject(new Error(`it ended with ${code}: ${words.join('')}`)))
  })
}
