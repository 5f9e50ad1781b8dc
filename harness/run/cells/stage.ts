/**
 * What a case's own TypeScript step may do: send, sign in, keep connections open, stop the auth service, and ask what arrived.
 * A step stands beside its scenario, exports one function, and returns what it found; then the case's `send` and `expect` are judged as ever,
 * which shows that the path was alive and still is.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Exchange } from '../../clients/exchange.ts'
import { KeptAlive } from '../../clients/kept-alive.ts'
import { KeptHttp2 } from '../../clients/kept-http2.ts'
import { LiveSocket } from '../../clients/live-socket.ts'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { type Browser, type Interrupted, interruptedLogIn, newBrowser } from '../../identity/interrupted.ts'
import type { LogIn } from '../../identity/login.ts'
import type { UserName } from '../../identity/users.ts'
import type { Finding } from '../../judge/observation.ts'
import {
  type Case,
  type Destination,
  type Principal,
  type Send,
  type Transport,
  transports,
  type Vantage,
} from '../../plan/case.ts'
import { type Credentials, credentialsIn } from '../../plan/credentials.ts'
import { newForgedValue } from '../../plan/forged.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import { fillSend } from '../../plan/placeholders.ts'
import type { Variant } from '../../plan/proxy.ts'
import { missingFor } from '../../plan/vocabulary.ts'
import type { ConfiguredPath } from '../environments/configured-paths.ts'
import type { Listener } from '../environments/listeners.ts'
import type { Addresses, RunningEnvironment } from '../environments/running-environment.ts'
import { forgedForm, nameAt } from '../environments/user-names.ts'
import { contextOf, type Place } from './context.ts'
import { peerOf, sendOne } from './send.ts'

type Asking = {
  /** Default: the case's own. */
  readonly as?: Principal
  readonly from?: Vantage
  /** Or a second listener of the environment. */
  readonly to?: Destination | Listener
  readonly transport?: Transport
  /** Another `Cookie` header than that of `as`. */
  readonly cookie?: string
  /** Nothing of `as`, but a certificate of alice that an authority has issued which nobody trusts (feature `client-certificate`). */
  readonly certificate?: 'foreign'
}

/** `mark` finds the request among what arrived, see `belongsTo`. All requests of a step ask the same URL unless they say otherwise. */
export type Asked = { readonly mark: string; readonly exchange: Exchange }

type Connection = AsyncDisposable & {
  /** One after the other. Whoever asks may change from request to request. */
  readonly send: (request: Send, as: Principal) => Promise<Asked>
}

