/**
 * Which pairs of a mutant and a cell are skipped, because the mutant cannot change the cell: told from what passed through the correct pair while the cell ran there. A broken proxy or gateway is the
 * correct one but for some of its switches: where every switch answers the same, the cell comes out the same; where only header lines, the
 * source or the verdict change, the judge can be asked about the record as it would be. A cell that could turn red is always run for real, so
 * a pair that is wrongly skipped can hide a catch (which is then told as a survivor or an unproven mutant) and can never invent one.
 * This is what makes every case × every mutant affordable.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Arrival } from '../../gateways/recording/arrival.ts'
import { attribute } from '../../gateways/rules/attribution.ts'
import { decide } from '../../gateways/rules/decision.ts'
import { originAllowed } from '../../gateways/rules/origin.ts'
import type { Evidence, Policy } from '../../gateways/rules/policy.ts'
import { headerScopes } from '../../gateways/rules/scopes.ts'
import type { Observation } from '../../judge/observation.ts'
import { loopback } from '../../lab/embedded/addresses.ts'
import type { Case, HeaderLine, Transport } from '../../plan/case.ts'
import { type Behaviour, correct } from '../../reference-proxy/behaviour.ts'
import { forwardedLines } from '../../reference-proxy/header-steps.ts'
import type { Decided, Passage, Trace } from './trace.ts'

/** `same`: nothing changes. `green`: something does, but nothing that the case looks at. `run`: it may turn red. */
export type Change = 'same' | 'green' | 'run'

/** One cell as it went on the correct pair. */
export type Seen = {
  readonly asked: Case
  readonly transport: Transport
  readonly trace: Trace
  readonly observation: Observation
  /** Whether the case would hold on another observation. */
  readonly holds: (observation: Observation) => boolean
  readonly policy: Policy
}

export function changeByProxy(seen: Seen, broken: Behaviour): Change {
  const { asked, transport, trace } = seen
  // The auth service and what is heard in its place beside the gateway have none of the other switches.
  const ownAuth = broken.secondListener !== undefined || broken.reflected !== correct.reflected
  const elsewhere = (asked.to !== 'proxy' && asked.to !== 'gateway') || asked.needs.includes('second-listener')
  if (elsewhere && ownAuth) return 'run'
  if (broken.listener !== correct.listener) return asked.to === 'gateway' ? 'same' : 'run'
  // A step may stop the auth service, of which the trace knows nothing.
  if (asked.needs.includes('stoppable-auth') && broken.access !== correct.access) return 'run'
  // A request that the parser refuses reaches no switch; only a message with two lengths is looked at before.
  const raw = asked.send.some((send) => send.raw !== undefined)
  const folds = (line: HeaderLine) => /^[ \t]/.test(line[0])
  const odd =
    raw ||
    asked.send.some(
      ({ body, target, headers }) => body !== undefined || target?.startsWith('http') || headers?.some(folds),
    )
  if (broken.framing !== correct.framing && !transport.endsWith('h2') && odd) return 'run'
  const tunnels = broken.afterRefusedUpgrade !== correct.afterRefusedUpgrade || broken.connect !== correct.connect
  if (tunnels && raw) return 'run'
  if (broken.trailers !== correct.trailers && asked.send.some((send) => send.trailers ?? send.raw)) return 'run'
  const effects = trace.requests.map((passed) => effectOf(passed, broken, asked))
  if (effects.includes('unknown')) return 'run'
  const changes = effects.filter((effect) => typeof effect === 'object')
  if (changes.length === 0) return 'same'
  // What the client gets of another verdict is not known, nor what a step makes of it.
  if (asked.expect.client !== undefined || asked.step !== undefined || raw) return 'run'
  return asJudged(seen, (arrival, evidence) => {
    const change = changes.find(({ lines }) => startsWith(arrival.headers, lines))
    if (change === undefined) return { evidence, policy: seen.policy }
    if (change.instead === 'nothing') return 'gone'
    const headers = [...change.instead, ...arrival.headers.slice(change.lines.length)]
    return {
      evidence: { ...evidence, headers, ...(broken.source === 'loopback' && { peer: loopback }) },
      policy: seen.policy,
    }
  })
}

/** What a gateway answers by after it has decided: tools that dial it again, devices that it has never seen. */
const afterDecision = ['toolsDialGateway', 'silentPairing'] as const

