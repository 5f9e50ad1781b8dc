/** Which expectations nothing at all would satisfy. These are the ones that a dead proxy must not be able to meet. */
import type { Expectation } from '../plan/case.ts'

/** The expectation itself demands that something good arrives or is accepted, so a broken path cannot meet it. */
export function isPositive(expect: Expectation): boolean {
  if (typeof expect.verdict === 'object' && 'accepted' in expect.verdict) return true
  if (typeof expect.arrives !== 'object') return false
  const { count, identity } = expect.arrives
  return count !== 'any' && count !== 0 && identity !== undefined && identity.length > 0
}

/** Whether an attempt without arrivals and without an answer could meet it: the run then sends a fence after the case. */
export function needsFence(expect: Expectation): boolean {
  const { arrives, verdict, client } = expect
  if (arrives === 'never' || verdict === 'unreached') return true
  if (typeof arrives === 'object' && (arrives.count === 'any' || arrives.count === 0)) return true
  if (typeof verdict === 'object' && 'only' in verdict) return true
  return client?.status?.includes('none') === true || client?.without !== undefined
}
