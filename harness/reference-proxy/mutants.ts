/**
 * Broken reference proxies, each with one real mistake. They prove that the cases can fail: every mutant must be caught
 * by some case, and every case names the mutants that it must catch.
 */
import { accessMutants } from './mutants/access.ts'
import { addressMutants } from './mutants/addresses.ts'
import { assertionMutants } from './mutants/assertion.ts'
import { authHopMutants } from './mutants/auth-hop.ts'
import { conditionalMutants } from './mutants/conditional.ts'
import { identityMutants } from './mutants/identity.ts'
import { messageMutants } from './mutants/message.ts'
import type { Mutant } from './mutants/mutant.ts'
import { onePathMutants } from './mutants/one-path.ts'
import { sequenceMutants } from './mutants/sequence.ts'
import { sessionMutants } from './mutants/session.ts'
import { websocketOverHttp2Mutants } from './mutants/websocket-h2.ts'

export type { Mutant } from './mutants/mutant.ts'

export const mutants: readonly Mutant[] = [
  ...identityMutants,
  ...assertionMutants,
  ...authHopMutants,
  ...accessMutants,
  ...onePathMutants,
  ...addressMutants,
  ...messageMutants,
  ...sessionMutants,
  ...sequenceMutants,
  ...websocketOverHttp2Mutants,
  ...conditionalMutants,
]

/** @throws Error with the known names */
export function mutantNamed(name: string): Mutant {
  const found = mutants.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no mutant ${name}; there are ${mutants.map((known) => known.name).join(', ')}`)
  return found
}
