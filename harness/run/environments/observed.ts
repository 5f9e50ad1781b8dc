/** What an environment shows of itself once it is ready. What is seen is tested, whether `proxy.yaml` declares it or not; what is declared too. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { sendHttp1 } from '../../clients/http1.ts'
import { offersWebSocketOverHttp2 } from '../../clients/websocket-h2.ts'
import { usualLimits } from '../../clients/wire.ts'
import { belongsTo } from '../../gateways/recording/owner.ts'
import type { Recordings } from '../../gateways/recording/recordings.ts'
import { recording } from '../../judge/status.ts'
import type { Dial } from '../../lab/dial.ts'
import type { Case } from '../../plan/case.ts'
import { type Credentials, noCredentials } from '../../plan/credentials.ts'
import type { PlannedEnvironment } from '../../plan/expand.ts'
import { newCellMark, requestMark } from '../../plan/marks.ts'
import type { Variant } from '../../plan/proxy.ts'
import { pathFeatures } from '../../plan/services.ts'
import { signInNeeds } from '../../plan/sign-in-features.ts'
import { type ConfiguredPath, type ConfiguredPaths, configuredPaths } from './configured-paths.ts'
import { type Listener, missingListener, publicPort } from './listeners.ts'

type Observed = {
  /** Of the variant: declared or seen. */
  readonly features: readonly string[]
  /** One sentence for each that is declared and not seen, or seen and not declared. */
  readonly notes: readonly string[]
  /** Beside those that cases name themselves. */
  readonly paths: readonly ConfiguredPath[]
}

export type PublicSide = { readonly dial: Dial; readonly host: string; readonly ca: string }

const handshakeDeadline = 2000
const recordDeadline = 5000
/** As the gateway's probe, without a session. */
const nobody = { cookie: '', password: '' }

/** Asks the proxy as a stranger does; with `shown` where TLS asks for a certificate before anything else. Never rejects: what does not answer is not seen. */
export async function observe(
  variant: Pick<Variant, 'features' | 'host' | 'folder' | 'services' | 'gateway' | 'login' | 'paths' | 'exempt'>,
  { dial, ca }: Omit<PublicSide, 'host'>,
  listeners: readonly Listener[],
  recordings: Recordings | undefined,
  shown: Credentials = noCredentials,
): Promise<Observed> {
  const { features, host } = variant
  const publicSide = { dial, host, ca }
  const [protocol, configured, exempt] = await Promise.all([
    alpnOf(publicSide, publicPort).catch(() => undefined),
    configuredPaths(variant),
    // A gateway that keeps no record may answer an exempt path as a proxy would: nothing is concluded.
    // Where nobody signs in every path is such a one.
    variant.login.signIn?.kind === 'none' ? undefined : recordings && isForwarded('/public/x', publicSide, recordings),
  ])
  const peer = { dial, host, port: publicPort, tls: { ca, servername: host } }
  const limits = { ...usualLimits, deadlineMs: handshakeDeadline }
  const offered = protocol === 'h2' && (await offersWebSocketOverHttp2(peer, shown, limits))
  const looks = {
    h2: { seen: protocol === 'h2', how: 'TLS on the public port chooses HTTP/2 (ALPN)' },
    ...(exempt !== undefined && {
      'public-route': { seen: exempt, how: 'a request to /public/x without a session reaches the gateway' },
    }),
  }
  const { features: found, notes } = compared(features, looks)
  // Nobody declares these.
  const further = [
    ...(offered ? ['websocket-h2'] : []),
    ...(listeners.length > 0 ? [furtherListener] : []),
    ...(configured.paths.length > 0 ? [pathFeatures.named] : []),
    ...(configured.paths.some((path) => path.exempt) ? [pathFeatures.exempt] : []),
  ]
  return {
    features: [...new Set([...found, ...further])],
    notes: [...notes, ...notVisited(configured, recordings)],
    paths: configured.paths,
  }
}

/** So many are named in a note. */
const shown = 5

