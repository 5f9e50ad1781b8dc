/** For the tests of this folder: a network with a recording gateway, a stub of the provider, and raw clients. */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { createAuthority } from '../lab/certificate-authority.ts'
import { embeddedAddresses } from '../lab/embedded/addresses.ts'
import { EmbeddedNetwork } from '../lab/embedded/network.ts'
import { gatewayPort } from '../lab/ports.ts'
import type { HeaderLine } from '../plan/case.ts'
import type { Topology } from '../plan/proxy.ts'
import type { Behaviour } from './behaviour.ts'
import { pairsOf, valuesOf } from './header-lines.ts'
import { ReferenceProxy } from './reference-proxy.ts'
import { SessionStore, sessionCookie } from './session.ts'

export type Recorded = {
  readonly peer: string
  readonly transport: 'http' | 'websocket'
  readonly method: string
  readonly target: string
  readonly headers: readonly HeaderLine[]
  readonly trailers: readonly HeaderLine[]
  readonly body: string
}

export const identity = 'X-Forwarded-User'
const authority = await createAuthority()
/** What alice shows, and what somebody shows who has made an authority of the same name. */
export const certificates = {
  genuine: await authority.issueClient('alice@example.test'),
  foreign: await (await createAuthority()).issueClient('alice@example.test'),
}
const leaf = await authority.issue(['app.test'])
export const certificateAuthority = authority.certificate
export const tls = { certificate: leaf.certificate, key: leaf.key }
const openid = {
  clientId: 'conformance',
  clientSecret: randomBytes(8).toString('hex'),
  clientAuth: 'client_secret_basic',
} as const

export class Bench implements AsyncDisposable {
  readonly network: EmbeddedNetwork
  proxy: ReferenceProxy
  readonly sessions: SessionStore
  readonly arrived: Recorded[] = []
  /** Disposing of it takes the gateway down. */
  readonly gateway: AsyncDisposable
  readonly alice: string
  readonly bob: string
  readonly noEmail: string
  readonly #start: (further: Partial<Parameters<typeof ReferenceProxy.start>[1]>) => ReferenceProxy

  private constructor(
    network: EmbeddedNetwork,
    sessions: SessionStore,
    behaviour: Behaviour | undefined,
    topology: Topology,
  ) {
    this.network = network
    this.sessions = sessions
    const cookie = (user: Parameters<SessionStore['open']>[0]) => `${sessionCookie}=${sessions.open(user)}`
    this.alice = cookie({ subject: 'alice', email: 'alice@example.test' })
    this.bob = cookie({ subject: 'bob', email: 'bob@example.test' })
    this.noEmail = cookie({ subject: 'no-email' })
    this.gateway = recordGateway(network, this.arrived)
    stubProvider(network)
    this.#start = (further) =>
      ReferenceProxy.start(network, {
        identity,
        tls,
        openid,
        sessions,
        topology,
        ...(behaviour && { behaviour }),
        ...further,
      })
    this.proxy = this.#start({})
  }

  /** From here on users are known by their certificates, and alice is who shows one in her name. */
  async knowByCertificate(): Promise<void> {
    await this.proxy[Symbol.asyncDispose]()
    const users = new Map([['alice@example.test', { subject: 'alice', email: 'alice@example.test' }]])
    this.proxy = this.#start({ recognition: { kind: 'certificate', users }, clientAuthority: authority.certificate })
  }

  static async start(behaviour?: Behaviour, topology: Topology = 'network'): Promise<Bench> {
    return new Bench(await EmbeddedNetwork.create(embeddedAddresses()), new SessionStore(), behaviour, topology)
  }

  /** A TLS connection to the proxy from the internet. */
  connect(
    protocol: 'http/1.1' | 'h2' = 'http/1.1',
    shown?: { readonly certificate: string; readonly key: string },
  ): Promise<Duplex> {
    return this.connectFrom(this.network.addresses.internet, protocol, shown)
  }

  async connectFrom(
    address: string,
    protocol: 'http/1.1' | 'h2' = 'http/1.1',
    shown?: { readonly certificate: string; readonly key: string },
  ): Promise<Duplex> {
    const socket = await this.network.dialFrom(address)('app.test', 443)
    return connectTls({
      socket,
      servername: 'app.test',
      ca: authority.certificate,
      ALPNProtocols: [protocol],
      ...(shown && { cert: shown.certificate, key: shown.key }),
    })
  }

  /** The status of a request over HTTP/2, once its answer has begun.  */
  async http2(fields: OutgoingHttpHeaders): Promise<number> {
    const socket = await this.connect('h2')
    const session = connectHttp2('https://app.test', { createConnection: () => socket })
    session.on('error', () => {})
    try {
      await once(session, 'remoteSettings')
      const stream = session.request({ ':authority': 'app.test', ...fields }).on('error', () => {})
      const [answered] = await once(stream, 'response')
      return Number(answered[':status'])
    } finally {
      session.destroy()
      socket.destroy()
    }
  }