export type Stage = {
  /** Of the cell. */
  readonly transport: Transport
  /** Over which the environment can be asked. */
  readonly transports: readonly Transport[]
  /** The header that the gateway trusts. */
  readonly identity: string
  /** The header with a signed assertion of the user, and where the keys are (feature `jwt-assertion`). */
  readonly assertion?: NonNullable<Variant['assertion']>
  /** The proxy's public host name. */
  readonly host: string
  readonly addresses: Addresses
  /** What proxy and gateway can do (scenarios/features.yaml), for a step that varies what it sends. What a step cannot do without goes into `needs`. */
  readonly features: readonly string[]
  /** An operator's own configuration of the gateway: the file, and whom it trusts in this run. */
  readonly ownGateway?: NonNullable<RunningEnvironment['ownGateway']>
  /** What listens besides the proxy's public port and the gateway. */
  readonly listeners: readonly Listener[]
  /** Those that the variant lists or its configuration names. */
  readonly paths: readonly ConfiguredPath[]
  /** What a user shows with every request: the `Cookie` header, or a line of its own (feature `shown-secret`). */
  readonly shownBy: (user: 'alice' | 'bob') => Pick<Credentials, 'cookie' | 'header'>
  /** What the gateway is told of a user. */
  readonly nameOf: (user: UserName) => string
  /** How many requests at once are many: 200, and 20 where the same is asked of dozens of broken proxies. */
  readonly many: number
  /** On a connection of its own. Placeholders are filled in. Never rejects for what network and peer do. */
  readonly send: (request: Send, asking?: Asking) => Promise<Asked>
  /** A connection to the proxy from the internet that is kept: of HTTP/2 in a cell over h2, else of HTTP/1.1. */
  readonly connect: () => Connection
  /** A WebSocket through the proxy that stays open. @throws when the proxy or the gateway refuses */
  readonly openSocket: (as: Principal) => Promise<LiveSocket>
  /**
   * A browser of its own visits pages of the proxy as a user and follows all redirects (feature `log-in-page`).
   * @param start pages, where an OpenID provider is asked. @param brings cookies that it has already
   */
  readonly logIn: (user: UserName, start?: readonly string[], brings?: string) => Promise<LogIn>
  /** The same up to the proxy's callback address, which is not visited yet. @throws where it does not get there */
  readonly beginLogIn: (user: UserName) => Promise<Interrupted>
  /** A browser without any cookies. */
  readonly newBrowser: () => Browser
  /** Absent where the lab cannot stop it (feature `stoppable-auth`). Both resolve when it is done. */
  readonly auth?: { readonly stop: () => Promise<void>; readonly start: () => Promise<void> }
  /** The gateway program's own command line, inside its container. Absent where it has none. */
  readonly cli?: NonNullable<RunningEnvironment['cli']>
  /** Every request that this step has sent so far. */
  readonly sent: readonly { readonly as: Principal; readonly mark: string }[]
  /** Whatever of this step has arrived at a gateway that records (feature `recording`): everything that was answered before, and what went the same way before it. */
  readonly arrived: () => Promise<readonly Arrival[]>
}

type Step = (stage: Stage) => Promise<readonly Finding[]>

/** What a step came to. `failed`: half a sentence on why it could not come to its end, which is the harness's concern. */
type StepOutcome = { readonly findings: readonly Finding[] } | { readonly failed: string }

const deadlineMs = 5000

type Cell = { readonly case: Case; readonly transport: Transport }

type Parts = {
  readonly many: number
  /** Resolves when what was sent before has been recorded. */
  readonly fence: () => Promise<void>
}

/** Runs the function that the case names. Does not reject. */
export async function runStep(
  { file, function: name }: NonNullable<Case['step']>,
  asked: Cell,
  place: Place,
  parts: Parts,
): Promise<StepOutcome> {
  await using open = new AsyncDisposableStack()
  try {
    const module: Record<string, unknown> = await import(pathToFileURL(file).href)
    const step = z.custom<Step>((value) => typeof value === 'function').parse(module[name])
    const findings = await step(stageOf(asked, place, parts, open))
    return findings.length === 0 ? { failed: `its step ${name} found nothing to say` } : { findings }
  } catch (error) {
    return { failed: `its step ${name} ended early: ${error instanceof Error ? error.message : String(error)}` }
  } finally {
    // Whatever a step did to the environment ends with it.
    await place.environment.auth?.start()
  }
}

