/** One connection that carries request after request, as a browser or a proxy in front of the proxy uses it. */
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import type { Send } from '../plan/case.ts'
import type { Exchange } from './exchange.ts'
import { notTheGateway, verdictOfAll } from './probe.ts'
import { methodOf, type RequestContext, requestBytes } from './request-bytes.ts'
import { ResponseReader } from './response-reader.ts'
import { openStream, type Peer } from './tls.ts'

export class KeptAlive implements AsyncDisposable {
  readonly #peer: Peer
  readonly #deadlineMs: number
  #stream: Duplex | undefined
  /** How often it had to be opened: more than once means that the peer closed it. */
  opened = 0

  /** Whether the next request goes over the same connection as the last. */
  get usable(): boolean {
    return this.#stream?.writable === true
  }

  /** Nothing is dialled before the first request. @param deadlineMs for dialling and for each answer */
  constructor(peer: Peer, deadlineMs: number) {
    this.#peer = peer
    this.#deadlineMs = deadlineMs
  }

  /** One request after the other: the next may be sent when this one is answered. Never rejects for what network and peer do. */
  async send(send: Send, context: RequestContext): Promise<Exchange> {
    const sent = Buffer.concat(requestBytes({ connection: ['keep-alive'], ...send }, context, 'http'))
    const since = performance.now()
    try {
      const reader = await this.#exchange(sent, methodOf(send, 'http'))
      const [response] = reader.responses
      return {
        sent,
        ...(response && { response }),
        verdict: verdictOfAll(reader.responses),
        ms: performance.now() - since,
      }
    } catch (error) {
      await this[Symbol.asyncDispose]()
      const fault = error instanceof Error ? error.message : String(error)
      return { sent, verdict: notTheGateway, fault, ms: performance.now() - since }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.destroy()
    this.#stream = undefined
  }

  async #exchange(bytes: Buffer, method: string): Promise<ResponseReader> {
    const stream = await this.#open()
    const reader = new ResponseReader(method)
    return await new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        stream.off('data', take).off('close', end)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`no answer came within ${this.#deadlineMs} ms`))
      }, this.#deadlineMs)
      const take = (chunk: Buffer) => {
        reader.push(chunk)
        if (reader.responses.length === 0) return
        stop()
        resolve(reader)
      }
      const end = () => {
        stop()
        reader.end()
        resolve(reader)
      }
      stream.on('data', take).once('close', end)
      stream.write(bytes)
    })
  }

  async #open(): Promise<Duplex> {
    if (this.#stream !== undefined && this.usable) return this.#stream
    const stream = await openStream(this.#peer, 'http/1.1', this.#deadlineMs)
    // A peer that has said it will close must not be written to again.
    stream.once('end', () => stream.destroy())
    this.#stream = stream
    this.opened += 1
    return stream
  }
}
