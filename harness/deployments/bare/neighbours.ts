/** The gateway and the auth service, as a configuration names them: what leads to the run's own, and what cannot. */
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import { usualGatewayPort } from '../gateway.ts'
import type { Facts, Said, Upstream } from '../products/facts.ts'

type Neighbours = {
  readonly gateway: Said<Upstream>
  readonly auth?: Said<Upstream>
  /** What else it forwards to: nothing of it is started. */
  readonly others: readonly Said<Upstream>[]
  /** Everything reaches everything over 127.0.0.1: one machine. */
  readonly sameHost: boolean
}

/** @param port on which the gateway's own configuration says that it listens. @throws UserError with file and line for an upstream that nothing of a run can be */
export function neighboursOf(facts: Facts, file: string, port = usualGatewayPort): Neighbours {
  const [auth] = facts.auth
  const others = facts.upstreams.filter(
    ({ value }) => value.host !== auth?.value.host || value.port !== auth.value.port,
  )
  const onPort = others.find(({ value }) => value.port === port)
  const gateway = onPort ?? others[0]
  const start: Place = { file, line: 1, column: 1 }
  if (gateway === undefined) return refuse(start, 'expected an upstream: the file forwards to no gateway')
  const places = new Set(others.map(({ value }) => `${value.host}:${value.port}`))
  if (onPort === undefined && places.size > 1)
    return refuse(
      gateway.place,
      `expected the gateway on port ${port}, found ${[...places].join(' and ')}: put the gateway's openclaw.json beside this file, with its port`,
    )
  const sameHost = isLoopback(gateway.value.host)
  if (auth && isLoopback(auth.value.host) && !sameHost)
    return refuse(
      auth.place,
      `${auth.value.host}:${auth.value.port} is asked on this machine and the gateway is elsewhere (${gateway.value.host}): in a run the service would be another container: write its name there`,
    )
  const elsewhere = others.filter(
    ({ value }) =>
      value.port !== gateway.value.port && value.host !== gateway.value.host && value.host !== auth?.value.host,
  )
  return { gateway, ...(auth && { auth }), others: elsewhere, sameHost }
}

export const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host)

function refuse(place: Place, message: string): never {
  refuseOn([{ ...place, message }])
  throw new Error(message)
}
