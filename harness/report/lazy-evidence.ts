/** Evidence that is read where it is needed: of a large run it does not fit into memory as a whole. */
import type { EnvironmentEvidence, Evidence } from '../run/results/results.ts'

/** So many environments are kept, those last asked for: outputs go through one environment after the other. */
const kept = 2

/** @param read gives the evidence of an environment; it is called again when it is asked for after others */
export function lazyEvidence(
  environments: readonly string[],
  read: (environment: string) => EnvironmentEvidence,
): Evidence {
  const recent = new Map<string, EnvironmentEvidence>()
  const of = (environment: string) => {
    const found = recent.get(environment) ?? read(environment)
    recent.delete(environment)
    recent.set(environment, found)
    const [oldest] = recent.keys()
    if (recent.size > kept && oldest !== undefined) recent.delete(oldest)
    return found
  }
  return Object.defineProperties(
    {},
    Object.fromEntries(environments.map((one) => [one, { enumerable: true, configurable: true, get: () => of(one) }])),
  )
}

/** Of several runs; where two have the same environment, the later one counts. Nothing is read yet. */
export function joinedEvidence(parts: readonly Evidence[]): Evidence {
  return Object.defineProperties({}, Object.assign({}, ...parts.map((part) => Object.getOwnPropertyDescriptors(part))))
}
