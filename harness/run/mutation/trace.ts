/** Writes down what passes through the switches of the correct pair. */

import { decide } from '../../gateways/rules/decision.ts'
import type { Decide, Decision, Evidence, Policy } from '../../gateways/rules/policy.ts'
import type { HeaderLine } from '../../plan/case.ts'
import { originForm, type Refusal } from '../../reference-proxy/admission.ts'
import { askAuthService } from '../../reference-proxy/auth-hop.ts'
import { type Behaviour, correct } from '../../reference-proxy/behaviour.ts'
import { forwardedLines } from '../../reference-proxy/header-steps.ts'
import type { Access, AuthAnswer, ProxyRequest, Settings } from '../../reference-proxy/request.ts'
import type { SessionStore } from '../../reference-proxy/session.ts'

/** What passed while one cell ran. */
export type Trace = { readonly requests: readonly Passage[]; readonly decided: readonly Decided[] }

/** One request at the proxy, and what the correct switches make of it. */
export type Passage = {
  readonly received: ProxyRequest
  readonly settings: Settings
  readonly refusal: Refusal | undefined
  /** As the switches behind the admission see it. */
  readonly request: ProxyRequest
  readonly answer: AuthAnswer
  readonly exempt: boolean
  readonly access: Access
  /** For the gateway, where it is asked. */
  readonly lines: readonly HeaderLine[]
}

/** One decision of the gateway. */
export type Decided = { readonly evidence: Evidence; readonly decision: Decision }

function passage(received: ProxyRequest, settings: Settings, sessions: SessionStore): Passage {
  const refusal = correct.admit(received, settings)
  const request = { ...received, target: originForm(received.target, settings) ?? received.target }
  const answer = askAuthService(sessions, request)
  const exempt = correct.exempt(request, settings)
  const access = correct.access(answer, exempt, request)
  const user = access.kind === 'forward' ? access.user : undefined
  const lines = forwardedLines(correct.steps, { request, settings, ...(user && { user }) })
  return { received, settings, refusal, request, answer, exempt, access, lines }
}

export class Tracing {
  #requests: { request: ProxyRequest; settings: Settings }[] = []
  #decided: Decided[] = []

  /** The correct proxy, writing down. */
  readonly behaviour: Behaviour = {
    ...correct,
    admit: (request, settings) => {
      this.#requests.push({ request, settings })
      return correct.admit(request, settings)
    },
  }

  /** The correct gateway, writing down. */
  readonly policy = (policy: Policy): Policy => {
    const decideInstead: Decide = (evidence, rules) => {
      const decision = decide(evidence, rules)
      this.#decided.push({ evidence, decision })
      return decision
    }
    return { ...policy, decideInstead }
  }

  /** What was written since the last call. @param fence whether one was sent: it came last and says nothing of the case */
  take(fence: 'fence' | 'no fence', sessions: SessionStore): Trace {
    const end = fence === 'fence' ? -1 : undefined
    const requests = this.#requests.slice(0, end)
    const decided = this.#decided.slice(0, end)
    this.#requests = []
    this.#decided = []
    return { requests: requests.map(({ request, settings }) => passage(request, settings, sessions)), decided }
  }
}
