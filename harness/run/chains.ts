/** Which environments stand up one after the other: in the same thread, and before the same gateway program where there is one. */
import { gatewayId } from '../plan/select.ts'
import type { PreparedEnvironment } from './events.ts'

/**
 * Above this a second running program is worth its start and its memory: one after the other on one core, they would be what a run waits for.
 */
const longestOfProgram = 6
/** With reference gateways of their own they share a thread alone: a new one costs a second, and more until its code is compiled. */
const longestOfReference = 3

/**
 * By name: environments with reference gateways, or all of one real gateway. The longest first, so that it does not end last.
 * `bind` is read at the start, and only where somebody is accepted can it be seen that a configuration has been taken over: a sidecar that asks
 * for another `bind`, or that this version refuses, has a program of its own.
 * @param jobs chains that run at the same time: no thread goes without
 */
export function chainsOf(
  environments: readonly PreparedEnvironment[],
  jobs: number,
): ReadonlyMap<string, readonly PreparedEnvironment[]> {
  const reference = environments.filter(({ gateway }) => 'profile' in gateway)
  const real = environments.filter(({ gateway }) => !('profile' in gateway))
  const programs = Map.groupBy(real, ({ id, gateway, gatewayFeatures, variant }) => {
    const refused = variant.topology === 'sidecar' && !gatewayFeatures.includes('loopback-trusted')
    return refused || variant.gateway.bind !== 'lan' ? id : gatewayId(gateway)
  })
  const chains = [...programs].flatMap(([name, served]) => inParts(name, served, longestOfProgram))
  const perThread = Math.min(longestOfReference, Math.ceil(reference.length / jobs))
  chains.push(...inParts('reference gateways', reference, perThread))
  return new Map(chains.toSorted(([, one], [, other]) => other.length - one.length))
}

type Chain = [name: string, environments: readonly PreparedEnvironment[]]

/** As few parts as `longest` allows, as long as each other. */
function inParts(name: string, environments: readonly PreparedEnvironment[], longest: number): Chain[] {
  const parts: PreparedEnvironment[][] = Array.from({ length: Math.ceil(environments.length / longest) }, () => [])
  for (const [index, environment] of environments.entries()) parts[index % parts.length]?.push(environment)
  return parts.map((part, index) => [index === 0 ? name : `${name} (${index + 1})`, part])
}
