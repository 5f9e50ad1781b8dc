/** One HTTP/2 connection that carries stream after stream, as a load balancer in front of the proxy shares it between users. */
import { performance } from 'node:perf_hooks'
import type { Send } from '../plan/case.ts'
import type { Credentials } from '../plan/credentials.ts'
import type { Exchange } from './exchange.ts'
import { encodeFields, requestFields } from './header-block.ts'
import { type Answer, answerTo, openSession, render, request } from './http2.ts'
import { notTheGateway, verdictOf } from './probe.ts'
import { bodyOf, methodOf, type RequestContext, shownOf } from './request-bytes.ts'
import type { Peer } from './tls.ts'
import { usualLimits } from './wire.ts'

type Session = Exclude<Awaited<ReturnType<typeof openSession>>, { readonly fault: string }>

export class KeptHttp2 implements AsyncDisposable {
  readonly #peer: Peer
  readonly #deadlineMs: number
  #session: Session | undefined
  #certificate: string | undefined

  /** Nothing is dialled before the first request. @param deadlineMs for dialling and for each answer */
  constructor(peer: Peer, deadlineMs: number) {
    this.#peer = peer
    this.#deadlineMs = deadlineMs
  }

  /** One stream after the other: the next may be opened when this one is answered. A request has no trailers. Never rejects for what network and peer do. */
  async send(send: Send, context: RequestContext): Promise<Exchange> {
    const since = performance.now()
    const fields = requestFields(send, context, 'http')
    const body = bodyOf(send, methodOf(send, 'http'))
    const ended = ({ response, ...cut }: Answer): Exchange => ({
      sent: render(fields, body ?? '', []),
      ...(response && { response }),
      verdict: response === undefined ? notTheGateway : verdictOf(response),
      ...cut,
      ms: performance.now() - since,
    })
    const session = await this.#opened(shownOf(send, context))
    if ('fault' in session) return ended(session)
    session.blocks.push(encodeFields(fields))
    const open = () => request(session.http2, body, 'no trailers')
    return ended(await answerTo(session.http2, open, this.#deadlineMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
  }

  /** A client certificate belongs to the connection: whoever shows another one opens another. */
  async #opened(shown: Credentials): ReturnType<typeof openSession> {
    const { http2 } = this.#session ?? {}
    const same = this.#certificate === shown.certificate?.certificate
    if (this.#session !== undefined && same && http2?.closed === false && !http2.destroyed) return this.#session
    await this.#session?.[Symbol.asyncDispose]()
    const opened = await openSession(this.#peer, [], shown, { ...usualLimits, deadlineMs: this.#deadlineMs })
    if ('fault' in opened) return opened
    // Each answer is waited for with listeners of its own.
    opened.http2.setMaxListeners(0)
    this.#session = opened
    this.#certificate = shown.certificate?.certificate
    return opened
  }
}
