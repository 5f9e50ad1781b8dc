/** The contract vectors against a real program: one that runs, seen from every station, under one configuration after the other. */

import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Addresses,
  compared,
  configOf,
  openSocket,
  send,
  type Target,
  type VectorConfig,
} from '../../gateways/contract/ask.ts'
import { endOf, type ReloadVector } from '../../gateways/contract/reload-vectors.ts'
import { expectedOf, namesOf, type Station, type Vector } from '../../gateways/contract/vector.ts'
import type { ConfigName } from '../../gateways/contract/vector-configs.ts'
import { type Program, programOf } from '../../gateways/programs.ts'
import { ContainerLab } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import type { Dial } from '../../lab/dial.ts'
import { gatewayPort } from '../../lab/ports.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import { relaySpec } from '../environments/container-specs.ts'
import type { EngineAccess } from '../environments/order.ts'
import {
  acceptance,
  gatewaySpec,
  readyAnswer,
  reloadDeadline,
  startDeadline,
  untilYes,
  writeConfig,
} from '../environments/real-gateway.ts'
import type { ContractOrder, ContractRow, PreparedProgram } from '../protocol/contract.ts'

/** What one file of tests is about. */
export type ContractTask = Omit<ContractOrder, 'programs'> & {
  readonly program: PreparedProgram
  readonly engine: EngineAccess
  readonly runId: string
  readonly folder: string
}

const answerDeadline = 10_000
/** A version that restarts for a change may wait for its clients first. */
const openDeadline = 90_000
/** Where who shows which configuration is in force dials from: a listed proxy that no vector speaks of. Two, so that the list itself is seen to change. */
const witnessOctets = [octets.further, octets.further + 1] as const

type Stations = Readonly<Record<Station, { readonly dial: Dial; readonly host: string }>>

export class ContractLab implements AsyncDisposable {
  readonly #program: Program
  readonly #lab: ContainerLab
  readonly #folder: string
  readonly #addresses: Addresses
  readonly #stations: Stations
  readonly #witnesses: readonly Dial[]
  #written = 0
  #userHeader = ''

