/** A server of the stand-ins: every request answered by one function, which gets the header lines as they came. */
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Answer, textAnswer } from '../reference-proxy/answer.ts'
import { pairsOf } from '../reference-proxy/header-lines.ts'
import type { ProxyRequest } from '../reference-proxy/request.ts'

/** Nobody has told it to listen. What `answerTo` throws is a 500. */
export function answering(answerTo: (request: ProxyRequest) => Promise<Answer>): Server {
  return createServer((incoming, outgoing) => {
    const request: ProxyRequest = {
      transport: 'http',
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      httpVersion: incoming.httpVersion,
      headers: pairsOf(incoming.rawHeaders),
      peer: incoming.socket.remoteAddress ?? '',
      body: () => text(incoming),
    }
    answerTo(request)
      .catch((error: unknown) => textAnswer(500, error instanceof Error ? error.message : String(error)))
      .then(({ status, headers, body }) => outgoing.writeHead(status, headers.flat()).end(body))
  })
}
