/**
 * A stream between Node's HTTP/2 client and the peer that replaces the client's header blocks by others: Node keeps the connection (settings,
 * flow control, decoding of the answer) and would refuse to send what the cases ask for.
 */
import { Duplex } from 'node:stream'

const preface = 24
const frameHead = 9
const types = { headers: 1, continuation: 9 } as const
const flags = { endStream: 0x1, endHeaders: 0x4 } as const
/** The least that every peer accepts (RFC 9113 6.5.2, SETTINGS_MAX_FRAME_SIZE). */
const frameLimit = 16_384

/**
 * @param stream to the peer
 * @param waiting for the HEADERS frames of the session in order: a request's, then its trailers'. Each is taken out when it is sent; more may come.
 */
export function substitutingHeaders(stream: Duplex, waiting: Buffer[]): Duplex {
  let rest: Buffer = Buffer.alloc(0)
  let skip = preface
  const rewrite = (chunk: Buffer): Buffer => {
    rest = Buffer.concat([rest, chunk])
    const out: Buffer[] = []
    const take = (length: number) => {
      const taken = rest.subarray(0, length)
      rest = rest.subarray(length)
      return taken
    }
    if (skip > 0) {
      const taken = take(skip)
      skip -= taken.length
      out.push(taken)
    }
    while (skip === 0 && rest.length >= frameHead && rest.length >= frameHead + rest.readUIntBE(0, 3)) {
      const frame = take(frameHead + rest.readUIntBE(0, 3))
      const block = frame[3] === types.headers ? waiting.shift() : undefined
      out.push(block === undefined ? frame : headerFrames(frame, block))
    }
    return Buffer.concat(out)
  }
  const arrived: Buffer[] = []
  // A write can make the peer's stream emit what it has. Node 24 aborts where that reaches the session before the session's own call has returned.
  let isBusy = false
  const handOn = () => {
    if (isBusy) return
    isBusy = true
    for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) if (!between.push(next)) stream.pause()
    isBusy = false
  }
  const between = new Duplex({
    read() {
      stream.resume()
    },
    write(chunk: Buffer, _encoding, done) {
      const wasBusy = isBusy
      isBusy = true
      stream.write(rewrite(chunk), () => done())
      isBusy = wasBusy
      if (!wasBusy && arrived.length > 0) process.nextTick(handOn)
    },
    final(done) {
      stream.end(() => done())
    },
    destroy(error, done) {
      stream.destroy()
      done(error)
    },
  })
  stream.on('data', (chunk: Buffer) => {
    arrived.push(chunk)
    handOn()
  })
  stream.once('end', () => {
    handOn()
    between.push(null)
  })
  stream.once('close', () => between.destroy())
  return between
}

/** The block in the place of the frame's own: its stream and END_STREAM are kept, priority and padding are not. */
function headerFrames(frame: Buffer, block: Buffer): Buffer {
  const stream = frame.readUInt32BE(5)
  const parts: Buffer[] = []
  for (let at = 0; at === 0 || at < block.length; at += frameLimit) {
    const part = block.subarray(at, at + frameLimit)
    const head = Buffer.alloc(frameHead)
    head.writeUIntBE(part.length, 0, 3)
    head[3] = at === 0 ? types.headers : types.continuation
    const last = at + frameLimit >= block.length ? flags.endHeaders : 0
    head[4] = last | (at === 0 ? (frame[4] ?? 0) & flags.endStream : 0)
    head.writeUInt32BE(stream, 5)
    parts.push(head, part)
  }
  return Buffer.concat(parts)
}
