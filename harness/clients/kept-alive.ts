/** One connection that carries request after request, as a browser or a proxy in front of the proxy uses it. */
import type { Send } from '../plan/case.ts'
import type { Exchange } from './exchange.ts'
import { Http1Connection } from './http1.ts'
import type { RequestContext } from './request-bytes.ts'
import type { Peer } from './tls.ts'
import { usualLimits } from './wire.ts'

export class KeptAlive implements AsyncDisposable {
  readonly #connection: Http1Connection

  /** Nothing is dialled before the first request. @param deadlineMs for dialling and for each answer */
  constructor(peer: Peer, deadlineMs: number) {
    this.#connection = new Http1Connection(peer, { ...usualLimits, deadlineMs })
  }

  /** How often it had to be opened: more than once means that the peer closed it. */
  get opened(): number {
    return this.#connection.opened
  }

  /** Whether the next request goes over the same connection as the last. */
  get usable(): boolean {
    return this.#connection.usable
  }

  /** One request after the other: the next may be sent when this one is answered. Never rejects for what network and peer do. */
  send(send: Send, context: RequestContext): Promise<Exchange> {
    return this.#connection.send({ connection: ['keep-alive'], ...send }, context, 'http')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]()
  }
}
