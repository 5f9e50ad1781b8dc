/**
 * A correct identity-aware reverse proxy, in process. It is part of the proof that the checks are right: every case must
 * pass on it, and every mutant of it (`mutants.ts`) must fail some case.
 */

import { createServer as createHttpServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { loopback } from '../lab/embedded/addresses.ts'
import type { EmbeddedNetwork } from '../lab/embedded/network.ts'
import { administrationPort, authPort, gatewayPort, sidecarPorts } from '../lab/ports.ts'
import type { Topology } from '../plan/proxy.ts'
import { forwardAmbiguous, readHead } from './ambiguous.ts'
import { createAssertions } from './assertion.ts'
import { askAuthService } from './auth-hop.ts'
import { type Behaviour, correct } from './behaviour.ts'
import { createAuthCore, createCore } from './core.ts'
import { gatewayHop } from './forward.ts'
import { createHttp1, type Front } from './http1.ts'
import { serveHttp2 } from './http2.ts'
import { LogIn, type LogInOptions } from './log-in.ts'
import type { Core } from './outcome.ts'
import { credentialNames, type Recognition, recognise } from './recognition.ts'
import type { Authenticate, Settings } from './request.ts'
import type { SessionStore } from './session.ts'
import { trailersOf } from './trailers.ts'

type ReferenceProxyOptions = {
  /** The header that the gateway trusts. */
  readonly identity: string
  /** Public host name, default `app.test`. */
  readonly host?: string
  /** Certificate and key for the public name, PEM. `ticketKeys`: 48 bytes; proxies that share them resume each other's TLS sessions, as a restarted one would. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly ticketKeys?: Buffer }
  readonly openid: Pick<LogInOptions, 'clientId' | 'clientSecret' | 'clientAuth' | 'form'>
  /** Default http://idp.test. */
  readonly issuer?: string
  /** Default: users log in at the OpenID provider. */
  readonly recognition?: Recognition
  /** PEM of the authority that issues client certificates; absent: none is asked for. */
  readonly clientAuthority?: string
  /** Default: those of `lab/ports.ts`. */
  readonly ports?: ReferencePorts
  /** Share it between proxies and one log-in serves them all. */
  readonly sessions: SessionStore
  /** `sidecar`: in the gateway's network namespace, so that it dials the gateway over loopback. Default `network`. */
  readonly topology?: Topology
  /** Default: the correct one. */
  readonly behaviour?: Behaviour
}

export type ReferencePorts = { readonly auth: number; readonly sidecar: number; readonly 'sidecar-tls': number }

export const usualPorts: ReferencePorts = { auth: authPort, ...sidecarPorts }

export const usualIssuer = 'http://idp.test'

export class ReferenceProxy implements AsyncDisposable {
  readonly #listeners: AsyncDisposable[] = []
  readonly #sockets = new Set<Duplex>()
  #authAvailable = true

  private constructor() {}

  /** Listens on the network as `app.test` and `proxy`, port 443. */
  static start(network: EmbeddedNetwork, options: ReferenceProxyOptions): ReferenceProxy {
    const proxy = new ReferenceProxy()
    proxy.#listen(network, options)
    return proxy
  }

  /** The auth service stops answering: nobody may pass until it is back. */
  stopAuth(): void {
    this.#authAvailable = false
  }

  startAuth(): void {
    this.#authAvailable = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener[Symbol.asyncDispose]()))
    for (const socket of this.#sockets) socket.destroy()
  }

  #listen(network: EmbeddedNetwork, options: ReferenceProxyOptions): void {
    const { addresses } = network
    const host = options.host ?? 'app.test'
    const behaviour = options.behaviour ?? correct
    const { issuer = usualIssuer, ports = usualPorts } = options
    if (behaviour.listener === 'none') return

    const { recognition } = options
    const settings: Settings = {
      ...(recognition && { credentials: credentialNames(recognition) }),
      identity: options.identity,
      host,
      publicPath: '/public',
      gateway: `gateway:${gatewayPort}`,
      assertions: createAssertions(host),
    }
    const callback = `https://${host}/oauth2/callback`
    const dial = network.dialFrom(addresses.proxy)
    const { logInMistake: mistake } = behaviour
    const openid = { ...options.openid, ...(mistake !== 'none' && { mistake }) }
    const logIn = new LogIn({ ...openid, issuer, callback, dial }, options.sessions)
    const ask: Authenticate = (request) =>
      this.#authAvailable
        ? recognition === undefined
          ? askAuthService(options.sessions, request)
          : recognise(recognition, options.sessions, request)
        : { kind: 'unavailable', reason: 'the auth service does not answer' }
    const parts = { settings, sessions: options.sessions, logIn, ask, ...(recognition && { recognition }) }

    const topology = options.topology ?? 'network'
    const front = createFront(network, behaviour, parts, topology)
    // One TLS server for each address that dials: its decrypted sockets say nothing of the connection below them.
    const securing = (behind: ConnectionFront) => {
      const secured = new Map<string, TlsServer>()
      return (socket: Duplex, peer: string) => {
        const server = secured.get(peer) ?? this.#secure(options, peer, behind)
        secured.set(peer, server)
        server.emit('connection', socket)
      }
    }
    this.#listeners.push(
      network.listen({
        names: [host, 'proxy'],
        address: topology === 'sidecar' ? addresses.gateway : addresses.proxy,
        port: 443,
        onConnection: securing(front),
      }),
    )
    const second = behaviour.secondListener
      ? createFront(network, behaviour.secondListener, parts, topology)
      : frontOf(network, { ...behaviour, wrap: correct.wrap }, createAuthCore(ask), topology)
    this.#listeners.push(
      network.listen({
        names: ['auth'],
        address: addresses.auth,
        port: ports.auth,
        onConnection: (socket, peer) => this.#serve(socket, peer, second),
      }),
    )
    if (behaviour.administration === 'readable') {
      const administration = createHttpServer((_request, response) => response.end('{"apps":{"http":{}}}'))
      this.#listeners.push(
        network.listen({
          names: ['proxy'],
          address: addresses.proxy,
          port: administrationPort,
          onConnection: (socket) => {
            this.#own(socket)
            administration.emit('connection', socket)
          },
        }),
      )
    }
    if (topology === 'network') return
    const beside = { names: ['sidecar'], address: addresses.gateway }
    this.#listeners.push(
      network.listen({
        ...beside,
        port: ports.sidecar,
        onConnection: (socket, peer) => this.#serve(socket, peer, second),
      }),
      network.listen({ ...beside, port: ports['sidecar-tls'], onConnection: securing(second) }),
    )
  }

  /** Not listening: raw connections are handed to it. */
  #secure(
    { tls: { certificate, key, ticketKeys }, clientAuthority }: ReferenceProxyOptions,
    peer: string,
    front: ConnectionFront,
  ): TlsServer {
    const server = createTlsServer({
      cert: certificate,
      key,
      ...(ticketKeys && { ticketKeys }),
      // A visitor without a certificate is told so by an answer, not by a broken handshake.
      ...(clientAuthority !== undefined && { ca: clientAuthority, requestCert: true, rejectUnauthorized: false }),
      ALPNProtocols: ['h2', 'http/1.1'],
      // Without the post-quantum hybrid that OpenSSL 3.5 prefers: it costs a cell 15 % and protects nothing in a process.
      ecdhCurve: 'X25519:P-256',
    })
    server.on('secureConnection', (socket) => {
      this.#own(socket)
      if (clientAuthority !== undefined && (socket.authorized || front.certificates === 'of-anybody')) {
        const { CN: subject } = socket.getPeerCertificate().subject ?? {}
        if (typeof subject === 'string') front.subjects.set(socket, subject)
      }
      if (socket.alpnProtocol === 'h2') serveHttp2(front, socket, peer)
      else this.#serve(socket, peer, front)
    })
    // A handshake that fails is the client's affair; its socket is closed already.
    server.on('tlsClientError', () => {})
    return server
  }

  #serve(socket: Duplex, peer: string, front: ConnectionFront): void {
    this.#own(socket)
    front.peers.set(socket, peer)
    const { framing } = front
    if (framing === 'strict') {
      front.http1.emit('connection', socket)
      return
    }
    readHead(socket)
      .then(async (bytes) => {
        if (await forwardAmbiguous(front, framing, socket, bytes, peer)) return
        socket.unshift(bytes)
        front.http1.emit('connection', socket)
      })
      .catch(() => socket.destroy())
  }

  #own(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

