import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type CertificateAuthority, createAuthority } from '../lab/certificate-authority.ts'
import { sendHttp1 } from './http1.ts'
import { peerOf } from './peer.testing.ts'
import { usualLimits } from './wire.ts'

const context = { host: 'app.test', cookie: '', mark: 'mark-1', password: 'right' }
const impatient = { ...usualLimits, deadlineMs: 150, patienceMs: 60, quietMs: 30 }

const open: Server[] = []
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of open.splice(0)) server.close()
})

/** A server that does with each connection what the test says. */
async function peer(serve: (socket: Socket) => void) {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  open.push(server)
  return peerOf(server)
}

/** Answers each chunk that comes with the next text, and closes after the last when told to. */
function answering(texts: readonly string[], after: 'keeps open' | 'closes' = 'keeps open') {
  return (socket: Socket) => {
    const rest = [...texts]
    socket.on('data', () => {
      const text = rest.shift()
      if (text !== undefined) socket.write(text)
      if (rest.length === 0 && after === 'closes') socket.end()
    })
  }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const raw = (...entries: string[]) => ({ raw: entries })

describe('what is sent', () => {
  it('is on the wire byte for byte, and in the exchange', async () => {
    const heard: Buffer[] = []
    const target = await peer((socket) => {
      socket.on('data', (chunk) => heard.push(chunk))
      socket.once('data', () => socket.write(ok))
    })
    const odd =
      'POST /x HTTP/1.1\nHost: a\r\nHost: b\r\nX Y : z\r\n folded\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\xff\0'
    const exchange = await sendHttp1(target, raw(odd), context, 'http', impatient)
    expect(Buffer.concat(heard).toString('latin1')).toBe(odd)
    expect(exchange.sent.toString('latin1')).toBe(odd)
    expect(exchange.response?.body).toBe('hi')
  })
})

describe('what comes back', () => {
  it('is read from a server that keeps the connection open', async () => {
    const exchange = await sendHttp1(await peer(answering([ok])), {}, context, 'http', usualLimits)
    expect(exchange).toMatchObject({ response: { status: 200, body: 'hi' }, verdict: { kind: 'not-the-gateway' } })
    expect(exchange).not.toHaveProperty('fault')
    expect(exchange.ms).toBeLessThan(1000)
  })

  it('has each answer on the connection when raw bytes hold several requests', async () => {
    const second = 'HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n'
    const target = await peer(answering([ok + second, 'HTTP/1.1 204 No\r\n\r\n']))
    const exchange = await sendHttp1(target, raw('GET / HTTP/1.1\r\n\r\n'), context, 'http', impatient)
    expect([exchange.response, ...(exchange.further ?? [])].map((one) => one?.status)).toEqual([200, 400])
  })

  it('has the second answer of a peer that is quiet for longer than usual, as long as patience says that it still works', async () => {
    const answered = Promise.withResolvers<void>()
    const target = await peer((socket) =>
      socket.once('data', () => {
        socket.write(ok)
        setTimeout(() => socket.write('HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n', () => answered.resolve()), 90)
      }),
    )
    const stranger = await peer(answering([ok], 'closes'))
    const patience = async () => {
      await answered.promise
      await sendHttp1(stranger, {}, context, 'http')
    }
    const patient = { ...usualLimits, patienceMs: 300, quietMs: 1, patience }
    const exchange = await sendHttp1(target, raw('GET / HTTP/1.1\r\n\r\n'), context, 'http', patient)
    expect([exchange.response, ...(exchange.further ?? [])].map((one) => one?.status)).toEqual([200, 400])
  })

  it('is nothing, and no fault, when the peer closes or resets without an answer', async () => {
    const ways = [
      ['closed', (socket: Socket) => socket.end()],
      ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ] as const
    for (const [ending, leave] of ways) {
      const target = await peer((socket) => socket.once('data', () => leave(socket)))
      const exchange = await sendHttp1(target, {}, context, 'http', usualLimits)
      expect(exchange).toMatchObject({ verdict: { kind: 'not-the-gateway' }, ending })
      expect(exchange).not.toHaveProperty('response')
      expect(exchange).not.toHaveProperty('fault')
    }
  })

  it('is nothing, and no fault, when raw bytes are left unanswered; the writing side is closed first', async () => {
    let ended = false
    const target = await peer((socket) => socket.resume().once('end', () => (ended = true)))
    const exchange = await sendHttp1(
      target,
      raw('POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n'),
      context,
      'http',
      impatient,
    )
    expect(exchange).not.toHaveProperty('response')
    expect(exchange).not.toHaveProperty('fault')
    // Node's server closes its side as well.
    expect(exchange.ending).toBe('closed')
    expect(ended).toBe(true)
  })

  it('is a fault at the deadline, with as much of the answer as came', async () => {
    const silent = await sendHttp1(await peer(answering([])), {}, context, 'http', impatient)
    expect(silent).toMatchObject({ ending: 'no-answer', fault: 'no answer came within 150 ms' })
    const half = await sendHttp1(await peer(answering([ok.slice(0, -1)])), {}, context, 'http', impatient)
    expect(half).toMatchObject({
      ending: 'unfinished',
      fault: 'the answer did not end within 150 ms',
      response: { status: 200, body: 'h' },
    })
  })

  it('is a fault when nobody listens, with the words of the network', async () => {
    const refused = { dial: () => Promise.reject(new Error('connect ECONNREFUSED')), host: 'gateway', port: 18789 }
    const exchange = await sendHttp1(refused, {}, context, 'http', usualLimits)
    expect(exchange).toMatchObject({
      ending: 'not-connected',
      fault: 'dialling gateway:18789 failed: connect ECONNREFUSED',
    })
  })

  const preface = raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n')
  it.each([
    ['SETTINGS', Buffer.from('000000040000000000', 'hex')],
    [
      'SETTINGS in pieces, and GOAWAY',
      Buffer.from('00000604000000000000030000006400000807000000000000000000000001', 'hex'),
    ],
    ['GOAWAY alone', Buffer.from('0000080700000000000000000000000001', 'hex')],
  ])('is an answer in HTTP/2 frames, and no fault: %s', async (_what, frames) => {
    const target = await peer((socket) =>
      socket.once('data', () => {
        socket.write(frames.subarray(0, 5), () => socket.end(frames.subarray(5)))
      }),
    )
    const exchange = await sendHttp1(target, preface, context, 'http', impatient)
    expect(exchange).toMatchObject({ ending: 'http2', verdict: { kind: 'not-the-gateway' } })
    expect(exchange).not.toHaveProperty('response')
    expect(exchange).not.toHaveProperty('fault')
  })

  it.each(['000000040000000001', '000005040000000000', 'SSH-2.0-OpenSSH'])(
    'is a fault in bytes of no known protocol: %s',
    async (bytes) => {
      const answer = /^[0-9a-f]+$/.test(bytes) ? Buffer.from(bytes, 'hex') : Buffer.from(bytes)
      const target = await peer((socket) => socket.once('data', () => socket.end(answer)))
      expect(await sendHttp1(target, preface, context, 'http', impatient)).toMatchObject({
        ending: 'not-http',
        fault: expect.stringMatching(/^the answer is not HTTP: /),
      })
    },
  )

  it('is the word of the gateway when it has its form', async () => {
    const server = createHttpServer((_request, response) => {
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end('{"error":{"message":"Unauthorized","type":"unauthorized"}}')
    })
    open.push(server)
    expect((await sendHttp1(await peerOf(server), {}, context, 'http')).verdict).toEqual({ kind: 'refused' })
  })
})

describe('TLS', () => {
  let authority: CertificateAuthority
  beforeAll(async () => {
    authority = await createAuthority()
  })

  async function secure(names: readonly string[], protocols = ['h2', 'http/1.1']) {
    const leaf = await authority.issue(names)
    const options = { cert: leaf.certificate, key: leaf.key, ALPNProtocols: protocols }
    const server = createTlsServer(options, (socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(
          `HTTP/1.0 200 OK\r\n\r\n${socket.alpnProtocol} for ${String(socket.servername)}${socket.isSessionReused() ? ', resumed' : ''}`,
        ),
      )
    })
    server.on('tlsClientError', () => {})
    open.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return peerOf(server)
  }

  it('names the server and asks for HTTP/1.1', async () => {
    const target = { ...(await secure(['app.test'])), tls: { ca: authority.certificate, servername: 'app.test' } }
    expect((await sendHttp1(target, {}, context, 'http')).response?.body).toBe('http/1.1 for app.test')
  })

  it("resumes the user's own TLS session and nobody else's", async () => {
    const target = { ...(await secure(['app.test'])), tls: { ca: authority.certificate, servername: 'app.test' } }
    const bodies: (string | undefined)[] = []
    for (const cookie of ['alice', 'alice', 'bob', 'bob', '', 'alice']) {
      bodies.push((await sendHttp1(target, {}, { ...context, cookie }, 'http')).response?.body.replace(/.*test/, ''))
    }
    expect(bodies).toEqual(['', ', resumed', '', ', resumed', '', ', resumed'])
  })

  it.each([
    [
      'another authority',
      async () => ({ ca: (await createAuthority()).certificate, servername: 'app.test' }),
      /certificate/,
    ],
    ['another name', async () => ({ ca: authority.certificate, servername: 'other.test' }), /altnames/],
  ])('is a fault with %s', async (_what, tls, words) => {
    const target = { ...(await secure(['app.test'])), tls: await tls() }
    const { fault, response } = await sendHttp1(target, {}, context, 'http')
    expect(response).toBeUndefined()
    expect(fault).toMatch(words)
  })
})
