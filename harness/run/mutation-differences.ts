/**
 * Which mutants could change a cell at all. A broken proxy or gateway is the correct one but for some of its switches, and what passes through
 * these was written down when the cell ran on the correct pair: where every switch answers the same to all of it, the cell would come out the
 * same, and need not be run again. That is what makes every case × every mutant affordable.
 */
import { isDeepStrictEqual } from 'node:util'
import { attribute, type Policy } from '../gateways/attribution.ts'
import { type Decide, decide, type Evidence } from '../gateways/decision.ts'
import type { GatewayMutant } from '../gateways/mutants.ts'
import { originAllowed } from '../gateways/origin.ts'
import { headerScopes } from '../gateways/scopes.ts'
import type { Case, Transport } from '../plan/case.ts'
import { originForm } from '../reference-proxy/admission.ts'
import { type Behaviour, correct } from '../reference-proxy/behaviour.ts'
import { forwardedLines } from '../reference-proxy/header-steps.ts'
import type { ProxyRequest, Settings } from '../reference-proxy/request.ts'
import { askSessions, type SessionStore } from '../reference-proxy/session.ts'

/** What passed through the switches of the correct pair while one cell ran. */
export type Trace = {
  readonly requests: { readonly request: ProxyRequest; readonly settings: Settings }[]
  readonly evidence: Evidence[]
}

export class Tracing {
  #trace: Trace = { requests: [], evidence: [] }

  /** The correct proxy, writing down. */
  readonly behaviour: Behaviour = {
    ...correct,
    admit: (request, settings) => {
      this.#trace.requests.push({ request, settings })
      return correct.admit(request, settings)
    },
  }

  /** The correct gateway, writing down. */
  readonly policy = (policy: Policy): Policy => {
    const decideInstead: Decide = (evidence, rules) => {
      this.#trace.evidence.push(evidence)
      return decide(evidence, rules)
    }
    return { ...policy, decideInstead }
  }

  /** What was written since the last call, without the fence, which came last and says nothing of the case. @param fence whether it went through the proxy */
  take(fence: 'through-proxy' | 'to-gateway'): Trace {
    const { requests, evidence } = this.#trace
    this.#trace = { requests: [], evidence: [] }
    return { requests: fence === 'through-proxy' ? requests.slice(0, -1) : requests, evidence: evidence.slice(0, -1) }
  }
}

/** Whether the broken proxy could act otherwise than the correct one in this cell. */
export function proxyMayDiffer(
  { requests }: Trace,
  broken: Behaviour,
  asked: Case,
  transport: Transport,
  sessions: SessionStore,
): boolean {
  // The auth service has none of the other switches.
  const ownAuth = broken.secondListener !== undefined || broken.reflected !== correct.reflected
  if (asked.to === 'auth' && ownAuth) return true
  if (broken.listener !== correct.listener) return asked.to !== 'gateway'
  // A request that the parser refuses reaches no switch; only a message with two lengths is looked at before.
  if (broken.framing !== correct.framing && transport !== 'h2' && asked.send.some(({ raw }) => raw !== undefined)) {
    return true
  }
  if (broken.trailers !== correct.trailers && asked.send.some((send) => send.trailers ?? send.raw)) return true
  return requests.some(({ request, settings }) => answersDiffer(request, settings, broken, asked, sessions))
}

function answersDiffer(
  received: ProxyRequest,
  settings: Settings,
  broken: Behaviour,
  asked: Case,
  sessions: SessionStore,
): boolean {
  const refusal = correct.admit(received, settings)
  if (broken.admit !== correct.admit && !isDeepStrictEqual(refusal, broken.admit(received, settings))) return true
  if (refusal) return false
  const request = { ...received, target: originForm(received.target, settings) ?? received.target }
  // Log-in and log-out have switches of their own, and the log-in has a state.
  if (broken.logOut !== correct.logOut || broken.returnTo !== correct.returnTo)
    return /^\/(oauth2|log)/.test(request.target)
  // What it answers depends on whom it was asked about before.
  if (broken.asking !== correct.asking) return true
  // Of an answer that is not its own the proxy shows the lines to the client alone.
  if (broken.reflected !== correct.reflected && asked.expect.client && broken.reflected(request).length > 0) return true
  const exempt = correct.exempt(request, settings)
  if (broken.exempt !== correct.exempt && exempt !== broken.exempt(request, settings)) return true
  const answer = askSessions(sessions, request)
  const access = correct.access(answer, exempt, request)
  if (broken.access !== correct.access && !isDeepStrictEqual(access, broken.access(answer, exempt, request)))
    return true
  if (access.kind !== 'forward') return false
  if (broken.source !== correct.source) return true
  if (broken.target !== correct.target && correct.target(request.target) !== broken.target(request.target)) return true
  if (broken.steps === correct.steps) return false
  const context = { request, settings, ...(access.user && { user: access.user }) }
  return !isDeepStrictEqual(forwardedLines(correct.steps, context), forwardedLines(broken.steps, context))
}

/** Whether the broken gateway could act otherwise than the correct one in this cell. */
export function gatewayMayDiffer(
  { evidence }: Trace,
  mutant: GatewayMutant,
  policy: Policy,
  ownAddress: string,
): boolean {
  const broken = mutant.policy(policy, ownAddress)
  return evidence.some(
    (seen) =>
      !isDeepStrictEqual(decide(seen, policy), decide(seen, broken)) ||
      originAllowed(seen.headers, policy) !== originAllowed(seen.headers, broken) ||
      !isDeepStrictEqual(headerScopes(seen.headers, policy), headerScopes(seen.headers, broken)) ||
      // Paths that answer without a decision look at the attribution alone.
      (policy.profile.attribution !== broken.profile.attribution &&
        attribute(seen.peer, seen.headers, policy).kind === 'unattributable-proxy'),
  )
}
