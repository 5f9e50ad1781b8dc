/** Writes down what passes through the switches of the correct pair. */
import type { Policy } from '../gateways/attribution.ts'
import { type Decide, decide, type Evidence } from '../gateways/decision.ts'
import { type Behaviour, correct } from '../reference-proxy/behaviour.ts'
import type { ProxyRequest, Settings } from '../reference-proxy/request.ts'

/** What passed while one cell ran. */
export type Trace = {
  readonly requests: readonly { readonly request: ProxyRequest; readonly settings: Settings }[]
  readonly evidence: readonly Evidence[]
}

export class Tracing {
  #requests: { request: ProxyRequest; settings: Settings }[] = []
  #evidence: Evidence[] = []

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
      this.#evidence.push(evidence)
      return decide(evidence, rules)
    }
    return { ...policy, decideInstead }
  }

  /** What was written since the last call, without the fence, which came last and says nothing of the case. @param fence whether it went through the proxy */
  take(fence: 'through-proxy' | 'to-gateway'): Trace {
    const requests = fence === 'through-proxy' ? this.#requests.slice(0, -1) : this.#requests
    const evidence = this.#evidence.slice(0, -1)
    this.#requests = []
    this.#evidence = []
    return { requests, evidence }
  }
}
