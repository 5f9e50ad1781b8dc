/** A WebSocket of a case over HTTP/2: an extended CONNECT (RFC 8441) where the peer offers it, then the gateway's own handshake on the stream. */
import type { ClientHttp2Session } from 'node:http2'
import { performance } from 'node:perf_hooks'
import type { Send } from '../plan/case.ts'
import type { Credentials } from '../plan/credentials.ts'
import type { Exchange } from './exchange.ts'
import { converse } from './gateway-protocol.ts'
import { requestFields } from './header-block.ts'
import { type Answer, answerTo, openSession, rawOverHttp2, render } from './http2.ts'
import { notTheGateway, verdictOf } from './probe.ts'
import { connectAs, type RequestContext, shownOf } from './request-bytes.ts'
import type { Peer } from './tls.ts'
import { FrameSocket } from './websocket-frames.ts'
import { type Limits, usualLimits, Wire } from './wire.ts'

/**
 * Opens one WebSocket on a connection of its own. A peer that does not announce SETTINGS_ENABLE_CONNECT_PROTOCOL is not asked (RFC 8441 3):
 * the exchange then ends as `unsupported`. A 2xx opens the WebSocket; any other status is the answer.
 */
export async function sendWebSocketOverHttp2(
  peer: Peer,
  send: Send,
  context: RequestContext,
  limits: Limits = usualLimits,
): Promise<Exchange> {
  const since = performance.now()
  const fields = requestFields(send, context, 'websocket')
  const sent = render(fields, '', [])
  const ended = (answer: Answer | Omit<Exchange, 'sent' | 'ms'>): Exchange => ({
    verdict: answer.response === undefined ? notTheGateway : verdictOf(answer.response),
    ...answer,
    sent,
    ms: performance.now() - since,
  })
  if (send.raw !== undefined) return ended(rawOverHttp2)
  const opened = await openSession(peer, [fields], shownOf(send, context), limits)
  if ('fault' in opened) return ended(opened)
  await using session = opened
  const offered = await connectProtocol(session.http2, limits.deadlineMs)
  if (offered !== 'offered') return ended(offered)
  // Node sends what it believes to be a POST; its header block is substituted on the way, and the stream stays open both ways.
  const stream = session.http2.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  const answer = await answerTo(session.http2, () => stream, limits.deadlineMs, 'head')
  const { response, ending } = answer
  if (response === undefined || ending !== undefined || response.status < 200 || response.status > 299) {
    return ended(answer)
  }
  const socket = new FrameSocket(new Wire(stream))
  const timer = setTimeout(() => socket.expire(), limits.deadlineMs)
  const conversation = await converse(socket, connectAs(send, context))
  clearTimeout(timer)
  if (conversation.close === undefined) socket.close(1000)
  return ended({ response, ...conversation })
}

/** Whether a peer that speaks HTTP/2 announces WebSockets over it. Never rejects: what does not answer does not offer them. */
export async function offersWebSocketOverHttp2(peer: Peer, shown: Credentials, limits: Limits): Promise<boolean> {
  const opened = await openSession(peer, [], shown, limits)
  if ('fault' in opened) return false
  await using session = opened
  return (await connectProtocol(session.http2, limits.deadlineMs)) === 'offered'
}

function connectProtocol(session: ClientHttp2Session, deadlineMs: number): Promise<'offered' | Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => resolve({ ending: 'no-answer', fault: `no SETTINGS came within ${deadlineMs} ms` }),
      deadlineMs,
    )
    const closed = () => {
      clearTimeout(timer)
      resolve({ ending: 'closed' })
    }
    session.once('close', closed)
    session.once('error', closed)
    session.once('remoteSettings', ({ enableConnectProtocol }) => {
      clearTimeout(timer)
      const fault = 'the peer does not offer WebSockets over HTTP/2 (SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441)'
      resolve(enableConnectProtocol === true ? 'offered' : { ending: 'unsupported', fault })
    })
  })
}
