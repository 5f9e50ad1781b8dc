/** The containers of one environment: started as their order allows, all at once where it does, and taken down together. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import type { StartedTestContainer } from 'testcontainers'
import { engineClient } from '../deadlines.ts'
import { answers, answersFully } from '../engine-answers.ts'
import {
  type Allowance,
  confined,
  type HeldLimits,
  heldLimits,
  isAboutLimits,
  modest,
  noLimits,
} from './confinement.ts'
import { type Bind, LabContainer, type Placement } from './lab-container.ts'
import { type Labels, labelsOf } from './labels.ts'
import { lastLines, runInside } from './logs.ts'
import { createNetwork, type LabNetwork } from './network.ts'
import { removeAll, removeContainer } from './removal.ts'
import { inOrder } from './start-order.ts'
import { connectTestcontainers } from './testcontainers-client.ts'
import { type Ending, type EndWatch, watchEnds, withLog } from './watch.ts'

export type ContainerSpec = {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  /** The command is only arguments: the program is the image's own. */
  readonly ownProgram?: boolean
  readonly env: Readonly<Record<string, string>>
  readonly binds: readonly Bind[]
  readonly tmpfs: readonly string[]
  /** Where the program starts; default: what the image says. */
  readonly folder?: string
  /** Default: that of the suite's own programs, which is the smallest. */
  readonly allowance?: Allowance
  /** Last octet and names on the environment's network, or the container in whose namespace it lives. */
  readonly place: { readonly octet: number; readonly names: readonly string[] } | { readonly beside: string }
  /** Resolves when it may be called started; asked again and again until the deadline. Default: it runs. */
  readonly ready?: () => Promise<boolean>
  /** The deadline, in milliseconds; default 60 000. */
  readonly patience?: number
  /** Names of containers that must be ready before. */
  readonly after: readonly string[]
}

/** How long a container may take to be ready, in milliseconds. */
const readyDeadline = 60_000
const pollEvery = 25

export class ContainerLab implements AsyncDisposable {
  readonly network: LabNetwork
  /**
   * Resolves when a container or guest has ended that nobody removed, or when the engine answers no more: the first such end, by the engine's own
   * event. Never rejects; where all goes well it never resolves.
   */
  readonly ended: Promise<Ending>
  readonly #docker: Docker
  readonly #socketPath: string
  readonly #labels: Labels
  readonly #prefix: string
  #held: HeldLimits
  readonly #watch: EndWatch
  readonly #started: Map<string, Promise<StartedTestContainer>>
  /** Containers of another lab that are on this network for a while, by the name that they have here. */
  readonly #guests: Map<string, string>
  /** By id. Rootless Podman tells of an end late: another container may have the name by then. */
  readonly #removed: Set<string>
  /** Those that live in the network namespace of another. */
  readonly #beside = new Set<string>()
  readonly #addresses = new Map<string, string>()
  #closing = false

  private constructor(
    engine: {
      readonly docker: Docker
      readonly socketPath: string
      readonly labels: Labels
      readonly prefix: string
      readonly held: HeldLimits
    },
    network: LabNetwork,
    watch: EndWatch,
    inhabitants: Inhabitants,
  ) {
    this.network = network
    this.ended = watch.ended
    this.#docker = engine.docker
    this.#socketPath = engine.socketPath
    this.#labels = engine.labels
    this.#prefix = engine.prefix
    this.#held = engine.held
    this.#watch = watch
    this.#started = inhabitants.started
    this.#guests = inhabitants.guests
    this.#removed = inhabitants.removed
  }

  /** @param prefix of names, unique in the engine. @param base first three octets of its network, another one each time; default: any that is free */
  static async create(socketPath: string, run: string, prefix: string, base?: () => string): Promise<ContainerLab> {
    const docker = engineClient(socketPath)
    const labels = labelsOf(run)
    await connectTestcontainers(socketPath)
    const held = await heldLimits(docker)
    const network = await createNetwork(docker, prefix, labels, base)
    const inhabitants: Inhabitants = { started: new Map(), guests: new Map(), removed: new Set() }
    const nameOf = (ids: readonly string[]) => {
      if (ids.some((id) => inhabitants.removed.has(id))) return undefined
      const own = ids
        .filter((id) => id.startsWith(`${prefix}-`))
        .map((id) => id.slice(prefix.length + 1))
        .find((name) => inhabitants.started.has(name))
      return own ?? [...inhabitants.guests].find(([, id]) => ids.includes(id))?.[0]
    }
    const watch = await watchEnds({ docker, socketPath, run, nameOf })
    return new ContainerLab({ docker, socketPath, labels, prefix, held }, network, watch, inhabitants)
  }

