/** The gateway and the auth service, as a configuration names them: what leads to the run's own, and what cannot. */
import { isIP } from 'node:net'
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import type { Facts, Said, Upstream } from '../products/facts.ts'

/** OpenClaw's own default, on which the gateway of every run listens. */
const gatewayPort = 18_789

type Neighbours = {
  readonly gateway: Said<Upstream>
  readonly auth?: Said<Upstream>
  /** Everything reaches everything over 127.0.0.1: one machine. */
  readonly sameHost: boolean
}

/** @throws UserError with file and line for an upstream that nothing of a run can be */
export function neighboursOf(facts: Facts, file: string): Neighbours {
  const [auth] = facts.auth
  const others = facts.upstreams.filter(
    ({ value }) => value.host !== auth?.value.host || value.port !== auth.value.port,
  )
  const gateway = others.find(({ value }) => value.port === gatewayPort) ?? others[0]
  const start: Place = { file, line: 1, column: 1 }
  if (gateway === undefined) return refuse(start, 'expected an upstream: the file forwards to no gateway')
  if (gateway.value.port !== gatewayPort)
    return refuse(
      gateway.place,
      `expected the gateway on port ${gatewayPort}, where the gateway of a run listens, found ${gateway.value.host}:${gateway.value.port}`,
    )
  for (const one of [gateway, ...(auth ? [auth] : [])])
    if (isIP(one.value.host.replace(/^\[|\]$/g, '')) !== 0 && !isLoopback(one.value.host))
      return refuse(
        one.place,
        `${one.value.host} is an address of your network, which no container of a run can have: write a name there, such as ${one === gateway ? 'gateway' : 'auth'}`,
      )
  const sameHost = isLoopback(gateway.value.host)
  if (auth && isLoopback(auth.value.host) && !sameHost)
    return refuse(
      auth.place,
      `${auth.value.host}:${auth.value.port} is asked on this machine and the gateway is elsewhere (${gateway.value.host}): in a run the service would be another container: write its name there`,
    )
  return { gateway, ...(auth && { auth }), sameHost }
}

export const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host)

function refuse(place: Place, message: string): never {
  refuseOn([{ ...place, message }])
  throw new Error(message)
}
