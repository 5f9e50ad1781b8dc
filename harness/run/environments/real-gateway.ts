/**
 * A real gateway program in a container, shared by environments, one after the other: it takes ten seconds and a gigabyte to start,
 * and one second to take over a configuration that is written while it runs (docs/gateways.md#g1-5-changes-while-running).
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sendHttp1 } from '../../clients/http1.ts'
import { type Program, programOf } from '../../gateways/programs.ts'
import type { Profile } from '../../gateways/rules/profiles.ts'
import { realGateway } from '../../lab/containers/confinement.ts'
import { ContainerLab, type ContainerSpec } from '../../lab/containers/container-lab.ts'
import { octets } from '../../lab/containers/network.ts'
import type { Dial } from '../../lab/dial.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import { gatewayPort } from '../../lab/ports.ts'
import { dialThrough } from '../../lab/vantage/dial.ts'
import type { HeaderLine } from '../../plan/case.ts'
import type { GatewayEnvironment, OwnGateway } from '../../plan/gateway-file/own-gateway.ts'
import { hostNamesOf, relaySpec, serviceOf, shortName } from './container-specs.ts'
import type { GatewaySite, LabGateway } from './gateway.ts'
import { programInRun } from './gateway-config.ts'
import { GatewayRefusal } from './gateway-refusal.ts'
import type { StartOrder } from './order.ts'
import { type GatewayInRun, refusal, refusalOf } from './own-gateway-config.ts'
import { statusOf } from './readiness.ts'

/** How long a written configuration may take to be in force, in milliseconds. 2026.8.1 restarts in process; measured up to 4.5 s on a busy machine. */
export const reloadDeadline = 30_000
/** 7 to 11 s on two idle cores, 18 s were seen beside other work (docs/gateways.md#g1-6-running-the-programs). */
export const startDeadline = 90_000
const pollEvery = 50

type Home = { readonly lab: ContainerLab; readonly beside: Dial; readonly folder: string }

export class RealGateway implements AsyncDisposable {
  readonly #program: Program
  readonly #order: StartOrder
  #home: Promise<Home> | undefined

  /** @param order of the first environment that wants it. Nothing is started yet. */
  constructor(order: StartOrder) {
    const { gateway } = order.environment
    if (!('version' in gateway)) throw new Error(`${gateway.name} is no program`)
    this.#program = programOf(gateway.name, gateway.version)
    this.#order = order
  }

  get title(): string {
    return this.#program.title
  }

  /** Starts it for the first environment, and puts it into the network of each. @throws with its last log lines when it does not run */
  async serve(site: GatewaySite): Promise<LabGateway> {
    const { environment, lab, proxyAddress, password, network } = site
    const { variant } = environment
    // Nobody else knows this name: who is accepted by it is judged by this environment's configuration.
    const witness = `witness-${randomBytes(6).toString('hex')}@conformance.test`
    const { rules } = this.#program
    const { own, port = gatewayPort } = variant.gateway
    const { configuration, written } = programInRun(this.#program, {
      variant,
      proxyAddress,
      password,
      witness,
      port,
      network,
    })
    const { config } = written
    const starts = this.#home === undefined
    this.#home ??= this.#start(site.harness, config, configuration.environment)
    if (own !== undefined) await this.#home.catch((error: Error) => refuseIfEnded(error, own, configuration, rules))
    const { lab: home, beside, folder } = await this.#home
    const howItEnded = () => home.obituary('gateway')
    if (!starts) {
      const end = await howItEnded()
      if (end !== undefined) throw new Error(end)
      await writeConfig(folder, config)
    }
    await lab.invite('gateway', await home.idOf('gateway'), octets.gateway, hostNamesOf('gateway', variant))
    const address = variant.topology === 'sidecar' ? '127.0.0.1' : lab.network.address(octets.gateway)
    return {
      configuration,
      written,
      specs: [],
      beside,
      settled: async (proxySide) => {
        // It started with this configuration, which need not let anybody in.
        if (starts) return undefined
        const headers: HeaderLine[] = [
          [variant.identity, witness],
          ['X-Forwarded-For', lab.network.address(octets.internet)],
          ...variant.requiredHeaders.map((name): HeaderLine => [name, 'https']),
        ]
        await untilYes(
          'did not take over its configuration',
          reloadDeadline,
          () => acceptance(proxySide, address, headers),
          howItEnded,
        )
        await untilYes(
          'was not ready again',
          reloadDeadline,
          () => readyAnswer(beside, this.#program, port),
          howItEnded,
        )
        return undefined
      },
      cli: (args) => home.run('gateway', ['node', `/opt/node_modules/${this.#program.main}`, ...args]),
      log: (count) => home.log('gateway', count),
    }
  }

  async #start(harness: PreparedService, config: unknown, variables: GatewayEnvironment): Promise<Home> {
    const { environment, engine, runId, folder, keep } = this.#order
    if (engine === undefined) throw new Error(`${environment.id} needs a container engine`)
    const own = join(folder, `gateway-${shortName(environment.id)}`)
    await mkdir(join(own, 'config'), { recursive: true })
    await writeConfig(own, config)
    await using stack = new AsyncDisposableStack()
    const lab = await ContainerLab.create(
      engine.socket,
      runId,
      `conformance-${runId}-gateway-${shortName(environment.id)}`,
    )
    stack.use(lab)
    const relay = await relaySpec(harness, own, 'gateway-side', { beside: 'gateway' })
    const beside = dialThrough(relay.socket)
    const { variant } = environment
    const { port = gatewayPort } = variant.gateway
    const spec = gatewaySpec(this.#program, serviceOf(environment, 'gateway'), own, port)
    await lab.start([{ ...spec, env: { ...spec.env, ...variables } }, relay.spec])
    await untilYes(
      'was not ready',
      // A program that gives up takes longer than one that starts.
      variant.gateway.own === undefined ? startDeadline : 2 * startDeadline,
      () => readyAnswer(beside, this.#program, port),
      () => endOf(lab, variant.gateway.own),
    )
    const resources = stack.move()
    if (!keep) this.#stop = () => resources.disposeAsync()
    return { lab, beside, folder: own }
  }

  #stop: () => Promise<void> = async () => {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home?.catch(() => {})
    await this.#stop()
  }
}

