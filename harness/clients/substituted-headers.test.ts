import { once } from 'node:events'
import { connect } from 'node:http2'
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { substitutingHeaders } from './substituted-headers.ts'

function frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}
const data = (text: string, flags = 0) => frame(0, flags, 1, Buffer.from(text))
/** SETTINGS with a window that the whole body fits into, their acknowledgement, WINDOW_UPDATE of the connection. */
const greeting = [
  frame(4, 0, 0, Buffer.from([0, 4, 0x40, 0, 0, 0])),
  frame(4, 1, 0, Buffer.alloc(0)),
  frame(8, 0, 0, Buffer.from([0x40, 0, 0, 0])),
]
const status200 = frame(1, 4, 1, Buffer.from([0x88]))

it('hands on what comes within a write once the write has returned: inside it, Node ends the process', async () => {
  const later = [
    Buffer.concat([...greeting, status200, data('a'), data('b')]),
    Buffer.concat([data('c'), data('d', 1)]),
  ]
  const peer = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      // As TLS does with what has come already.
      for (const one of later.splice(0)) peer.push(one)
      setImmediate(done)
    },
  })
  const session = connect('https://substituted.invalid', { createConnection: () => substitutingHeaders(peer, []) })
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.end(Buffer.alloc(1_000_000))
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(stream, 'end')
  session.destroy()
  expect(text).toBe('abcd')
})