  /** A WebSocket over HTTP/2 (RFC 8441). */
  upgradeOverHttp2(path: string, fields: OutgoingHttpHeaders = {}): Promise<number> {
    const connect = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':path': path }
    return this.http2({ ...connect, 'sec-websocket-version': '13', ...fields })
  }

  /** Writes the head (lines joined by CRLF) and what follows it, and reads until the proxy closes. */
  async exchange(lines: readonly string[], after = ''): Promise<string> {
    return exchange(await this.connect(), lines, after)
  }

  /** `GET target`, `Host: app.test`, `Connection: close`, and the given lines. */
  get(target: string, ...lines: readonly string[]): Promise<string> {
    return this.exchange([`GET ${target} HTTP/1.1`, 'Host: app.test', 'Connection: close', ...lines])
  }

  upgrade(target: string, ...lines: readonly string[]): Promise<string> {
    return this.exchange([`GET ${target} HTTP/1.1`, 'Host: app.test', ...handshake, ...lines])
  }

  identities(): string[][] {
    return this.arrived.map(({ headers }) => valuesOf(identity, headers))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]()
    await this.network[Symbol.asyncDispose]()
  }
}

export const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

export function exchange(socket: Duplex, lines: readonly string[], after = ''): Promise<string> {
  socket.write(`${[...lines, '', ''].join('\r\n')}${after}`, 'latin1')
  return new Promise((resolve) => {
    let heard = ''
    socket.on('data', (chunk) => {
      heard += String(chunk)
      // After a 101 the gateway of this bench says one word; the test has no more to hear.
      if (heard.endsWith('hello')) socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}

export const statusOf = (answer: string) => Number(answer.split(' ')[1])

/** Records, answers 200 with two equal-named lines; on an upgrade 101 and `hello`, or 403 where `/refused` is asked for. */
function recordGateway(network: EmbeddedNetwork, arrived: Recorded[]): AsyncDisposable {
  const peers = new WeakMap<Duplex, string>()
  const record = (request: IncomingMessage, transport: Recorded['transport'], body: string) =>
    arrived.push({
      peer: peers.get(request.socket) ?? '',
      transport,
      method: request.method ?? '',
      target: request.url ?? '',
      headers: pairsOf(request.rawHeaders),
      trailers: pairsOf(request.rawTrailers),
      body,
    })
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => {
      record(request, 'http', body)
      response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-From', 'gateway'])
      response.end(`you sent ${body.length}`)
    })
  })
  server.on('upgrade', (request, socket) => {
    record(request, 'websocket', '')
    if (request.url?.startsWith('/refused')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nX-From: gateway\r\nContent-Length: 6\r\n\r\nnot me')
      return
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello')
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.resume()
  })
  return network.listen({
    names: ['gateway'],
    address: network.addresses.gateway,
    port: gatewayPort,
    onConnection: (socket, peer) => {
      peers.set(socket, peer)
      server.emit('connection', socket)
    },
  })
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The least that the code flow needs: signs alice in without asking, or whom X-User names. */
function stubProvider(network: EmbeddedNetwork): void {
  const issuer = 'http://idp.test'
  const pending = new Map<string, { nonce: string; challenge: string; user: string }>()
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const idToken = (nonce: string, user: string) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: openid.clientId, sub: user, nonce, iat: now, exp: now + 60 }
    const signed = `${encode({ alg: 'RS256', kid: '1' })}.${encode(claims)}`
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  }
  const answers: Record<string, (url: URL, form: URLSearchParams, bearer: string) => object> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/me`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
    }),
    '/jwks': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256', use: 'sig' }] }),
    '/me': (_url, _form, user) => ({ sub: user, email: `${user}@example.test` }),
    '/token': (_url, form) => {
      const login = pending.get(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (login?.challenge !== challenge) return { error: 'invalid_grant' }
      return { access_token: login.user, token_type: 'Bearer', id_token: idToken(login.nonce, login.user) }
    },
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    if (url.pathname === '/auth') {
      const asked = url.searchParams
      const code = randomBytes(8).toString('hex')
      const user = String(request.headers['x-user'] ?? 'alice')
      pending.set(code, { nonce: asked.get('nonce') ?? '', challenge: asked.get('code_challenge') ?? '', user })
      const back = new URL(asked.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString()
      response.writeHead(302, { location: back.href }).end()
      return
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const bearer = String(request.headers.authorization ?? '').replace(/^Bearer /, '')
    const answer = answers[url.pathname]?.(url, new URLSearchParams(body), bearer) ?? { error: 'unknown' }
    response
      .writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer))
  })
  network.listen({
    names: ['idp.test'],
    address: network.addresses.idp,
    port: 80,
    onConnection: (socket) => server.emit('connection', socket),
  })
}
