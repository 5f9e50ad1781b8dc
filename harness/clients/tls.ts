/** The stream below a request: dialled, and wrapped in TLS where the peer's public side has it. */
import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import type { Dial } from '../lab/dial.ts'
import type { ClientCertificate, Credentials } from '../plan/credentials.ts'

export type Peer = {
  readonly dial: Dial
  readonly host: string
  readonly port: number
  /** Absent: plain TCP. */
  readonly tls?: {
    /** PEM of the run's authority, the only one that is believed; empty: any certificate is. */
    readonly ca: string
    /** Server name indication, and the name that the certificate must have. */
    readonly servername: string
  }
}

/** Whose connection it is. */
type Holder = {
  /** The user whose TLS sessions may be resumed: a browser resumes only its own. Empty: a client without a session. */
  readonly name: string
  /** Shown in the handshake where the peer asks for one. */
  readonly certificate?: ClientCertificate
}

export const stranger: Holder = { name: '' }

export function holderOf({ cookie, header, certificate }: Credentials): Holder {
  return { name: [cookie, ...(header ?? [])].join(' ').trim(), ...(certificate && { certificate }) }
}

/**
 * Opens a stream to the peer. Later errors of the stream show as its end: a peer that resets has closed.
 * @param protocol for ALPN; the peer must choose it when it chooses at all, and for `h2` it must choose
 * @param holder who opens it
 * @throws where nobody listens, the certificate is not the run's, the protocol is another, or the deadline (milliseconds) passes
 */
export async function openStream(
  peer: Peer,
  protocol: 'http/1.1' | 'h2',
  deadlineMs: number,
  holder: Holder,
): Promise<Duplex> {
  // Not `AbortSignal.timeout`: that one fires, and makes an exception, long after the stream is open.
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), deadlineMs)
  try {
    return await opened(peer, protocol, deadline.signal, deadlineMs, holder)
  } finally {
    clearTimeout(timer)
  }
}

async function opened(
  peer: Peer,
  protocol: string,
  deadline: AbortSignal,
  deadlineMs: number,
  { name, certificate }: Holder,
): Promise<Duplex> {
  const stream = await dialled(peer, deadline)
  stream.on('error', () => {})
  if (stream instanceof Socket) stream.setNoDelay(true)
  if (peer.tls === undefined) return stream
  const { ca, servername } = peer.tls
  const key = [protocol, servername, name, certificate?.certificate, ca].join(' ')
  const session = tickets.get(key)
  const secure = connect({
    socket: stream,
    secureContext: contextOf(ca, certificate),
    rejectUnauthorized: ca !== '',
    servername,
    ALPNProtocols: [protocol],
    ...(session && { session }),
  })
  secure.on('session', (ticket) => keepTicket(key, ticket))
  try {
    await once(secure, 'secureConnect', { signal: deadline })
    if (secure.alpnProtocol !== protocol && (protocol === 'h2' || secure.alpnProtocol !== false)) {
      throw new Error(`it does not speak ${protocol} (ALPN chose ${secure.alpnProtocol || 'nothing'})`)
    }
  } catch (error) {
    stream.destroy()
    throw new Error(
      `TLS with ${servername} failed: ${deadline.aborted ? `no handshake within ${deadlineMs} ms` : messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
  secure.on('error', () => {})
  return secure
}

/** Whom TLS believes. @param ca PEM; empty where the proxy makes its certificate itself and any is accepted */
export function trust(ca: string): { readonly ca: string } | { readonly rejectUnauthorized: false } {
  return ca === '' ? { rejectUnauthorized: false } : { ca }
}

/** The newest ticket of each holder and peer: resuming (RFC 8446 2.2) spares both sides the signatures, which cost more than the request. */
const tickets = new Map<string, Buffer>()
/** A run has a handful of users for each environment; who was not there for longest starts anew. */
const mostTickets = 64

function keepTicket(key: string, ticket: Buffer): void {
  tickets.delete(key)
  tickets.set(key, ticket)
  const [oldest] = tickets.keys()
  if (tickets.size > mostTickets && oldest !== undefined) tickets.delete(oldest)
}

/** Parsing an authority costs more than a handshake: one context per authority and client certificate. */
const contexts = new Map<string, SecureContext>()
function contextOf(ca: string, own?: ClientCertificate): SecureContext {
  const id = `${ca} ${own?.certificate ?? ''}`
  const known = contexts.get(id)
  if (known) return known
  // The default begins with a post-quantum key: it protects what is recorded today, and here nobody records anything.
  const context = createSecureContext({
    ...(ca !== '' && { ca }),
    ...(own && { cert: own.certificate, key: own.key }),
    ecdhCurve: 'X25519:P-256:P-384',
  })
  contexts.set(id, context)
  return context
}

async function dialled({ dial, host, port }: Peer, deadline: AbortSignal): Promise<Duplex> {
  const dialling = dial(host, port)
  const late = new Promise<never>((_resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('it did not answer in time')), { once: true })
  })
  try {
    return await Promise.race([dialling, late])
  } catch (error) {
    // A stream that comes after all must not stay open.
    dialling.then(
      (stream) => stream.destroy(),
      () => {},
    )
    throw new Error(`dialling ${host}:${port} failed: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