export function gatewaySpec(
  { main, environment, variables }: Program,
  { image, binds }: PreparedService,
  folder: string,
  port = gatewayPort,
): ContainerSpec {
  return {
    name: 'gateway',
    image: image.reference,
    command: ['node', `/opt/node_modules/${main}`, 'gateway', 'run', '--port', String(port)],
    env: {
      ...environment,
      NODE_NO_WARNINGS: '1',
      HOME: '/home/gateway',
      [variables.config]: '/etc/gateway/gateway.json',
      [variables.state]: '/home/gateway/state',
    },
    binds: [...binds, { source: join(folder, 'config'), target: '/etc/gateway', writable: true }],
    tmpfs: ['/home/gateway', '/tmp'],
    // BuilderForce makes a folder where it starts, and everything else is read-only.
    folder: '/home/gateway',
    allowance: realGateway,
    place: { octet: octets.gateway, names: ['gateway'] },
    after: [],
  }
}

/** The folder is bound, not the file: a program that watches it sees a whole new file, never a half-written one. */
export async function writeConfig(folder: string, config: unknown): Promise<void> {
  const file = join(folder, 'config', 'gateway.json')
  await writeFile(`${file}.new`, JSON.stringify(config, null, 2))
  await rename(`${file}.new`, file)
}

/** The probe from the proxy's address: who is accepted by name shows which configuration decides. */
export async function acceptance(dial: Dial, host: string, headers: readonly HeaderLine[]): Promise<Answer> {
  const peer = { dial, host, port: gatewayPort }
  const { verdict, response, fault } = await sendHttp1(
    peer,
    { headers },
    { ...nobody, host: `${host}:${gatewayPort}` },
    'http',
  )
  if (verdict.kind === 'accepted') return 'yes'
  return { not: response === undefined ? (fault ?? 'the connection closed') : `${response.status} ${response.body}` }
}

/** The program's own health answer, and that of its WebSocket, which on a busy machine refuses everybody for a while: "gateway starting; retry shortly". */
export async function readyAnswer(
  beside: Dial,
  { readyPath = '/' }: Pick<Program, 'readyPath'>,
  port = gatewayPort,
): Promise<Answer> {
  const url = new URL(readyPath, `http://127.0.0.1:${port}`)
  const status = await statusOf(url, url.hostname, beside, '').catch((error: Error) => error.message)
  if (status !== 200) return { not: String(status) }
  const peer = { dial: beside, host: url.hostname, port }
  const { verdict, response, fault } = await sendHttp1(peer, {}, { ...nobody, host: url.host }, 'websocket')
  if (response === undefined) return { not: fault ?? 'the connection closed' }
  const refusal = verdict.kind === 'refused' ? verdict.reason : undefined
  return refusal !== undefined && /gateway starting/.test(refusal) ? { not: refusal } : 'yes'
}

/** A program that ended before it was ready, or says that it will. */
class EndedGateway extends Error {
  override readonly name = 'EndedGateway'
  /** Unknown while it still writes its diagnosis. */
  readonly exitCode: number | undefined

  constructor(message: string, exitCode: number | undefined) {
    super(message)
    this.exitCode = exitCode
  }
}

/** 2026.9.6 says this first, and then looks for the cause by itself, which takes most of a minute on a busy machine. */
const givesUp = /Gateway failed to start: (.*)/

/** @throws EndedGateway once the program has ended, or has given up an operator's configuration */
async function endOf(lab: ContainerLab, own: OwnGateway | undefined): Promise<undefined> {
  const end = await lab.obituary('gateway')
  if (end !== undefined) throw new EndedGateway(end, (await lab.exitCode('gateway')) ?? 0)
  const lines = own === undefined ? [] : await lab.log('gateway', 40)
  const words = lines.map((line) => givesUp.exec(line)?.[1]).find((found) => found !== undefined)
  if (words !== undefined) throw new EndedGateway(words, undefined)
}

/** An end at the start is the program's word on the configuration. The rules say why in fewer words, where they refuse it as well. */
function refuseIfEnded(error: Error, own: OwnGateway, configuration: GatewayInRun, rules: Profile): never {
  if (!(error instanceof EndedGateway)) throw error
  const { exitCode } = error
  const byRules = refusalOf(configuration, own, rules)
  const words = byRules ?? refusal(own.shown, error.message, exitCode)
  const told = exitCode === undefined ? words : words.replace(/\(exit code \d+\)/, `(exit code ${exitCode})`)
  throw new GatewayRefusal(told, configuration.replaced)
}

const nobody = { cookie: '', mark: '', password: '' }

export type Answer = 'yes' | { readonly not: string }

/** @param howItEnded one sentence, once the program has ended. @throws that, or after `deadlineMs` what it answered last */
export async function untilYes(
  what: string,
  deadlineMs: number,
  ask: () => Promise<Answer>,
  howItEnded: () => Promise<string | undefined>,
): Promise<void> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer === 'yes') return
    const ended = await howItEnded()
    if (ended !== undefined) throw new Error(ended)
    if (performance.now() > end)
      throw new Error(`the gateway ${what} within ${deadlineMs / 1000} s; its last answer: ${answer.not.slice(0, 300)}`)
    await delay(pollEvery)
  }
}
