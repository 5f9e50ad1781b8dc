/** The gateway's side of the recording: every arrival, to every reader, from the first one on. */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Arrival } from './arrival.ts'

/** What the recorder numbers. */
export type Unnumbered = Omit<Arrival, 'sequence'>

/** Takes each arrival as it is recorded or updated; a promise holds the gateway's answer back until the reader has it. */
type ArrivalListener = (arrival: Arrival) => void | Promise<void>

/**
 * Holds what arrived. Other processes read it as one JSON object per line from a unix socket in a folder that only gateway and harness have:
 * a proxy or client of the lab cannot reach it, not even from the gateway's own network namespace.
 * A line with a sequence that was there before replaces it: body, trailers or a `connect` frame came later.
 * A reader that writes a line gets it back as `{"caughtUp": LINE}`, behind every arrival whose head had reached the gateway before.
 */
export class Recorder implements AsyncDisposable {
  readonly #arrivals = new Map<number, Arrival>()
  readonly #listeners = new Set<ArrivalListener>()
  readonly #servers: Server[] = []
  readonly #readers = new Set<Socket>()
  #sequence = 0
  #connections = 0

  /**
   * Keeps a new arrival, in the same turn in which it is called, and hands it to all readers.
   * @returns its sequence, and a promise that resolves when the readers have it: only then may the gateway answer
   */
  record(arrival: Unnumbered): { readonly sequence: number; readonly kept: Promise<void> } {
    this.#sequence += 1
    const sequence = this.#sequence
    return { sequence, kept: this.update({ ...arrival, sequence }) }
  }

  /** Replaces an arrival by what is known of it now. Resolves when all readers have it. */
  async update(arrival: Arrival): Promise<void> {
    this.#arrivals.set(arrival.sequence, arrival)
    await Promise.all([...this.#listeners].map((listener) => listener(arrival)))
  }

  /** Replays what is there, then follows. Returns the way to stop. */
  follow(listener: ArrivalListener): () => void {
    for (const arrival of this.#arrivals.values()) void listener(arrival)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A connection has been accepted: others may be waiting behind it. */
  connected(): void {
    this.#connections += 1
  }

  /**
   * Resolves when every head that the system held for this process at the call has been taken off the wire and recorded; bodies that have not
   * ended are not waited for. Each turn of the event
   * loop reads what has come on the open connections and accepts one that waits: a whole turn without a new one has left nothing.
   */
  async caughtUp(): Promise<void> {
    await turn()
    for (let before = -1; before !== this.#connections; ) {
      before = this.#connections
      await turn()
    }
  }

  /** Serves readers on a unix socket; a file left behind by an earlier gateway is replaced. */
  async listen(socketPath: string): Promise<void> {
    await rm(socketPath, { force: true })
    const server = createServer((reader) => this.#serve(reader))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
    this.#servers.push(server)
    // The harness need not be the container's user.
    await chmod(socketPath, 0o666)
  }

  #serve(reader: Socket): void {
    const stop = this.follow((arrival) => {
      if (reader.destroyed) return
      // Also called, with an error, when the reader has gone.
      return new Promise((resolve) => reader.write(`${JSON.stringify(arrival)}\n`, () => resolve()))
    })
    this.#readers.add(reader)
    reader.on('error', () => reader.destroy())
    reader.on('close', () => {
      stop()
      this.#readers.delete(reader)
    })
    let rest = ''
    reader.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) void this.#answer(reader, line)
    })
  }

  async #answer(reader: Socket, line: string): Promise<void> {
    await this.caughtUp()
    if (!reader.destroyed) reader.write(`${JSON.stringify({ caughtUp: line })}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) reader.end()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}
