/** Keeps the bytes of a connection, so that each request's head can be shown exactly as it was on the wire, with folded lines and unusual blanks. */

/** Node stops a head at 16 KiB; what lies further back than this belongs to bodies. */
const keptBytes = 256 * 1024

export class WireTap {
  #bytes = Buffer.alloc(0)
  /** Bytes of a body with known length that have not come yet. */
  #skip = 0

  /** Takes the next bytes off the wire, before the parser sees them. */
  push(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(skipped)]).subarray(-keptBytes)
  }

  /**
   * The head of the request that the parser has just reported, from its request line to the empty line; then forgets it.
   * The parser reports no offsets, so the head is found by its request line at the start of a line, after what is known to be body.
   * @param contentLength length of the body in bytes, 0 when chunked or absent
   */
  takeHead(method: string, target: string, contentLength: number): Buffer {
    const start = lineStart(this.#bytes, `${method} ${target} HTTP/`)
    const end = headEnd(this.#bytes, start)
    const head = Buffer.from(this.#bytes.subarray(start, end))
    const rest = this.#bytes.subarray(end)
    const body = Math.min(contentLength, rest.length)
    this.#skip = contentLength - body
    this.#bytes = Buffer.from(rest.subarray(body))
    return head
  }

  /** Everything since the last head and its body: what the parser could not make a request of. */
  takeRest(): Buffer {
    const rest = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return rest
  }
}

function lineStart(bytes: Buffer, line: string): number {
  const wanted = Buffer.from(line, 'latin1')
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) {
    if (at === 0 || bytes[at - 1] === 0x0a) return at
  }
  return 0
}

function headEnd(bytes: Buffer, start: number): number {
  const at = bytes.indexOf('\r\n\r\n', start)
  return at === -1 ? bytes.length : at + 4
}