/** What the configuration names and no case visits. */
function notVisited({ paths, unvisited }: ConfiguredPaths, recordings: Recordings | undefined): string[] {
  const named = paths.filter(({ path }) => !/^\/public(\/|$)/.test(path)).map(({ path }) => path)
  // A gateway that keeps no record does not show what arrived there.
  const unseen =
    recordings === undefined && named.length > 0 ? [`${listed(named)} (this gateway does not record requests)`] : []
  const all = [...unvisited, ...unseen]
  return all.length === 0 ? [] : [`The configuration names paths to which no case went: ${listed(all)}.`]
}

function listed(all: readonly string[]): string {
  const more = all.length - shown
  return all.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

const furtherListener = 'second-listener'

type Looks = Readonly<Record<string, { readonly seen: boolean; readonly how: string }>>

export function compared(declared: readonly string[], looks: Looks): Pick<Observed, 'features' | 'notes'> {
  const found = Object.entries(looks)
  const seen = found.filter(([, look]) => look.seen).map(([feature]) => feature)
  return {
    features: [...new Set([...declared, ...seen])],
    notes: found.flatMap(([feature, look]) => {
      if (look.seen === declared.includes(feature)) return []
      return look.seen
        ? [`Feature ${feature} was seen though proxy.yaml does not list it: ${look.how}. Its cases ran.`]
        : [
            `Feature ${feature} is listed in proxy.yaml and was not seen: not true that ${look.how}. Its cases ran all the same.`,
          ]
    }),
  }
}

/** @returns the protocol that the peer chose, or `undefined` for none. @throws where it does not speak TLS */
export async function alpnOf({ dial, host, ca }: PublicSide, port: number): Promise<string | undefined> {
  const plain = await dial(host, port)
  // Whose certificate it is does not matter here.
  const secure = connect({
    socket: plain,
    servername: host,
    ca,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  secure.on('error', () => {})
  try {
    await once(secure, 'secureConnect', { signal: AbortSignal.timeout(handshakeDeadline) })
    return secure.alpnProtocol || undefined
  } finally {
    secure.destroy()
    plain.destroy()
  }
}

/** Whether a request without a session reaches the gateway. */
async function isForwarded(target: string, { dial, host, ca }: PublicSide, recordings: Recordings): Promise<boolean> {
  const peer = { dial, host, port: publicPort, tls: { ca, servername: host } }
  const mark = requestMark(newCellMark(), 1)
  const since = recordings.last
  await sendHttp1(peer, { target }, { ...nobody, host, mark }, 'http')
  await recordings.caughtUp(recordDeadline).catch(() => {})
  return recordings.since(since).some((arrival) => belongsTo(arrival, mark))
}

/** The plan for an environment as it turned out to be: with its features, and without cases that would connect to nobody. */
export function planAsObserved(
  planned: PlannedEnvironment,
  { features, listeners }: { readonly features: readonly string[]; readonly listeners: readonly Listener[] },
): PlannedEnvironment {
  return {
    ...planned,
    variant: { ...planned.variant, features },
    cells: planned.cells.map((cell) => {
      const missing = missingListener(cell.case, listeners)
      const needs = [...signInNeeds(cell.case), ...(missing === undefined ? [] : [missing])]
      const asked = asBobHimself(cell.case, planned)
      return needs.length === 0
        ? { ...cell, case: asked }
        : { ...cell, case: { ...asked, needs: [...asked.needs, ...needs] } }
    }),
  }
}

/**
 * A gateway without a list of users accepts bob as well, as himself: what must not be is that he is accepted as somebody else. One that does not
 * record requests cannot show as whom.
 */
function asBobHimself(asked: Case, { gatewayFeatures }: PlannedEnvironment): Case {
  const { as, expect, needs } = asked
  const { verdict } = expect
  const toNobody = typeof verdict === 'object' && 'only' in verdict && verdict.only === 'nobody'
  if (as !== 'bob' || !toNobody || gatewayFeatures.includes('allow-list')) return asked
  return gatewayFeatures.includes(recording)
    ? { ...asked, expect: { ...expect, verdict: { only: '{bob}' } } }
    : { ...asked, needs: [...needs, 'allow-list'] }
}
