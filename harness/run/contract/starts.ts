/** Programs that are started for one question each: does it start with this configuration, and what does its own audit say of it. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Program, programOf } from '../../gateways/programs.ts'
import { ContainerLab, type ContainerSpec } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import type { Dial } from '../../lab/dial.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import { relaySpec } from '../environments/container-specs.ts'
import { gatewaySpec, readyAnswer, startDeadline, untilYes, writeConfig } from '../environments/real-gateway.ts'
import type { ContractTask } from './contract-lab.ts'

/** How many at the same time: as many as vitest runs (`maxConcurrency`). */
const slots = 2

/** A network namespace of its own, held open by a relay, so that the program may end when it likes. */
type Slot = { readonly name: string; readonly dial: Dial }

/** Some are asked at the same time, and one that gives up takes longer than one that starts: 80 s were seen on a machine with other work. */
const settleDeadline = 2 * startDeadline

type Start = { readonly heard: 'starts' | `exit ${number}`; readonly lastLogLines: string }

export class ContractStarts implements AsyncDisposable {
  readonly #program: Program
  readonly #prepared: PreparedService
  readonly #lab: ContainerLab
  readonly #folder: string
  readonly #free: Slot[]
  #count = 0

  private constructor(program: Program, prepared: PreparedService, lab: ContainerLab, folder: string, free: Slot[]) {
    this.#program = program
    this.#prepared = prepared
    this.#lab = lab
    this.#folder = folder
    this.#free = free
  }

  static async create({ program: prepared, engine, runId, folder }: ContractTask): Promise<ContractStarts> {
    const { name, version, services } = prepared
    const own = join(folder, `${name}-${version}-starts`)
    await mkdir(own, { recursive: true })
    await using stack = new AsyncDisposableStack()
    const lab = stack.use(
      await ContainerLab.create(engine.socket, runId, `conformance-${runId}-${name}-${version}-starts`),
    )
    const relays = await Promise.all(
      Array.from({ length: slots }, async (_, at) => {
        const slot = `slot-${at}`
        const octet = octets.further + at
        const { spec, socket } = await relaySpec(services.harness, own, slot, { octet, names: [slot] })
        return { spec, slot: { name: slot, dial: dialThrough(socket) } }
      }),
    )
    await lab.start(relays.map(({ spec }) => spec))
    stack.move()
    const free = relays.map(({ slot }) => slot)
    return new ContractStarts(programOf(name, version), services.gateway, lab, own, free)
  }

  /** Starts it with this configuration. @throws when it neither answers nor ends */
  start(gateway: unknown, environment: ContainerSpec['env'] = {}): Promise<Start> {
    return this.#once(
      gateway,
      environment,
      (command) => command,
      async (name, { dial }) => {
        let ended: number | undefined
        const settled = async () => {
          ended = await this.#lab.exitCode(name)
          return ended === undefined ? await readyAnswer(dial, this.#program) : 'yes'
        }
        await untilYes('neither started nor ended', settleDeadline, settled, async () => undefined)
        const lastLogLines = (await this.#lab.log(name, 4)).join(' / ')
        return { heard: ended === undefined ? 'starts' : `exit ${ended}`, lastLogLines }
      },
    )
  }

  /** Its own audit of this configuration. @returns severity by finding. @throws when it prints no findings */
  audit(gateway: unknown): Promise<Readonly<Record<string, string>>> {
    const [node = '', main = ''] = this.#command()
    // The shell writes what it prints: its log goes to the same place otherwise.
    const command = ['sh', '-c', 'exec "$@" >/etc/gateway/audit.json', 'sh', node, main, 'security', 'audit', '--json']
    return this.#once(
      gateway,
      {},
      () => command,
      async (name, _, folder) => {
        const ended = async () => ((await this.#lab.exitCode(name)) === undefined ? { not: 'it runs' } : 'yes')
        await untilYes('did not end its audit', settleDeadline, ended, async () => undefined)
        const text = await readFile(join(folder, 'config', 'audit.json'), 'utf8')
        if (text.trim() === '') throw new Error(`no findings: ${(await this.#lab.log(name, 4)).join(' / ')}`)
        const report: { findings: { checkId: string; severity: string }[] } = JSON.parse(text)
        return Object.fromEntries(report.findings.map(({ checkId, severity }) => [checkId, severity]))
      },
    )
  }

  #command(): readonly string[] {
    return gatewaySpec(this.#program, this.#prepared, this.#folder).command
  }

  async #once<Answer>(
    gateway: unknown,
    environment: ContainerSpec['env'],
    command: (gateway: readonly string[]) => readonly string[],
    ask: (name: string, slot: Slot, folder: string) => Promise<Answer>,
  ): Promise<Answer> {
    const slot = this.#free.pop()
    if (slot === undefined) throw new Error(`more than ${slots} at the same time`)
    const name = `start-${this.#count++}`
    const folder = join(this.#folder, name)
    try {
      await mkdir(join(folder, 'config'), { recursive: true })
      await writeConfig(folder, { ...this.#program.sections, gateway })
      const spec = gatewaySpec(this.#program, this.#prepared, folder)
      await this.#lab.start([
        {
          ...spec,
          name,
          command: command(spec.command),
          env: { ...spec.env, ...environment },
          place: { beside: slot.name },
        },
      ])
      return await ask(name, slot, folder)
    } finally {
      await this.#lab.remove(name)
      this.#free.push(slot)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lab[Symbol.asyncDispose]()
  }
}
