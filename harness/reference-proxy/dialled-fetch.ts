/** `fetch` over a `Dial`: how the proxy talks to the OpenID provider of its own environment. */
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { CustomFetch } from 'openid-client'
import type { Dial } from '../lab/dial.ts'
import { pairsOf } from './header-lines.ts'

/** Plain HTTP only, no redirects followed. Rejects when the dial does or the connection breaks. */
export function dialledFetch(dial: Dial): CustomFetch {
  return async (address, { method, headers, body }) => {
    const url = new URL(address)
    if (url.protocol !== 'http:') throw new Error(`the provider is reached over plain HTTP only, not at ${address}`)
    const socket = await dial(url.hostname, Number(url.port || 80))
    return new Promise((resolve, reject) => {
      const outgoing = request({
        createConnection: (): Duplex => socket,
        method,
        path: url.pathname + url.search,
        headers: { ...headers, host: url.host, connection: 'close' },
      })
      outgoing.once('error', reject)
      outgoing.once('response', (response) => {
        buffer(response).then((content) => {
          const status = response.statusCode ?? 502
          const bodiless = status === 204 || status === 304
          resolve(
            new Response(bodiless ? null : new Uint8Array(content), {
              status,
              headers: pairsOf(response.rawHeaders).map(([n, v]): [string, string] => [n, v]),
            }),
          )
        }, reject)
      })
      if (body === undefined || body === null) outgoing.end()
      else if (typeof body === 'string' || body instanceof URLSearchParams) outgoing.end(body.toString())
      else reject(new Error('only text bodies are sent to the provider'))
    })
  }
}
