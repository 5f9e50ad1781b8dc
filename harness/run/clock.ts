/**
 * Whether the machine's clock was set, or the machine slept, while a run was under way: certificates, codes, tokens and sessions then end or begin
 * at another moment, and what requests show says nothing about a proxy.
 */

/** A clock that is adjusted in small steps, as NTP does, is no fault. In milliseconds. */
const tolerance = 30_000

/** The wall clock against one that only goes forward, in milliseconds. */
const difference = () => Date.now() - performance.now()

/** @returns asks for the sentence that says by how much the clock has been set since; nothing where it has not */
export function watchClock(): () => string | undefined {
  const before = difference()
  return () => {
    const by = difference() - before
    if (Math.abs(by) < tolerance) return undefined
    return `The clock of this machine went ${inWords(Math.abs(by))} ${by > 0 ? 'ahead' : 'back'} during the run (it was set, or the machine slept): certificates and log-ins of the run are not valid then. Run again.`
  }
}

function inWords(ms: number): string {
  const hours = ms / 3_600_000
  if (hours >= 47.5) return `${Math.round(hours / 24)} days`
  return hours >= 2 ? `${Math.round(hours)} hours` : `${Math.round(ms / 1000)} s`
}
