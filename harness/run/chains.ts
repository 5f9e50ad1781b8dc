/** Which environments share a thread, and which of those share a running gateway program. */
import { gatewayId } from '../plan/select.ts'
import type { PreparedEnvironment } from './protocol/request.ts'

/** Environments of one thread. */
type Chain = {
  readonly name: string
  readonly environments: readonly PreparedEnvironment[]
  /** How many of them run at the same time. One, where they share a gateway program. */
  readonly together: number
}

/** With more environments than this, a second program is worth its start and its memory: otherwise the whole run waits for this one chain. */
const longestOfProgram = 6
/** A thread mostly waits for its environments, and costs a second by itself, more until its code is compiled. */
const togetherInThread = 4

/**
 * Environments with reference gateways share threads only, those of a real gateway also its program. The longest chain is first, so that it does not
 * end last. A gateway reads `bind` at its start only, and shows that it has taken over a configuration only by accepting somebody: a sidecar that needs
 * another `bind`, or that this version refuses, has a program of its own, and so has an operator's own configuration.
 * @param jobs environments at the same time
 * @returns the chains, and how many of them may run at the same time
 */
export function chainsOf(
  environments: readonly PreparedEnvironment[],
  jobs: number,
): { readonly chains: readonly Chain[]; readonly threads: number } {
  const reference = environments.filter(({ gateway }) => 'profile' in gateway)
  const real = environments.filter(({ gateway }) => !('profile' in gateway))
  const served = Map.groupBy(real, ({ id, gateway, gatewayFeatures, variant }) => {
    const refused = variant.topology === 'sidecar' && !gatewayFeatures.includes('loopback-trusted')
    const { own, port, bind } = variant.gateway
    const alone = refused || bind !== 'lan' || own !== undefined || port !== undefined
    return alone ? id : gatewayId(gateway)
  })
  const programs = [...served].flatMap(([name, group]) =>
    inParts(name, group, Math.ceil(group.length / longestOfProgram), 1),
  )
  if (reference.length === 0) return { chains: longestFirst(programs), threads: jobs }
  const forPrograms = Math.min(programs.length, Math.floor(jobs / 2))
  const together = Math.min(jobs - forPrograms, reference.length)
  const threads = Math.ceil(together / togetherInThread)
  const own = inParts('reference gateways', reference, threads, Math.ceil(together / threads))
  return { chains: longestFirst([...own, ...programs]), threads: threads + forPrograms }
}

/** Equally long parts. */
function inParts(name: string, environments: readonly PreparedEnvironment[], count: number, together: number): Chain[] {
  const parts = Array.from({ length: count }, (_, part) => environments.filter((_one, index) => index % count === part))
  return parts.map((part, index) => ({
    name: index === 0 ? name : `${name} (${index + 1})`,
    environments: part,
    together,
  }))
}

const longestFirst = (chains: readonly Chain[]) =>
  chains.toSorted((one, other) => other.environments.length - one.environments.length)
