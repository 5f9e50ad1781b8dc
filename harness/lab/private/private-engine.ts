/** A container engine for one run, from unpacked packages, inside the run's own namespaces (`enter.ts`). */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { UserError } from '../../plan/user-error.ts'
import { engineClient, within } from '../deadlines.ts'
import { isSilent } from '../engine-answers.ts'
import { newGroup, removeGroup } from './control-groups.ts'
import { startNameServer } from './name-server.ts'

const run = promisify(execFile)

/** For images and containers: in the covered /run, in memory. A base image of 90 MB is all there is, and on a disk its files cost a start two seconds. */
const storage = '/run/engine-data'
/** Of the engine's default bridge, which no container of ours uses. In a network namespace of its own it meets nobody. */
const bridge = '172.31.255.1'
const deadline = 30_000
const answerDeadline = 5000

/**
 * The engine and iptables write to fixed places, whatever their options: /etc/docker/key.json, /opt/containerd, /run/containerd,
 * /run/xtables.lock. They get these folders covered, in a mount namespace of their own; where the kernel does not let an overlay be
 * mounted, a few empty folders are all that remains.
 */
const cover = `
mount -n -t tmpfs -o mode=755 tmpfs /run
ln -s "$1" /run/packages
ln -s "$2" /run/applets
shift 2
for folder in etc opt; do
  mkdir -p "/run/cover/$folder/upper" "/run/cover/$folder/work"
  mount -n -t overlay -o "lowerdir=/$folder,upperdir=/run/cover/$folder/upper,workdir=/run/cover/$folder/work" overlay "/$folder"
done
exec "$@"`

/** Where the engine sees its programs. Lists of folders are separated by colons: the user's own folders, which may have one in their name, cannot stand in them. */
const inside = '/run/packages'

/** Where an engine in this folder will listen. */
export const privateSocket = (folder: string) => join(folder, 'docker.sock')

export class PrivateEngine implements AsyncDisposable {
  /** Unix socket of the engine. */
  readonly socket: string
  readonly version: string
  readonly #stack: AsyncDisposableStack

  private constructor(socket: string, version: string, stack: AsyncDisposableStack) {
    this.socket = socket
    this.version = version
    this.#stack = stack
  }

  /**
   * @param packages folder of `enginePackages`
   * @param folder for sockets and logs; short, since a unix socket's path may have 108 bytes
   * @throws with the last lines of the engine's own log when it does not answer
   */
  static async start(packages: string, folder: string): Promise<PrivateEngine> {
    await using stack = new AsyncDisposableStack()
    await requireUncovered(folder)
    await run('ip', ['link', 'set', 'lo', 'up'], { timeout: answerDeadline })
    const bin = join(folder, 'bin')
    await mkdir(bin, { recursive: true })
    // One program under the names of its applets; the system's own may be the other kind, or absent.
    for (const name of [
      'iptables',
      'iptables-save',
      'iptables-restore',
      'ip6tables',
      'ip6tables-save',
      'ip6tables-restore',
    ])
      await symlink(join(packages, 'usr/sbin/xtables-nft-multi'), join(bin, name))
    const libraries = join(inside, 'usr/lib', await libraryFolder(packages))
    const group = newGroup()
    const socket = privateSocket(folder)
    const log = join(folder, 'dockerd.log')
    // The machine's own /etc/docker/daemon.json is somebody else's.
    const config = join(folder, 'daemon.json')
    await writeFile(config, '{}')
    const output = await open(log, 'w')
    const daemon = spawn(
      'unshare',
      [
        ...['--mount', 'sh', '-c', cover, 'sh', packages, bin, `${inside}/usr/sbin/dockerd`],
        ...['--config-file', config],
        ...['--data-root', storage, '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'docker.pid')],
        ...['--host', `unix://${socket}`, '--bip', `${bridge}/24`, '--dns', bridge, '--cgroup-parent', `/${group}`],
        // The systemd driver, default on cgroup v2, would ask the machine's own systemd, and wants another kind of parent.
        ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
        ...['--log-level', 'warn'],
      ],
      {
        stdio: ['ignore', output.fd, output.fd],
        env: {
          PATH: `/run/applets:${inside}/usr/bin:${inside}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin`,
          LD_LIBRARY_PATH: libraries,
          // Without it iptables finds no matches and targets, and dockerd ends at once.
          XTABLES_LIBDIR: join(libraries, 'xtables'),
          HOME: folder,
        },
      },
    )
    await output.close()
    stack.defer(() => removeGroup(group))
    stack.defer(() => stop(daemon, socket))
    const version = await answering(socket, daemon, log)
    stack.use(await startNameServer(bridge))
    return new PrivateEngine(socket, version, stack.move())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

/** Containers' binds come from there, and `cover` hides what is below these folders. */
async function requireUncovered(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  const real = await realpath(path)
  if (/^\/(run|etc|opt)\//.test(real))
    throw new UserError(
      `A private engine cannot use ${real}: choose folders outside of /run, /etc and /opt (TMPDIR, CONFORMANCE_CACHE)`,
    )
}

/** Where Debian's multiarch puts libraries, below `usr/lib`: `x86_64-linux-gnu`. */
async function libraryFolder(packages: string): Promise<string> {
  const parent = join(packages, 'usr/lib')
  const name = (await readdir(parent)).find((entry) => entry.endsWith('-linux-gnu'))
  if (name === undefined) throw new Error(`${parent}: expected a folder ...-linux-gnu of Debian's libraries`)
  return name
}

async function answering(socketPath: string, daemon: ChildProcess, log: string): Promise<string> {
  const docker = engineClient(socketPath)
  const end = performance.now() + deadline
  for (;;) {
    const version = await within(answerDeadline, 'asking for its version', docker.version()).then(
      ({ Version }) => Version,
      () => undefined,
    )
    if (version !== undefined) return version
    if (daemon.exitCode !== null || daemon.signalCode !== null || performance.now() > end) {
      const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-8)
      const how =
        daemon.exitCode !== null
          ? `ended with exit code ${daemon.exitCode}`
          : daemon.signalCode !== null
            ? `was ended by ${daemon.signalCode}`
            : `did not answer within ${deadline / 1000} s`
      throw new Error(`The private engine ${how}. Its last log lines:\n${lines.join('\n')}`)
    }
    await delay(20)
  }
}

async function stop(daemon: ChildProcess, socket: string): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const ended = once(daemon, 'exit')
  // A process that is stopped heeds no other signal.
  if (isSilent(socket)) daemon.kill('SIGKILL')
  daemon.kill('SIGTERM')
  // It waits for containers; what it leaves in the namespaces ends with them.
  const patience = setTimeout(() => daemon.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(patience)
}
