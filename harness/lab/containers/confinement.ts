/**
 * What a container may do. Everything in a run is under attack, and a proxy's folder may come from a stranger: each container gets the least
 * that its program was seen to work with. No folder can ask for more; there is no key for it.
 */
import type Docker from 'dockerode'

/** The only capabilities that any container here is given (capabilities(7)). */
type Capability = 'CHOWN' | 'DAC_OVERRIDE' | 'NET_BIND_SERVICE' | 'SETGID' | 'SETUID'

export type Allowance = {
  readonly capabilities: readonly Capability[]
  /** In bytes, files in memory included. */
  readonly memory: number
}

/** A server on a port below 1024 that keeps the user it started as: the suite's own programs. */
export const modest: Allowance = { capabilities: ['NET_BIND_SERVICE'], memory: 2 * 2 ** 30 }

/**
 * A server that starts as root and gives its workers another user, as nginx does. Measured by taking one away at a time, with every hardened
 * variant on Docker 20.10: without CHOWN nginx ends at its start ("chown(…) failed"), without SETUID or SETGID it listens and no cell can be
 * judged. Traefik, Caddy and Pomerium with Envoy start and pass without all four, oauth2-proxy without any single one; they get the same, because
 * which program a service is cannot be seen from outside. NET_BIND_SERVICE was needed by none there; Podman was not measured.
 */
export const dropsToAnotherUser: Allowance = {
  capabilities: [...modest.capabilities, 'CHOWN', 'SETGID', 'SETUID'],
  memory: modest.memory,
}

/** OpenClaw and the gateways derived from it take a gigabyte to start; nothing else of theirs needs more. */
export const realGateway: Allowance = { capabilities: [], memory: 4 * 2 ** 30 }

/** Processes and threads. Envoy and Node have one for each core, and some. */
const mostProcesses = 1024

/** Written to by nearly every program, and emptied with the container. Not for programs: those are in the image or bound. */
const temporary = '/tmp'

/** What a program may say before its oldest words are dropped: a private engine keeps them in memory. Twice so much is kept. */
const loudest = '8m'

/** Which limits the engine can hold. One that cannot is not asked: Podman refuses the container then. */
export type HeldLimits = { readonly memory: boolean; readonly processes: boolean }

export async function heldLimits(docker: Docker): Promise<HeldLimits> {
  const { MemoryLimit, PidsLimit } = await docker.info()
  return { memory: MemoryLimit === true, processes: PidsLimit === true }
}

export const noLimits: HeldLimits = { memory: false, processes: false }

/** crun: "controller `pids` is not available under /sys/fs/cgroup/…". */
export function isAboutLimits(error: unknown): boolean {
  return error instanceof Error && /controller `?(pids|memory)`? is not available/.test(error.message)
}

/** The engine's words for it (Engine API, ContainerCreate, HostConfig). */
export type Confined = {
  readonly CapDrop: string[]
  readonly CapAdd: string[]
  readonly SecurityOpt: string[]
  readonly ReadonlyRootfs: true
  readonly Tmpfs: Readonly<Record<string, string>>
  /** Docker's own form, which Podman takes for its own. */
  readonly LogConfig: { readonly Type: 'json-file'; readonly Config: { 'max-size': string; 'max-file': string } }
  readonly Memory?: number
  readonly PidsLimit?: number
}

/**
 * @param tmpfs folders that the service writes to
 * @param user of this process: where it is not root, the files that it binds may be readable for their owner alone, and the container's root
 * is somebody else unless the engine is rootless
 */
export function confined(
  { capabilities, memory }: Allowance,
  tmpfs: readonly string[],
  held: HeldLimits,
  user = process.getuid?.() ?? 0,
): Confined {
  return {
    CapDrop: ['ALL'],
    CapAdd: [...capabilities, ...(user === 0 ? [] : ['DAC_OVERRIDE'])],
    // Files bound from the user's folders carry labels that SELinux (Fedora, RHEL) would not let a container read.
    SecurityOpt: ['no-new-privileges', 'label=disable'],
    ReadonlyRootfs: true,
    Tmpfs: {
      [temporary]: 'rw,mode=1777',
      ...Object.fromEntries(tmpfs.map((path) => [path, 'rw,mode=1777,exec'])),
    },
    LogConfig: { Type: 'json-file', Config: { 'max-size': loudest, 'max-file': '2' } },
    ...(held.memory && { Memory: memory }),
    ...(held.processes && { PidsLimit: mostProcesses }),
  }
}
