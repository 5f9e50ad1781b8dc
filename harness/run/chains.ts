/** Which environments stand up one after the other: those that one running gateway program serves. */
import { gatewayId } from '../plan/select.ts'
import type { PreparedEnvironment } from './events.ts'

/** Above this a second running program is worth its start and its memory: one after the other on one core, they would be what a run waits for. */
const longest = 6

/**
 * By name: an environment by itself, or all of one real gateway under that gateway's name. The longest first, so that it does not end last.
 * `bind` is read at the start, and only where somebody is accepted can it be seen that a configuration has been taken over: a sidecar that asks
 * for another `bind`, or that this version refuses, has a program of its own.
 */
export function chainsOf(
  environments: readonly PreparedEnvironment[],
): ReadonlyMap<string, readonly PreparedEnvironment[]> {
  const chains = Map.groupBy(environments, ({ id, gateway, gatewayFeatures, variant }) => {
    const refused = variant.topology === 'sidecar' && !gatewayFeatures.includes('loopback-trusted')
    const alone = 'profile' in gateway || refused || variant.gateway.bind !== 'lan'
    return alone ? id : gatewayId(gateway)
  })
  return new Map([...chains].flatMap(halves).toSorted(([, one], [, other]) => other.length - one.length))
}

function halves([name, environments]: [string, readonly PreparedEnvironment[]]): [
  string,
  readonly PreparedEnvironment[],
][] {
  if (environments.length <= longest) return [[name, environments]]
  const half = Math.ceil(environments.length / 2)
  return [
    [name, environments.slice(0, half)],
    [`${name} (second)`, environments.slice(half)],
  ]
}
