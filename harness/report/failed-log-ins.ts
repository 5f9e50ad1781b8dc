/** Users who could not sign in: what depends on them could not be judged. Every output takes its words and redirects from here. */
import type { EnvironmentResult } from '../run/results/results.ts'

type FailedLogIn = {
  readonly environment: string
  /** One sentence, without the environment. */
  readonly says: string
  /** One text for each visit; empty where nothing answered. */
  readonly chain: readonly string[]
}

export function failedLogInsOf(environments: readonly EnvironmentResult[]): FailedLogIn[] {
  return environments.flatMap(({ id, failedLogIns = [] }) =>
    failedLogIns.map(({ user, reason, chain }) => ({
      environment: id,
      says: `${user} could not sign in: ${reason}`,
      chain,
    })),
  )
}

/** `undefined` where alice signed in: nearly every case needs her. */
export function notJudged({ failedLogIns = [] }: EnvironmentResult): string | undefined {
  const alice = failedLogIns.find(({ user }) => user === 'alice')
  return alice === undefined ? undefined : `could not be judged: alice could not sign in: ${alice.reason}`
}
