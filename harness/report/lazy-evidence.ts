/** Evidence that is read where it is needed: of a large run it does not fit into memory as a whole. */
import type { EnvironmentEvidence, Evidence } from '../run/results/results.ts'

/** So many environments are kept, those last asked for: outputs go through one environment after the other. */
const kept = 2

/** @param read gives the evidence of an environment; it is called each time that somebody asks (see `recentEvidence`) */
export function lazyEvidence(
  environments: readonly string[],
  read: (environment: string) => EnvironmentEvidence,
): Evidence {
  return Object.defineProperties(
    {},
    Object.fromEntries(
      environments.map((one) => [one, { enumerable: true, configurable: true, get: () => read(one) }]),
    ),
  )
}

/** Of several runs; where two have the same environment, the later one counts. Nothing is read yet. */
export function joinedEvidence(parts: readonly Evidence[]): Evidence {
  return Object.defineProperties({}, Object.assign({}, ...parts.map((part) => Object.getOwnPropertyDescriptors(part))))
}

/** @returns the evidence of an environment. Few are kept, over all runs together: kept for each run, those of many shards would fill the memory. */
export function recentEvidence(evidence: Evidence): (environment: string) => EnvironmentEvidence | undefined {
  const recent = new Map<string, EnvironmentEvidence>()
  return (environment) => {
    const found = recent.get(environment) ?? evidence[environment]
    if (found === undefined) return undefined
    recent.delete(environment)
    recent.set(environment, found)
    const [oldest] = recent.keys()
    if (recent.size > kept && oldest !== undefined) recent.delete(oldest)
    return found
  }
}
