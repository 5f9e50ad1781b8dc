/** The rate limit of the password fallback: 10 failures in 60 s, then 300 s without an answer (docs/gateways.md#g3-8-password-fallback). */
const failuresAllowed = 10
const windowMs = 60_000
const lockoutMs = 300_000

export type PasswordLimit = {
  readonly locked: (client: string) => boolean
  readonly note: (client: string, outcome: 'right' | 'wrong') => void
}

/** @param now milliseconds of a clock that never steps back */
export function passwordLimit(now: () => number = () => performance.now()): PasswordLimit {
  const failures = new Map<string, number[]>()
  const lockedUntil = new Map<string, number>()
  return {
    locked: (client) => (lockedUntil.get(client) ?? 0) > now(),
    note: (client, outcome) => {
      if (outcome === 'right') {
        failures.delete(client)
        return
      }
      const recent = [...(failures.get(client) ?? []).filter((at) => at > now() - windowMs), now()]
      failures.set(client, recent)
      if (recent.length >= failuresAllowed) lockedUntil.set(client, now() + lockoutMs)
    },
  }
}
