/** One connection to an HTTP/1.x peer: what is written, in what pieces, and who reads what comes back. */
import type { Duplex } from 'node:stream'
import type { Ending } from './exchange.ts'
import type { ResponseReader } from './response-reader.ts'

/** Times in milliseconds. */
export type Limits = {
  /** For dialling, for the answer, and for the gateway's handshake, each. */
  readonly deadlineMs: number
  /** Raw bytes only: a request that is cut short on purpose is given at least this long for an answer, then the writing side is closed. */
  readonly patienceMs: number
  /** Raw bytes only: asked after that time and after `quietMs`; resolves when a peer that is going to answer has done so, however slow it is. Does not reject. */
  readonly patience?: () => Promise<unknown>
  /** Raw bytes only: how long the connection must be quiet after an answer before no further one is expected. */
  readonly quietMs: number
}

export const usualLimits: Limits = { deadlineMs: 5000, patienceMs: 1500, quietMs: 100 }

/** The stream is never paused. What comes while nobody reads is kept for the next reader, which takes it for its own answer as any client does. */
export class Wire {
  readonly stream: Duplex
  #sink: ((chunk: Buffer) => void) | undefined
  #end: () => void = () => {}
  #early: Buffer[] = []
  #ended: 'closed' | 'reset' | undefined

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (chunk: Buffer) => {
      if (this.#sink === undefined) this.#early.push(chunk)
      else this.#sink(chunk)
    })
    const end = (how: 'closed' | 'reset') => {
      this.#ended ??= how
      this.#end()
    }
    stream.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNRESET' ? 'reset' : 'closed'))
    stream.once('end', () => end('closed'))
    stream.once('close', () => end('closed'))
  }

  /** How the peer ended the connection, once it has. */
  get ended(): 'closed' | 'reset' | undefined {
    return this.#ended
  }

  /** @param end called once nothing more can come, at once where that is so already */
  read(sink: (chunk: Buffer) => void, end: () => void): void {
    this.#sink = sink
    this.#end = end
    for (const chunk of this.#early.splice(0)) sink(chunk)
    if (this.#ended !== undefined) end()
  }

  release(): void {
    this.#sink = undefined
    this.#end = () => {}
  }
}

/** Each entry is a write of its own, begun when the one before has left. */
export async function writeAll({ stream }: Wire, writes: readonly Buffer[]): Promise<void> {
  for (const bytes of writes) {
    if (!stream.writable) return
    // A peer that answers and closes early breaks the write: its answer is what counts.
    await new Promise<void>((resolve) => stream.write(bytes, () => resolve()))
  }
}

/** What kept the answer from its end. */
export type Cut = { readonly ending?: Ending; readonly fault?: string }

/** Reads until the answer is there (`one`), or until no further answer is to be expected (`all`). */
export function readAnswers(
  wire: Wire,
  reader: ResponseReader,
  expected: 'one' | 'all',
  { deadlineMs, patienceMs, patience, quietMs }: Limits,
): Promise<Cut> {
  return new Promise((resolve) => {
    const timers = new Set<NodeJS.Timeout>()
    let quiet: NodeJS.Timeout | undefined
    let finished = false
    const after = (ms: number, act: () => void) => {
      const timer = setTimeout(act, ms)
      timers.add(timer)
      return timer
    }
    const done = (cut: Cut = {}) => {
      if (finished) return
      finished = true
      for (const timer of timers) clearTimeout(timer)
      wire.release()
      resolve(cut)
    }
    const giveUp = () => {
      const begun = reader.midway || reader.responses.length > 0
      reader.end()
      const what = begun ? 'the answer did not end' : 'no answer came'
      done({ ending: begun ? 'unfinished' : 'no-answer', fault: `${what} within ${deadlineMs} ms` })
    }
    const look = () => {
      if (reader.garbage !== undefined) {
        done({ ending: 'not-http', fault: `the answer is not HTTP: ${JSON.stringify(reader.garbage)}` })
      } else if (reader.upgraded !== undefined) done()
      else if (!reader.http2 && (reader.responses.length === 0 || reader.midway)) return
      else if (expected === 'one') done(endingOf())
      else {
        clearTimeout(quiet)
        const own = after(quietMs, async () => {
          // A busy machine may be quiet for longer than that between two answers.
          await patience?.()
          if (quiet === own) done(endingOf())
        })
        quiet = own
      }
    }
    /** Without a fault: the peer has left, or raw bytes were waited for long enough. */
    const endingOf = (): Cut => {
      if (reader.http2) return { ending: 'http2' }
      if (reader.responses.length > 0 && !reader.cutShort) return {}
      return { ending: wire.ended ?? (reader.cutShort ? 'unfinished' : 'no-answer') }
    }
    const settle = () => {
      reader.end()
      done(endingOf())
    }
    if (expected === 'one') after(deadlineMs, giveUp)
    else {
      const afterPatience = (act: () => void) =>
        after(patienceMs, async () => {
          await patience?.()
          if (!finished) act()
        })
      afterPatience(() => {
        // Nothing at all after the first half: say that no more will come, which is what an unfinished request waits for.
        if (reader.responses.length === 0) wire.stream.end()
        afterPatience(settle)
      })
    }
    wire.read((chunk) => {
      reader.push(chunk)
      look()
    }, settle)
  })
}
