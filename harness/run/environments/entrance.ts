/** How the public reaches a proxy that does not serve TLS on 443 itself: another port is published as 443, or something before it ends TLS. */

import { duplexPair } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Dial } from '../../lab/dial.ts'
import type { Variant } from '../../plan/proxy.ts'

/**
 * @param certificate PEM with its key, for the public names
 * @returns a dial that leads port 443 of a public name to the port that the proxy has
 */
export function publicDial(
  dial: Dial,
  { host, names, entrance }: Pick<Variant, 'host' | 'names' | 'entrance'>,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): Dial {
  if (entrance === undefined) return dial
  const { port, tls } = entrance
  const publicNames = new Set([host, ...(names.proxy ?? [])].map((name) => name.toLowerCase()))
  const secureContext = createSecureContext({ cert: certificate, key })
  return async (name, asked) => {
    if (asked !== 443 || !publicNames.has(name.toLowerCase())) return await dial(name, asked)
    const stream = await dial(name, port)
    if (tls) return stream
    // TLS ends here, byte for byte, as in a balancer for TCP: nothing is added that such an edge might add.
    const [client, edge] = duplexPair()
    const secure = new TLSSocket(edge, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
    const end = () => {
      stream.destroy()
      secure.destroy()
      client.destroy()
    }
    stream.on('error', end).on('close', end)
    secure.on('error', end).on('close', end)
    stream.pipe(secure).pipe(stream)
    return client
  }
}