export function changeByGateway(seen: Seen, broken: Policy): Change {
  const { trace, policy, asked } = seen
  const differs = ({ evidence: one, decision }: Decided) =>
    !isDeepStrictEqual(decision, decide(one, broken)) ||
    // Paths that answer without a decision look at the attribution alone.
    (policy.profile.attribution !== broken.profile.attribution &&
      attribute(one.peer, one.headers, policy).kind === 'unattributable-proxy')
  const answersDiffer = trace.decided.some(
    ({ evidence: { headers } }) =>
      originAllowed(headers, policy) !== originAllowed(headers, broken) ||
      !isDeepStrictEqual(headerScopes(headers, policy), headerScopes(headers, broken)),
  )
  const heard = asked.expect.client !== undefined || asked.step !== undefined
  const wordsDiffer = heard && afterDecision.some((key) => !isDeepStrictEqual(policy.profile[key], broken.profile[key]))
  if (answersDiffer || wordsDiffer) return 'run'
  if (!trace.decided.some(differs)) return 'same'
  if (asked.expect.client !== undefined || asked.step !== undefined) return 'run'
  if (asked.send.some(({ raw }) => raw !== undefined)) return 'run'
  return asJudged(seen, (_arrival, evidence) => ({ evidence, policy: broken }))
}

/** `none`, or the lines that the gateway got and gets instead. */
type Effect =
  | 'none'
  | 'unknown'
  | { readonly lines: readonly HeaderLine[]; readonly instead: readonly HeaderLine[] | 'nothing' }

function effectOf(passed: Passage, broken: Behaviour, asked: Case): Effect {
  const { received, settings, refusal, request, answer, exempt, access, lines } = passed
  if (broken.admit !== correct.admit && !isDeepStrictEqual(refusal, broken.admit(received, settings))) {
    return 'unknown'
  }
  if (refusal) return 'none'
  // Log-in and log-out have switches of their own, and the log-in has a state.
  const pages = broken.logOut !== correct.logOut || broken.returnTo !== correct.returnTo
  if (pages && /^\/(oauth2|log)/.test(request.target)) return 'unknown'
  // What it answers depends on whom it was asked about before.
  if (broken.asking !== correct.asking || broken.wrap !== correct.wrap) return 'unknown'
  // Answers are for the client alone.
  const reflects = broken.reflected !== correct.reflected && asked.expect.client !== undefined
  if (reflects && broken.reflected(request).length > 0) return 'unknown'
  if (broken.exempt !== correct.exempt && exempt !== broken.exempt(request, settings)) return 'unknown'
  const other = broken.access === correct.access ? access : broken.access(answer, exempt, request)
  if (access.kind !== 'forward') return isDeepStrictEqual(access, other) ? 'none' : 'unknown'
  if (other.kind === 'refuse') return { lines, instead: 'nothing' }
  if (!isDeepStrictEqual(access, other)) return 'unknown'
  if (broken.target !== correct.target && correct.target(request.target) !== broken.target(request.target)) {
    return 'unknown'
  }
  if (broken.steps === correct.steps) return broken.source === correct.source ? 'none' : { lines, instead: lines }
  const instead = forwardedLines(broken.steps, { request, settings, ...(access.user && { user: access.user }) })
  return isDeepStrictEqual(lines, instead) ? 'none' : { lines, instead }
}

type Changed = { readonly evidence: Evidence; readonly policy: Policy } | 'gone'

/** Asks the judge about the record as it would be. */
function asJudged(seen: Seen, change: (arrival: Arrival, evidence: Evidence) => Changed): Change {
  const { observation, trace, policy } = seen
  let unknown = false
  const changed = (arrival: Arrival): Arrival[] => {
    // The gateway's recording holds the very lines that it decided on; the last decision is that on `connect`.
    const decided = trace.decided.findLast(({ evidence: { headers } }) => headers === arrival.headers)
    if (decided === undefined) {
      unknown = true
      return []
    }
    const { evidence, decision: before } = decided
    const next = change(arrival, evidence)
    if (next === 'gone') return []
    const after = decide(next.evidence, next.policy)
    const { headers, peer } = next.evidence
    if (originAllowed(evidence.headers, policy) !== originAllowed(headers, next.policy)) unknown = true
    if (!isDeepStrictEqual(headerScopes(evidence.headers, policy), headerScopes(headers, next.policy))) unknown = true
    const verdict = isDeepStrictEqual(before.verdict, after.verdict) ? arrival.verdict : after.verdict
    return [{ ...arrival, headers, peer, attribution: after.attribution, verdict }]
  }
  const attempts = observation.attempts.map((attempt) => {
    const arrivals = attempt.arrivals.flatMap(changed)
    const exchange =
      arrivals.length === 0 ? { ...attempt.exchange, verdict: { kind: 'not-the-gateway' } as const } : attempt.exchange
    return { ...attempt, arrivals, exchange }
  })
  return !unknown && seen.holds({ ...observation, attempts }) ? 'green' : 'run'
}

function startsWith(lines: readonly HeaderLine[], first: readonly HeaderLine[]): boolean {
  return first.every((line, index) => isDeepStrictEqual(line, lines[index]))
}
