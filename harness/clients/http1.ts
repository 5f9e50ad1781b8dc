/** One request of a case over HTTP/1.x, plain or TLS, written as it stands; and after a 101 the gateway's own handshake. */
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import type { Send } from '../plan/case.ts'
import type { Exchange } from './exchange.ts'
import { type Conversation, converse } from './gateway-protocol.ts'
import { notTheGateway, verdictOfAll } from './probe.ts'
import { methodOf, passwordOf, type RequestContext, type RequestKind, requestBytes } from './request-bytes.ts'
import { ResponseReader } from './response-reader.ts'
import { openStream, type Peer } from './tls.ts'
import { FrameSocket } from './websocket-frames.ts'

/** Times in milliseconds. */
export type Limits = {
  /** For dialling, for the answer, and for the gateway's handshake, each. */
  readonly deadlineMs: number
  /** Raw bytes only: a request that is cut short on purpose is given at least this long for an answer, then the writing side is closed. */
  readonly patienceMs: number
  /** Raw bytes only: asked after that time; resolves when a peer that is going to answer has done so, however slow it is. Does not reject. */
  readonly patience?: () => Promise<unknown>
  /** Raw bytes only: how long the connection must be quiet after an answer before no further one is expected. */
  readonly quietMs: number
}

export const usualLimits: Limits = { deadlineMs: 5000, patienceMs: 1500, quietMs: 100 }

/**
 * Sends one request on a connection of its own and reads what comes back.
 * Never rejects for what network and peer do: a refused connection, a failed TLS handshake and a passed deadline are `fault`; a peer that
 * closes without an answer is no fault, and neither is one that leaves raw bytes unanswered.
 * @throws UserError where the request cannot be written as bytes
 */
export async function sendHttp1(
  peer: Peer,
  send: Send,
  context: RequestContext,
  kind: RequestKind,
  limits: Limits = usualLimits,
): Promise<Exchange> {
  const writes = requestBytes(send, context, kind)
  const sent = Buffer.concat(writes)
  const since = performance.now()
  const elapsed = () => performance.now() - since
  let stream: Duplex
  try {
    stream = await openStream(peer, 'http/1.1', limits.deadlineMs)
  } catch (error) {
    return {
      sent,
      verdict: notTheGateway,
      fault: error instanceof Error ? error.message : String(error),
      ms: elapsed(),
    }
  }
  try {
    const wire = new Wire(stream)
    const reader = new ResponseReader(methodOf(send, kind))
    // Not waited for: a peer may answer without having read everything, and `destroy` ends what is left.
    void writeAll(stream, writes)
    const fault = await readAnswers(wire, reader, send.raw === undefined ? 'one' : 'all', limits)
    const [response, ...further] = reader.responses
    const conversation = speaksWebSocket(reader)
      ? await talk(wire, reader.upgraded ?? Buffer.alloc(0), send, context, limits)
      : { verdict: verdictOfAll(reader.responses) }
    return {
      sent,
      ...(response && { response }),
      ...(further.length > 0 && { further }),
      ...(fault !== undefined && { fault }),
      ...(fault?.startsWith(noAnswer) && { unanswered: true as const }),
      ...conversation,
      ms: elapsed(),
    }
  } finally {
    stream.destroy()
  }
}

/** How a fault begins where nothing at all came back. */
const noAnswer = 'no answer came'

/** The reading side: whoever reads at the moment is `sink`. The stream is never paused, and its end is told once to each reader. */
class Wire {
  readonly stream: Duplex
  #sink: (chunk: Buffer) => void = () => {}
  #end: () => void = () => {}
  #ended = false

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (chunk: Buffer) => this.#sink(chunk))
    const end = () => {
      this.#ended = true
      this.#end()
    }
    stream.once('end', end)
    stream.once('close', end)
  }

  read(sink: (chunk: Buffer) => void, end: () => void): void {
    this.#sink = sink
    this.#end = end
    if (this.#ended) end()
  }
}

/** Each entry is a write of its own, begun when the one before has left. */
async function writeAll(stream: Duplex, writes: readonly Buffer[]): Promise<void> {
  for (const bytes of writes) {
    if (!stream.writable) return
    // A peer that answers and closes early breaks the write: its answer is what counts.
    await new Promise<void>((resolve) => stream.write(bytes, () => resolve()))
  }
}

/** Returns the fault, if any, when the answer is there (`one`), or when no further answer is to be expected (`all`). */
function readAnswers(
  wire: Wire,
  reader: ResponseReader,
  expected: 'one' | 'all',
  { deadlineMs, patienceMs, patience, quietMs }: Limits,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timers = new Set<NodeJS.Timeout>()
    let quiet: NodeJS.Timeout | undefined
    let finished = false
    const after = (ms: number, act: () => void) => {
      const timer = setTimeout(act, ms)
      timers.add(timer)
      return timer
    }
    const done = (fault?: string) => {
      finished = true
      for (const timer of timers) clearTimeout(timer)
      wire.read(
        () => {},
        () => {},
      )
      resolve(fault)
    }
    const giveUp = () => {
      const missing = reader.midway || reader.responses.length > 0 ? 'the answer did not end' : noAnswer
      reader.end()
      done(`${missing} within ${deadlineMs} ms`)
    }
    const look = () => {
      if (reader.garbage !== undefined) done(`the answer is not HTTP: ${JSON.stringify(reader.garbage)}`)
      else if (reader.upgraded !== undefined) done()
      else if (reader.responses.length === 0 || reader.midway) return
      else if (expected === 'one') done()
      else {
        clearTimeout(quiet)
        quiet = after(quietMs, () => done())
      }
    }
    const settle = () => {
      reader.end()
      done()
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

function speaksWebSocket({ upgraded, responses }: ResponseReader): boolean {
  const upgrade = responses.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'upgrade')?.[1]
  return upgraded !== undefined && upgrade?.toLowerCase() === 'websocket'
}

async function talk(
  wire: Wire,
  first: Buffer,
  send: Send,
  context: RequestContext,
  { deadlineMs }: Limits,
): Promise<Conversation> {
  const socket = new FrameSocket(wire.stream)
  const timer = setTimeout(() => socket.expire(), deadlineMs)
  socket.receive(first)
  wire.read(
    (chunk) => socket.receive(chunk),
    () => socket.ended(),
  )
  const password = passwordOf(send, context)
  const conversation = await converse(socket, {
    clientId: send.clientId ?? 'test',
    clientMode: send.clientMode ?? 'test',
    ...(password !== undefined && { password }),
    ...(send.device !== undefined && { device: send.device }),
  })
  clearTimeout(timer)
  if (conversation.close === undefined) socket.close()
  return conversation
}
