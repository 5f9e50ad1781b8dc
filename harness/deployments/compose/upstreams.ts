/** Where the proxy of a compose file forwards to: the port of the gateway, and addresses in place of names. */
import { refuseOn } from '../../plan/refuse-on.ts'
import { isLoopback } from '../bare/neighbours.ts'
import type { Note } from '../deployment.ts'
import { usualGatewayPort } from '../gateway.ts'
import { isLiteral, isTheMachine, namedInstead } from '../literal-addresses.ts'
import type { Facts, LineChange } from '../products/facts.ts'
import { asMap } from '../yaml-tree.ts'
import type { ComposeDocument } from './document.ts'
import type { rolesOf } from './roles.ts'
import type { ComposeService } from './service.ts'

/** By a name of it in the proxy's configuration, by its own label for Traefik, or by what it exposes; nothing where that is the usual one. */
export function portForwardedTo({ names, labels, exposed }: ComposeService, { upstreams }: Facts): number | undefined {
  const named = upstreams.find(({ value }) => names.includes(value.host))?.value.port
  const [label] = Object.entries(labels).filter(([one]) => /\.loadbalancer\.server\.port$/i.test(one))
  const port = named ?? (label === undefined ? (exposed[0] ?? usualGatewayPort) : Number(label[1]))
  return port === usualGatewayPort || !(port > 0) ? undefined : port
}

/**
 * Upstreams by address. One on the gateway's port, or on that at which it is published, is the gateway; the same with the auth service.
 * @throws UserError for one that nothing of a run can be
 */
export async function literalUpstreams(
  facts: Facts,
  { gateway, proxy, beside }: ReturnType<typeof rolesOf>,
  { place }: ComposeDocument,
  notes: Note[],
): Promise<LineChange[]> {
  const auth = beside.find(({ role }) => role === 'auth')?.service
  const candidates = [
    { name: 'gateway', service: gateway },
    ...(auth ? [{ name: 'auth', service: auth }] : []),
  ] as const
  const changes: LineChange[] = []
  for (const upstream of [...facts.upstreams, ...facts.auth]) {
    const { host, port } = upstream.value
    if (isLoopback(host))
      refuseOn([
        {
          ...upstream.place,
          message: `${host}:${port} is ${proxy.name} itself, in whose container nothing else listens: write the name of the service (${gateway.name})`,
        },
      ])
    if (!isLiteral(host) && !isTheMachine(host)) continue
    const own = candidates
      .filter(({ service }) => isLiteral(host) && addressesOf(service).includes(host))
      .map(({ name }) => ({ name, port }))
    // From outside, a service is reached at the port that the machine publishes.
    const published = candidates.flatMap(({ name, service }) =>
      service.ports.filter((one) => one.published === port).map(({ target }) => ({ name, port: target })),
    )
    const byPort = port === usualGatewayPort ? [{ name: 'gateway', port }] : []
    const [found] = [...own, ...published, ...byPort]
    if (found === undefined)
      notes.push({
        kind: 'ignored',
        text: `${host}:${port} is not started: requests that lead to it get no answer`,
        place: upstream.place,
      })
    else if (upstream.place.file === place([]).file)
      refuseOn([
        {
          ...upstream.place,
          message: `${host}:${port} is an address that no container of a run can have: write the name of the service (${found.name === 'auth' ? auth?.name : gateway.name})`,
        },
      ])
    else changes.push(...(await namedInstead(upstream, found.name, notes, found.port)))
  }
  return changes
}

/** `ipv4_address` and `ipv6_address` on its networks. */
const addressesOf = ({ written }: ComposeService): string[] =>
  Object.values(asMap(written.networks) ?? {}).flatMap((network) =>
    ['ipv4_address', 'ipv6_address'].flatMap((key) => {
      const address = asMap(network)?.[key]
      return typeof address === 'string' ? [address] : []
    }),
  )