  /** Addresses on this network by name, of everybody who has been told to start or invited. */
  get addresses(): ReadonlyMap<string, string> {
    return this.#addresses
  }

  /** Starts containers that may wait for each other and for earlier ones. @throws with the log of the one that did not get ready */
  async start(specs: readonly ContainerSpec[]): Promise<void> {
    for (const { name, place } of specs) {
      if ('octet' in place) this.#noteAddress(place.octet, place.names)
      else this.#beside.add(name)
    }
    const ready = new Map<string, Promise<unknown>>()
    const launch = async (spec: ContainerSpec): Promise<void> => {
      const before = 'beside' in spec.place ? [...spec.after, spec.place.beside] : spec.after
      await Promise.all(before.map((name) => ready.get(name) ?? this.#started.get(name)))
      await this.#launch(spec)
    }
    for (const spec of inOrder(specs)) ready.set(spec.name, launch(spec))
    await Promise.all(ready.values())
  }

  /** The last lines of a container's log; none when it never started. */
  async log(name: string, count: number): Promise<string[]> {
    const id = await this.idOf(name).catch(() => undefined)
    return id === undefined ? [] : lastLines(this.#docker, id, count)
  }

  /** The engine's id of a container or guest. @throws where there is none, or it did not start */
  async idOf(name: string): Promise<string> {
    const guest = this.#guests.get(name)
    if (guest !== undefined) return guest
    const starting = this.#started.get(name)
    if (starting === undefined) throw new Error(`there is no container ${name}`)
    return (await starting).getId()
  }

  /** Runs a program beside the container's own. */
  async run(name: string, command: readonly string[]) {
    return await runInside(this.#docker, await this.idOf(name), command)
  }

  /** Whether the engine still answers. */
  async answers(): Promise<boolean> {
    return await answers(this.#socketPath)
  }

  /** Whether a container or guest still runs, and if not, how it ended. */
  async obituary(name: string): Promise<string | undefined> {
    const code = await this.exitCode(name)
    return code === undefined
      ? undefined
      : await this.#obituary(name, await this.idOf(name), `ended with exit code ${code}`)
  }

  /** `undefined` while it runs. */
  async exitCode(name: string): Promise<number | undefined> {
    const { State } = await this.#docker.getContainer(await this.idOf(name)).inspect()
    return State.Running ? undefined : State.ExitCode
  }

  /** Takes one container away before the others. */
  async remove(name: string): Promise<void> {
    const starting = this.#started.get(name)
    if (starting === undefined) return
    // No longer one whose end is news.
    this.#started.delete(name)
    const container = await starting.catch(() => undefined)
    if (container !== undefined) this.#removed.add(container.getId())
    await removeContainer(this.#docker, this.#nameInEngine(name))
  }

  /** Takes a running container of another lab in: with an address and names on this network until this lab is taken down. */
  async invite(name: string, id: string, octet: number, names: readonly string[]): Promise<void> {
    await this.#docker.getNetwork(this.network.id).connect({
      Container: id,
      EndpointConfig: { IPAMConfig: { IPv4Address: this.network.address(octet) }, Aliases: [...names] },
    })
    this.#guests.set(name, id)
    this.#noteAddress(octet, names)
  }

  /**
   * Removes everything, also what is just starting. What cannot be removed does not keep the others. Where the engine answers no more there is
   * nothing to be said that `ended` does not say: a later sweep finds what is left.
   * @throws afterwards, with the names of what is left over and why
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    this.#watch[Symbol.dispose]()
    if (!(await answersFully(this.#socketPath))) return
    await Promise.allSettled(this.#started.values())
    const network = this.#docker.getNetwork(this.network.id)
    const own = [...this.#started.keys()].map((name) => ({ id: this.#nameInEngine(name), name }))
    // Podman removes no container in whose network namespace another lives.
    const beside = own.filter(({ name }) => this.#beside.has(name))
    const removed = await removeAll(this.#docker, beside, [])
    // A guest that has gone meanwhile is no longer on the network either.
    for (const id of this.#guests.values()) await network.disconnect({ Container: id, Force: true }).catch(() => {})
    const others = own.filter((one) => !beside.includes(one))
    removed.push(...(await removeAll(this.#docker, others, [this.network])))
    const left = removed.filter(({ problem }) => problem !== undefined)
    if (left.length > 0)
      throw new Error(
        `Left over: ${left.map(({ kind, name, problem }) => `${kind} ${name} (${problem})`).join(', ')}. "conformance clean" removes it once this run has ended.`,
      )
  }

  #noteAddress(octet: number, names: readonly string[]): void {
    for (const name of names) this.#addresses.set(name.toLowerCase(), this.network.address(octet))
  }

  /** A container whose program could not be started was created all the same: only its name is known. */
  #nameInEngine(name: string): string {
    return `${this.#prefix}-${name}`
  }

  async #launch(spec: ContainerSpec): Promise<void> {
    // After a failure the others may still be waiting for their turn: none may start once the clean-up has begun.
    if (this.#closing) throw new Error(`${spec.name} was not started: the environment is being taken down`)
    const starting = this.#startContainer(spec)
    this.#started.set(spec.name, starting)
    let container: StartedTestContainer
    try {
      container = await starting
    } catch (cause) {
      throw new Error(`${spec.name} could not be started: ${cause instanceof Error ? cause.message : cause}`, { cause })
    }
    if (spec.ready) await this.#untilReady(spec, container.getId(), spec.ready)
  }

  /** An engine may find out only at the start that it cannot hold a limit: Podman where the machine's control groups are not its to set. */
  async #startContainer(spec: ContainerSpec): Promise<StartedTestContainer> {
    try {
      return await this.#startConfined(spec)
    } catch (error) {
      if (!isAboutLimits(error)) throw error
      await removeContainer(this.#docker, this.#nameInEngine(spec.name))
      this.#held = noLimits
      return await this.#startConfined(spec)
    }
  }

  async #startConfined(spec: ContainerSpec): Promise<StartedTestContainer> {
    const [program = '', ...args] = spec.command
    const container = new LabContainer(spec.image)
    if (spec.ownProgram && spec.command.length > 0) container.withCommand([...spec.command])
    if (!spec.ownProgram) container.withEntrypoint([program]).withCommand(args)
    if (spec.folder !== undefined) container.withWorkingDir(spec.folder)
    return await container
      .withName(this.#nameInEngine(spec.name))
      .withLabels({ ...this.#labels })
      .withAutoCleanup(false)
      .withEnvironment({ ...spec.env })
      .confine(confined(spec.allowance ?? modest, spec.tmpfs, this.#held))
      .bind(spec.binds)
      .place(await this.#placement(spec))
      .start()
  }

  async #placement({ place }: ContainerSpec): Promise<Placement> {
    if ('octet' in place)
      return {
        kind: 'network',
        network: this.network.name,
        address: this.network.address(place.octet),
        names: place.names,
      }
    return { kind: 'beside', container: await this.idOf(place.beside) }
  }

  /** Asks until it is ready; a container that has ended will never be. */
  async #untilReady(spec: ContainerSpec, id: string, ready: () => Promise<boolean>): Promise<void> {
    const patience = spec.patience ?? readyDeadline
    const end = performance.now() + patience
    for (let round = 0; ; round += 1) {
      if (await ready().catch(() => false)) return
      if (round % 4 === 0) {
        const { State } = await this.#docker.getContainer(id).inspect()
        if (!State.Running)
          throw new Error(
            await this.#obituary(`${spec.name} (${spec.command[0]})`, id, `ended with exit code ${State.ExitCode}`),
          )
      }
      if (performance.now() > end)
        throw new Error(
          await this.#obituary(`${spec.name} (${spec.command[0]})`, id, `was not ready within ${patience / 1000} s`),
        )
      await delay(pollEvery)
    }
  }

  async #obituary(who: string, id: string, how: string): Promise<string> {
    return withLog(`${who} ${how}`, await lastLines(this.#docker, id, 12).catch(() => []))
  }
}

type Inhabitants = {
  readonly started: Map<string, Promise<StartedTestContainer>>
  readonly guests: Map<string, string>
  readonly removed: Set<string>
}