type ConnectionFront = Front & {
  readonly http1: Server
  readonly framing: Behaviour['framing']
  readonly certificates: Behaviour['certificates']
  readonly peers: WeakMap<Duplex, string>
  readonly subjects: WeakMap<Duplex, string>
}

function createFront(
  network: EmbeddedNetwork,
  behaviour: Behaviour,
  parts: Parameters<typeof createCore>[1],
  topology: Topology,
): ConnectionFront {
  return frontOf(network, behaviour, createCore(behaviour, parts), topology)
}

function frontOf(network: EmbeddedNetwork, behaviour: Behaviour, core: Core, topology: Topology): ConnectionFront {
  const { proxy, gateway } = network.addresses
  const local = topology === 'sidecar' || behaviour.source === 'loopback'
  const dial = local ? network.dialFrom(loopback, { gateway }) : network.dialFrom(proxy)
  const peers = new WeakMap<Duplex, string>()
  const subjects = new WeakMap<Duplex, string>()
  const dialGateway = () => dial('gateway', gatewayPort)
  const passedTrailers = behaviour.trailers === 'forwarded' ? trailersOf : () => []
  const { decide, gateway: hop } = behaviour.wrap({ decide: core, gateway: gatewayHop(dialGateway, passedTrailers) })
  const front: Front = {
    core: decide,
    behaviour,
    gateway: hop,
    dialGateway,
    subjectOf: (socket) => subjects.get(socket),
    peerOf: (socket) => {
      const peer = peers.get(socket)
      if (peer === undefined) throw new Error('a connection that the network did not announce')
      return peer
    },
  }
  return {
    ...front,
    http1: createHttp1(front),
    framing: behaviour.framing,
    certificates: behaviour.certificates,
    peers,
    subjects,
  }
}
