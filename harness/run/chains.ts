/** Which environments stand up one after the other: those that one running gateway program serves. */
import { gatewayId } from '../plan/select.ts'
import type { PreparedEnvironment } from './events.ts'

/**
 * By name: an environment by itself, or all of one real gateway under that gateway's name. The longest first, so that it does not end last.
 * A sidecar shares the gateway's namespace and ports, and may ask for another `bind`, which is read at the start: it has a program of its own.
 */
export function chainsOf(
  environments: readonly PreparedEnvironment[],
): ReadonlyMap<string, readonly PreparedEnvironment[]> {
  const chains = Map.groupBy(environments, ({ id, gateway, variant }) =>
    'profile' in gateway || variant.topology === 'sidecar' ? id : gatewayId(gateway),
  )
  return new Map([...chains].toSorted(([, one], [, other]) => other.length - one.length))
}
