/** The harness's side of the recording: what arrived at a gateway, asked for by sequence or waited for. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Arrival } from './arrival.ts'
import type { Recorder } from './recorder.ts'

const lines = z.array(z.tuple([z.string(), z.string()]))
const arrivalSchema = z.object({
  sequence: z.int(),
  peer: z.string(),
  transport: z.enum(['http', 'websocket']),
  method: z.string(),
  target: z.string(),
  httpVersion: z.string(),
  headers: lines,
  trailers: lines,
  raw: z.string(),
  body: z.string(),
  bodyLength: z.int(),
  bodyDigest: z.string(),
  complete: z.boolean(),
  attribution: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('direct-local') }),
    z.object({ kind: z.literal('direct-remote') }),
    z.object({ kind: z.literal('trusted-proxy'), client: z.string() }),
    z.object({ kind: z.literal('unattributable-proxy') }),
  ]),
  verdict: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('accepted'),
      user: z.string(),
      method: z.enum(['trusted-proxy', 'password', 'loopback-user']),
    }),
    z.object({
      kind: z.literal('refused'),
      reason: z.string(),
      status: z.int().exactOptional(),
      close: z.int().exactOptional(),
    }),
  ]),
})

const caughtUpSchema = z.object({ caughtUp: z.string() })
const lineSchema = z.union([arrivalSchema, caughtUpSchema])

type Waiting = {
  /** Only arrivals recorded after this many. */
  readonly since: number
  readonly predicate: (arrival: Arrival) => boolean
  readonly resolve: (arrival: Arrival) => void
  readonly reject: (error: Error) => void
}

/** How often a gateway's socket is tried while the gateway starts, in milliseconds. */
const retryMs = 20

export class Recordings implements AsyncDisposable {
  /** In the order of the record, each in its newest version. */
  readonly #arrivals: Arrival[] = []
  /** Where in it each sequence stands. */
  readonly #places = new Map<number, number>()
  readonly #waiting = new Set<Waiting>()
  readonly #catchingUp = new Map<string, PromiseWithResolvers<void>>()
  #asked = 0
  #ask: (line: string) => void = () => {}
  #close: () => void = () => {}
  #ended: Error | undefined

  private constructor() {}

  /**
   * Connects to a recorder's unix socket, and tries again while the gateway starts.
   * @param deadlineMs milliseconds from now
   * @throws when the recorder has not answered by then
   */
  static async connect(socketPath: string, deadlineMs = 10_000): Promise<Recordings> {
    const deadline = performance.now() + deadlineMs
    for (;;) {
      const socket = connect(socketPath)
      try {
        await once(socket, 'connect')
        return Recordings.read(socket)
      } catch (cause) {
        socket.destroy()
        if (performance.now() > deadline) {
          throw new Error(`No recorder at ${socketPath} within ${deadlineMs} ms: has the gateway started?`, { cause })
        }
      }
      await delay(retryMs)
    }
  }

  /** Reads the recorder's lines from any stream that carries them (a relay, an `exec` of a remote engine). */
  static read(stream: Duplex | Socket): Recordings {
    const recordings = new Recordings()
    const input = createInterface({ input: stream })
    input.on('line', (line) => {
      try {
        const parsed = lineSchema.parse(JSON.parse(line))
        if ('caughtUp' in parsed) recordings.#catchingUp.get(parsed.caughtUp)?.resolve()
        else recordings.#take(parsed)
      } catch (cause) {
        recordings.#end(new Error(`The gateway's recorder wrote a line that is no arrival: ${line}`, { cause }))
        stream.destroy()
      }
    })
    stream.on('error', (cause) => recordings.#end(new Error("The gateway's recorder failed", { cause })))
    stream.on('close', () => recordings.#end(new Error("The gateway's recorder closed: the gateway has stopped")))
    recordings.#ask = (line) => stream.write(`${line}\n`)
    recordings.#close = () => stream.destroy()
    return recordings
  }

  /** Follows a recorder of this process. */
  static of(recorder: Recorder): Recordings {
    const recordings = new Recordings()
    recordings.#close = recorder.follow((arrival) => recordings.#take(arrival))
    recordings.#ask = (line) => void recorder.caughtUp().then(() => recordings.#catchingUp.get(line)?.resolve())
    return recordings
  }

  /** How many arrivals have been recorded: the place to ask `since` with later. */
  get last(): number {
    return this.#arrivals.length
  }

  /** What was recorded after the first `count` arrivals, in the order of the record and each in its newest version. None is skipped. */
  since(count: number): readonly Arrival[] {
    return this.#arrivals.slice(count)
  }

  /**
   * The first arrival, past or to come, that the predicate takes.
   * @param deadlineMs milliseconds from now
   * @param since only what was recorded after this many arrivals, where nobody need look further back
   * @throws when none came by then, or the recorder closed
   */
  async waitFor(predicate: (arrival: Arrival) => boolean, deadlineMs: number, since = 0): Promise<Arrival> {
    const there = this.since(since).find(predicate)
    if (there) return there
    if (this.#ended) throw this.#ended
    return await new Promise<Arrival>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.#waiting.delete(waiting)
      }
      const waiting: Waiting = {
        since,
        predicate,
        resolve: (arrival) => {
          stop()
          resolve(arrival)
        },
        reject: (error) => {
          stop()
          reject(error)
        },
      }
      const timer = setTimeout(
        () =>
          waiting.reject(
            new Error(`Nothing of that kind arrived within ${deadlineMs} ms (${this.last} arrivals recorded)`),
          ),
        deadlineMs,
      )
      this.#waiting.add(waiting)
    })
  }

  /**
   * Resolves when everything is here whose head had reached the gateway before the call, answered or not. Its body may still be on the way.
   * @param deadlineMs milliseconds from now
   * @throws when the gateway did not say so by then, or the recorder closed
   */
  async caughtUp(deadlineMs: number): Promise<void> {
    if (this.#ended) throw this.#ended
    this.#asked += 1
    const line = String(this.#asked)
    const waiting = Promise.withResolvers<void>()
    const timer = setTimeout(
      () => waiting.reject(new Error(`The gateway's recorder did not answer within ${deadlineMs} ms`)),
      deadlineMs,
    )
    this.#catchingUp.set(line, waiting)
    try {
      this.#ask(line)
      await waiting.promise
    } finally {
      clearTimeout(timer)
      this.#catchingUp.delete(line)
    }
  }

  #take(arrival: Arrival): void {
    const place = this.#places.get(arrival.sequence) ?? this.#arrivals.length
    this.#places.set(arrival.sequence, place)
    this.#arrivals[place] = arrival
    for (const waiting of [...this.#waiting]) {
      if (place >= waiting.since && waiting.predicate(arrival)) waiting.resolve(arrival)
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const waiting of [...this.#waiting, ...this.#catchingUp.values()]) waiting.reject(this.#ended)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Error('These recordings are closed'))
    this.#close()
  }
}