  private constructor(
    program: Program,
    lab: ContainerLab,
    folder: string,
    stations: (addresses: Addresses) => Stations,
    witnesses: readonly Dial[],
  ) {
    this.#program = program
    this.#lab = lab
    this.#folder = folder
    this.#addresses = {
      proxy: lab.network.address(octets.proxy),
      gateway: lab.network.address(octets.gateway),
      intruder: lab.network.address(octets.intruder),
    }
    this.#stations = stations(this.#addresses)
    this.#witnesses = witnesses
  }

  /** Starts the program under the first of its configurations. @throws with its last log lines when it does not run */
  static async start({ program: prepared, engine, runId, folder }: ContractTask, first: ConfigName) {
    const { harness, gateway } = prepared.services
    const program = programOf(prepared.name, prepared.version)
    const own = join(folder, `${program.name}-${program.version}`)
    await mkdir(join(own, 'config'), { recursive: true })
    await using stack = new AsyncDisposableStack()
    const lab = await ContainerLab.create(
      engine.socket,
      runId,
      `conformance-${runId}-${program.name}-${program.version}`,
    )
    stack.use(lab)
    const [proxy, intruder, beside, ...witnesses] = await Promise.all([
      relaySpec(harness, own, 'proxy', { octet: octets.proxy, names: ['proxy'] }),
      relaySpec(harness, own, 'intruder', { octet: octets.intruder, names: ['intruder'] }),
      relaySpec(harness, own, 'beside', { beside: 'gateway' }),
      ...witnessOctets.map((octet, at) =>
        relaySpec(harness, own, `witness-${at}`, { octet, names: [`witness-${at}`] }),
      ),
    ])
    const dial = { proxy: dialThrough(proxy.socket), beside: dialThrough(beside.socket) }
    const made = new ContractLab(
      program,
      lab,
      own,
      (addresses) => ({
        proxy: { dial: dial.proxy, host: addresses.gateway },
        intruder: { dial: dialThrough(intruder.socket), host: addresses.gateway },
        loopback: { dial: dial.beside, host: '127.0.0.1' },
        // Who dials an address of its own host comes from that very address.
        'own-address': { dial: dial.beside, host: addresses.gateway },
      }),
      witnesses.map(({ socket }) => dialThrough(socket)),
    )
    const inForce = await made.#write(first)
    const relays = [proxy, intruder, beside, ...witnesses].map(({ spec }) => spec)
    await lab.start([gatewaySpec(program, gateway, own), ...relays])
    const howItEnded = () => lab.obituary('gateway')
    await untilYes('was not ready', startDeadline, () => made.#ready(), howItEnded)
    await inForce()
    stack.move()
    return made
  }

  /** Resolves when the program decides by this configuration. */
  async configure(name: ConfigName, deadline = reloadDeadline): Promise<void> {
    const inForce = await this.#write(name, deadline)
    await inForce()
  }

  /** Sends the vectors one after the other. */
  async ask(asked: readonly Vector[]): Promise<ContractRow[]> {
    const rows: ContractRow[] = []
    for (const vector of asked) rows.push(await this.#ask(vector))
    return rows
  }

  /** Opens a WebSocket under one configuration, and waits for its end under the next. */
  async reload(vector: ReloadVector): Promise<ContractRow> {
    const expected = endOf(vector, namesOf(this.#program))
    if (expected === undefined) throw new Error(`${vector.id} does not apply to ${this.#program.version}`)
    await this.configure(vector.before)
    await using socket = await openSocket(vector, this.#target())
    const late = new AbortController()
    const closed = socket.closed(late.signal)
    await this.configure(vector.after, openDeadline)
    // In force: a close that comes at all is already on its way.
    const timer = setTimeout(() => late.abort(), answerDeadline)
    const heard = await closed.finally(() => clearTimeout(timer))
    return { id: vector.id, expected, heard }
  }

  async #ask(vector: Vector): Promise<ContractRow> {
    const expected = expectedOf(vector, namesOf(this.#program))
    if (expected === null) throw new Error(`${vector.id} does not apply to ${this.#program.version}`)
    const heard = await send(vector, this.#target()).catch((error: Error) => error)
    if (heard instanceof Error)
      return { id: vector.id, expected: JSON.stringify(expected), heard: `nothing: ${heard.message}` }
    return { id: vector.id, ...compared(vector, expected, heard), detail: JSON.stringify(heard).slice(0, 300) }
  }

  #target(): Target {
    return {
      dial: (from: Station) => this.#stations[from].dial(this.#stations[from].host, gatewayPort),
      addresses: this.#addresses,
      protocol: this.#program.rules.protocol,
      deadlineMs: answerDeadline,
    }
  }

  /** @returns a wait for the configuration: somebody is accepted whom no other one lets in */
  async #write(name: ConfigName, deadline = reloadDeadline): Promise<() => Promise<void>> {
    const config = configOf(name, this.#addresses)
    const { userHeader, requiredHeaders = [], allowUsers } = config.gateway.auth.trustedProxy
    // Whom everybody is let in with, nobody tells apart; but the header that is read does.
    if (allowUsers === undefined && userHeader === this.#userHeader) await this.configure('C1')
    const user = `witness-${randomBytes(6).toString('hex')}@conformance.test`
    const at = this.#written++ % witnessOctets.length
    const dial = this.#witnesses[at]
    const octet = witnessOctets[at]
    if (dial === undefined || octet === undefined) throw new Error('there are two witnesses')
    this.#userHeader = userHeader
    await writeConfig(this.#folder, {
      ...this.#program.sections,
      ...witnessed(config, this.#lab.network.address(octet), user),
    })
    const headers = [
      [userHeader, user] as const,
      ['X-Forwarded-For', '203.0.113.7'] as const,
      ...requiredHeaders.map((header) => [header, 'https'] as const),
    ]
    const howItEnded = () => this.#lab.obituary('gateway')
    return async () => {
      const accepted = () => acceptance(dial, this.#addresses.gateway, headers)
      await untilYes(`did not take over the configuration ${name}`, deadline, accepted, howItEnded)
      // A restart in process lets HTTP in before WebSockets, which it sends away with 1013.
      await untilYes(`was not ready again under ${name}`, deadline, () => this.#ready(), howItEnded)
    }
  }

  #ready() {
    return readyAnswer(this.#stations.loopback.dial, this.#program)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lab[Symbol.asyncDispose]()
  }
}

/** One proxy and one user more, so that it shows when the configuration is in force. */
function witnessed(config: VectorConfig, proxy: string, user: string): VectorConfig {
  const { gateway } = config
  const { trustedProxy } = gateway.auth
  const { allowUsers } = trustedProxy
  return {
    ...config,
    gateway: {
      ...gateway,
      trustedProxies: [...gateway.trustedProxies, proxy],
      auth: {
        ...gateway.auth,
        trustedProxy: { ...trustedProxy, ...(allowUsers && { allowUsers: [...allowUsers, user] }) },
      },
    },
  }
}
