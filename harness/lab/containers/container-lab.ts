/** The containers of one environment: started as their order allows, all at once where it does, and taken down together. */
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import type { StartedTestContainer } from 'testcontainers'
import { type Bind, LabContainer, type Placement } from './lab-container.ts'
import { type Labels, labelsOf } from './labels.ts'
import { lastLines, runInside } from './logs.ts'
import { createNetwork, type LabNetwork } from './network.ts'

export type ContainerSpec = {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly binds: readonly Bind[]
  readonly tmpfs: readonly string[]
  /** Last octet and names on the environment's network, or the container in whose namespace it lives. */
  readonly place: { readonly octet: number; readonly names: readonly string[] } | { readonly beside: string }
  /** Resolves when it may be called started; asked again and again until the deadline. Default: it runs. */
  readonly ready?: () => Promise<boolean>
  /** Names of containers that must be ready before. */
  readonly after: readonly string[]
}

/** How long a container may take to be ready, in milliseconds. */
const readyDeadline = 60_000
const pollEvery = 25
const pingDeadline = 5000

export class ContainerLab implements AsyncDisposable {
  readonly network: LabNetwork
  readonly #docker: Docker
  readonly #labels: Labels
  readonly #prefix: string
  readonly #started = new Map<string, Promise<StartedTestContainer>>()
  /** Containers of another lab that are on this network for a while, by the name that they have here. */
  readonly #guests = new Map<string, string>()
  readonly #addresses = new Map<string, string>()
  #closing = false

  private constructor(docker: Docker, network: LabNetwork, labels: Labels, prefix: string) {
    this.#docker = docker
    this.network = network
    this.#labels = labels
    this.#prefix = prefix
  }

  /** @param prefix of names, unique in the engine */
  static async create(socketPath: string, run: string, prefix: string): Promise<ContainerLab> {
    const docker = new Docker({ socketPath })
    const labels = labelsOf(run)
    return new ContainerLab(docker, await createNetwork(docker, prefix, labels), labels, prefix)
  }

  /** Addresses on this network by name, of everybody who has been told to start or invited. */
  get addresses(): ReadonlyMap<string, string> {
    return this.#addresses
  }

  /** Starts containers that may wait for each other and for earlier ones. @throws with the log of the one that did not get ready */
  async start(specs: readonly ContainerSpec[]): Promise<void> {
    for (const { place } of specs) if ('octet' in place) this.#noteAddress(place.octet, place.names)
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
    const late = delay(pingDeadline, false, { ref: false })
    return await Promise.race([
      this.#docker.ping().then(
        () => true,
        () => false,
      ),
      late,
    ])
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
    await this.#remove(name, starting)
    this.#started.delete(name)
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

  /** Removes everything, also what is just starting. One that cannot be removed does not keep the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    const removals = await Promise.allSettled(
      [...this.#started].map(([name, starting]) => this.#remove(name, starting)),
    )
    const network = this.#docker.getNetwork(this.network.id)
    // A guest that has gone meanwhile is no longer on the network either.
    for (const id of this.#guests.values()) await network.disconnect({ Container: id, Force: true }).catch(() => {})
    await network.remove()
    for (const removal of removals) if (removal.status === 'rejected') throw removal.reason
  }

  #noteAddress(octet: number, names: readonly string[]): void {
    for (const name of names) this.#addresses.set(name.toLowerCase(), this.network.address(octet))
  }

  /** By name: a container whose program could not be started was created all the same. */
  async #remove(name: string, starting: Promise<unknown>): Promise<void> {
    await starting.catch(() => {})
    try {
      await this.#docker.getContainer(`${this.#prefix}-${name}`).remove({ force: true, v: true })
    } catch (error) {
      if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error
    }
  }

  async #launch(spec: ContainerSpec): Promise<void> {
    // After a failure the others may still be waiting for their turn: none starts behind the back of the clean-up.
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

  async #startContainer(spec: ContainerSpec): Promise<StartedTestContainer> {
    const [program = '', ...args] = spec.command
    return await new LabContainer(spec.image)
      .withName(`${this.#prefix}-${spec.name}`)
      .withLabels({ ...this.#labels })
      .withAutoCleanup(false)
      // Files bound from the user's folders carry labels that SELinux (Fedora, RHEL) would not let a container read.
      .withSecurityOpt('label=disable')
      .withEntrypoint([program])
      .withCommand(args)
      .withEnvironment({ ...spec.env })
      .withTmpFs(Object.fromEntries(spec.tmpfs.map((path) => [path, 'rw,mode=1777,exec'])))
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
    const end = performance.now() + readyDeadline
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
          await this.#obituary(
            `${spec.name} (${spec.command[0]})`,
            id,
            `was not ready within ${readyDeadline / 1000} s`,
          ),
        )
      await delay(pollEvery)
    }
  }

  async #obituary(who: string, id: string, how: string): Promise<string> {
    const lines = await lastLines(this.#docker, id, 12).catch(() => [])
    return `${who} ${how}.${lines.length > 0 ? ` Its last words:\n${lines.join('\n')}` : ' It said nothing.'}`
  }
}

/** Those that are waited for first, so that whoever waits finds them. @throws on a circle */
function inOrder(specs: readonly ContainerSpec[]): ContainerSpec[] {
  const ordered: ContainerSpec[] = []
  const visit = (spec: ContainerSpec, path: readonly string[]) => {
    if (ordered.includes(spec)) return
    if (path.includes(spec.name)) throw new Error(`${[...path, spec.name].join(' waits for ')}: a circle`)
    const before = 'beside' in spec.place ? [...spec.after, spec.place.beside] : spec.after
    for (const name of before) {
      const other = specs.find((one) => one.name === name)
      if (other) visit(other, [...path, spec.name])
    }
    ordered.push(spec)
  }
  for (const spec of specs) visit(spec, [])
  return ordered
}
