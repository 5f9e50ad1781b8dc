/** The gateway and the auth service, as a configuration names them: what leads to the run's own, and what cannot. */
import { refuseOn } from '../../plan/refuse-on.ts'
import { usualGatewayPort } from '../gateway.ts'
import type { Facts, Said, Upstream } from '../products/facts.ts'
import { chosenGateway } from './chosen-gateway.ts'

type Neighbours = {
  readonly gateway: Said<Upstream>
  /** The gateway's own further ports. */
  readonly parts: readonly Said<Upstream>[]
  /** Why it is the gateway, where nothing says it. */
  readonly assumed?: string
  readonly auth?: Said<Upstream>
  /** What else it forwards to: nothing of it is started. */
  readonly others: readonly Said<Upstream>[]
  /** Everything reaches everything over 127.0.0.1: one machine. */
  readonly sameHost: boolean
}

/**
 * @param port on which the gateway's own configuration says that it listens
 * @param written the gateway as conformance.yaml names it
 * @throws UserError with file and line for an upstream that nothing of a run can be
 */
export function neighboursOf(facts: Facts, file: string, port = usualGatewayPort, written?: string): Neighbours {
  const [auth] = facts.auth
  const upstreams = facts.upstreams.filter(
    ({ value }) => value.host !== auth?.value.host || value.port !== auth.value.port,
  )
  const start = { file, line: 1, column: 1 }
  const { gateway, parts, assumed } = chosenGateway(upstreams, {
    port,
    start,
    ...(written !== undefined && { written }),
  })
  const sameHost = isLoopback(gateway.value.host)
  if (auth && isLoopback(auth.value.host) && !sameHost)
    refuseOn([
      {
        ...auth.place,
        message: `${auth.value.host}:${auth.value.port} is asked on this machine and the gateway is elsewhere (${gateway.value.host}): in a run the service would be another container: write its name there`,
      },
    ])
  const others = upstreams.filter(
    (one) =>
      !parts.includes(one) &&
      one.value.port !== gateway.value.port &&
      one.value.host !== auth?.value.host &&
      (one.value.host !== gateway.value.host || sameHost),
  )
  return { gateway, parts, ...(assumed !== undefined && { assumed }), ...(auth && { auth }), others, sameHost }
}

export const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host)
