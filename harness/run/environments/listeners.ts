/**
 * What listens in an environment besides the proxy's public port and the gateway: side services, sidecars, and the second listeners of the
 * proxy (port 80, administration, metrics). A case that connects to one of them needs one that answers: a refused connection shows nothing.
 */
import type { Dial } from '../../lab/dial.ts'
import type { Case, Destination } from '../../plan/case.ts'

export type Listener = {
  /** `proxy`, `auth`, …: a service of the variant. */
  readonly service: string
  /** Host name by which the others in the network reach it. */
  readonly host: string
  readonly port: number
  /** It completes a TLS handshake. */
  readonly tls: boolean
  /** In the gateway's network namespace: the gateway takes what it sends for loopback. */
  readonly beside: boolean
}

const named: Readonly<
  Partial<Record<Destination, { readonly what: string; readonly is: (listener: Listener) => boolean }>>
> = {
  auth: {
    what: 'a side service of the proxy that listens in the network',
    is: ({ service, beside }) => !beside && service !== 'proxy',
  },
  sidecar: {
    what: 'a sidecar that listens in the network without TLS',
    is: ({ beside, tls }) => beside && !tls,
  },
  'sidecar-tls': {
    what: 'a sidecar that listens in the network with TLS',
    is: ({ beside, tls, service }) => beside && tls && service !== 'proxy',
  },
}

/** The listener that a case means by `to`. Of several side services the one called `auth`. */
export function listenerAt(to: Destination, listeners: readonly Listener[]): Listener | undefined {
  const found = listeners.filter((listener) => named[to]?.is(listener) === true)
  return found.find(({ service }) => service === 'auth') ?? found[0]
}

/** What is missing where a case would connect to nobody. */
export function missingListener({ to }: Pick<Case, 'to'>, listeners: readonly Listener[]): string | undefined {
  const wanted = named[to]
  return wanted === undefined || listenerAt(to, listeners) !== undefined ? undefined : wanted.what
}

/** Second listeners of the proxy itself: whatever leads to the gateway there goes round the log-in. */
export const publicPort = 443

/** Of each candidate, whether it can be reached over the network, and whether it speaks TLS. */
export async function reachable(
  candidates: readonly Omit<Listener, 'tls'>[],
  dial: Dial,
  speaksTls: (host: string, port: number) => Promise<boolean>,
): Promise<Listener[]> {
  const tried = await Promise.all(
    candidates.map(async (candidate): Promise<Listener[]> => {
      const { host, port } = candidate
      const answers = await dial(host, port).then(
        (stream) => {
          stream.destroy()
          return true
        },
        () => false,
      )
      return answers ? [{ ...candidate, tls: await speaksTls(host, port).catch(() => false) }] : []
    }),
  )
  return tried.flat()
}