function stageOf(
  { case: asked, transport }: Cell,
  place: Place,
  { many, fence }: Parts,
  open: AsyncDisposableStack,
): Stage {
  const { planned, environment } = place
  const since = environment.recordings?.last ?? 0
  const evil = newForgedValue(forgedForm(environment))
  const cellMark = newCellMark()
  const sent: { as: Principal; mark: string }[] = []
  const { host, identity } = planned.variant
  const proxyFor = (as: Principal) => peerOf('internet', 'proxy', host, environment, as)
  const features = [...planned.variant.features, ...planned.gatewayFeatures]
  const site = {
    start: `https://${host}/`,
    dial: environment.dial.internet,
    ca: environment.ca,
    provider: environment.provider ?? 'idp.test',
    ...(planned.variant.login.portal !== undefined && { portal: planned.variant.login.portal }),
  }
  const context = (as: Principal, { cookie, certificate }: Pick<Asking, 'cookie' | 'certificate'> = {}) => {
    const mark = requestMark(cellMark, sent.length + 1)
    sent.push({ as, mark })
    const { foreign, sessions } = environment
    const own = cookie === undefined ? credentialsIn(sessions[as]) : { cookie }
    const shown = certificate === 'foreign' ? { cookie: '', ...(foreign && { certificate: foreign }) } : own
    return contextOf(place, { ...shown, evil, mark }, as)
  }
  const send: Stage['send'] = async (request, asking = {}) => {
    const as = asking.as ?? asked.as
    const filled = context(as, asking)
    const from = asking.from ?? asked.from
    const to = asking.to ?? (asking.from === undefined ? asked.to : from === 'internet' ? 'proxy' : 'gateway')
    const over = asking.transport ?? transport
    const exchange = await sendOne(fillSend(request, filled), over, { from, to, as }, filled, environment)
    return { mark: filled.mark, exchange }
  }
  const asAlice = async () => (await send({}, { as: 'alice', transport: 'http' })).exchange.response?.status
  return {
    transport,
    identity,
    ...(planned.variant.assertion && { assertion: planned.variant.assertion }),
    host,
    many,
    sent,
    addresses: environment.addresses,
    transports: transports.filter((one) => missingFor(one, features).length === 0),
    features,
    ...(environment.ownGateway && { ownGateway: environment.ownGateway }),
    listeners: environment.listeners,
    paths: environment.paths,
    shownBy: (user) => credentialsIn(environment.sessions[user]),
    nameOf: (user) => nameAt(environment, user),
    send,
    connect() {
      const own = open.use(new AsyncDisposableStack())
      const opened = new Map<Principal | 'anybody', KeptHttp2 | KeptAlive>()
      const connectionOf = (as: Principal) => {
        // A connection belongs to the address from which it comes.
        const whose = environment.nodes === undefined ? 'anybody' : as
        const known = opened.get(whose)
        if (known !== undefined) return known
        const peer = proxyFor(as)
        const connection = own.use(
          transport === 'h2' ? new KeptHttp2(peer, deadlineMs) : new KeptAlive(peer, deadlineMs),
        )
        opened.set(whose, connection)
        return connection
      }
      return {
        async send(request, as) {
          const filled = context(as)
          return { mark: filled.mark, exchange: await connectionOf(as).send(fillSend(request, filled), filled) }
        },
        [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
      }
    },
    async openSocket(as) {
      return open.use(await LiveSocket.open(proxyFor(as), context(as), deadlineMs))
    },
    logIn: (user, start, brings) =>
      environment.logIn(user, {
        ...(start && { start: start.map((page) => new URL(page, `https://${host}`).href) }),
        ...(brings !== undefined && { brings }),
      }),
    beginLogIn: async (user) => open.use(await interruptedLogIn({ ...site, user })),
    newBrowser: () => open.use(newBrowser({ ...site, user: 'alice' })),
    ...(environment.auth && { auth: recovering(environment.auth, asAlice) }),
    ...(environment.cli && { cli: environment.cli }),
    async arrived() {
      await fence()
      return environment.recordings?.since(since) ?? []
    },
  }
}

/** Longest time in which a proxy notices that its auth service is back, in milliseconds. Envoy asks for its address every five seconds. */
const recoveryMs = 15_000

/** A proxy that has not noticed yet would make the next cells red, for which the lab is to blame. @param ask the status that alice gets */
export function recovering(auth: Auth, ask: () => Promise<number | undefined>): Auth {
  let usual: number | undefined
  return {
    async stop() {
      usual = await ask()
      await auth.stop()
    },
    async start() {
      await auth.start()
      const until = performance.now() + recoveryMs
      while ((await ask()) !== usual && performance.now() < until) await delay(100)
    },
  }
}

type Auth = NonNullable<RunningEnvironment['auth']>
