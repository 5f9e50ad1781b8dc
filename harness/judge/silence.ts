/** Which expectations nothing at all would satisfy. These are the ones that a dead proxy must not be able to meet. */
import type { Expectation } from '../plan/case.ts'
import type { Attempt } from './observation.ts'

/** Whether an attempt without arrivals or without an answer could meet it: the run then sends a fence after a case of which one was such. */
export function needsFence(expect: Expectation): boolean {
  const { arrives, verdict, client } = expect
  if (arrives === 'never' || verdict === 'unreached') return true
  if (typeof arrives === 'object' && (arrives.count === 'any' || arrives.count === 0)) return true
  if (typeof verdict === 'object' && 'only' in verdict) return true
  return client?.status?.includes('none') === true || client?.without !== undefined
}

/** Whether nothing that is said of it is a conclusion from silence: it arrived, and it was answered. */
export function speaks({ arrivals, exchange }: Attempt): boolean {
  return arrivals.length > 0 && exchange.response !== undefined
}

/** What of an arrival a gateway's verdict stands for: whom it accepts follows from the identity lines alone. */
const shownByVerdict = new Set(['count', 'identity', 'aliases', 'without'])

/**
 * Whether a gateway that keeps no record could show that it is not met. Its words tell accepted from refused and both from silence,
 * but over HTTP never as whom. It allows alice alone: "alice or not at all" is met by whatever it says, and so is "nobody" where what must
 * not arrive is a name that it refuses anyway. `test/without-record.test.ts` proves this rule with the broken proxies.
 */
export function tellsWithoutRecord({ arrives, verdict, client }: Expectation): boolean {
  if (typeof arrives === 'object' && !Object.keys(arrives).every((key) => shownByVerdict.has(key))) return false
  if (verdict === undefined) return arrives === undefined && client !== undefined
  if (verdict === 'unreached' || !('only' in verdict)) return true
  const refusedAnyway =
    typeof arrives === 'object' && (arrives.identity !== undefined || arrives.without?.includes('{evil}') === true)
  return verdict.only === 'nobody' && !refusedAnyway
}
