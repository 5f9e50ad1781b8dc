/** The first observation: what arrived at a gateway that records. */
import type { Arrival } from '../gateways/recording/arrival.ts'
import type { ArrivalExpectation, HeaderLine } from '../plan/case.ts'
import { withoutMark } from '../plan/marks.ts'
import type { Attempt, Finding } from './observation.ts'
import { answerInWords, list, quote, quoteAll, times } from './words.ts'

/**
 * Holds `arrives` against the arrivals of one attempt. At least one finding comes back, so that no key is ever met by an empty list.
 * @param identity the trusted header, in any case
 * @param mustUpgrade an ordinary WebSocket request: it has to arrive as an upgrade, not as a plain GET
 */
export function arrivalFindings(
  expected: ArrivalExpectation,
  attempt: Attempt,
  identity: string,
  mustUpgrade: boolean,
): Finding[] {
  const { arrivals, exchange } = attempt
  if (expected === 'never') return [neverFinding(attempt)]
  const count = expected.count ?? 1
  if (count === 0) return [neverFinding(attempt)]
  if (count === 'any' && arrivals.length === 0) {
    return [
      exchange.verdict.kind === 'not-the-gateway'
        ? { met: true, silent: true, says: 'nothing of it arrived at the gateway' }
        : unmarked(attempt),
    ]
  }
  if (count !== 'any' && arrivals.length !== count) {
    const instead = arrivals.length === 0 ? `: ${answerInWords(exchange)}${heardGateway(attempt)}` : ''
    return [{ met: false, says: `the request arrived ${times(arrivals.length)} instead of ${times(count)}${instead}` }]
  }
  const findings = arrivals.flatMap((arrival) => lineFindings(expected, arrival, identity))
  if (mustUpgrade && arrivals.some((arrival) => arrival.transport !== 'websocket')) {
    findings.unshift({ met: false, says: 'the upgrade arrived as a plain HTTP request' })
  }
  return [{ met: true, says: `the request arrived ${times(arrivals.length)}` }, ...findings]
}

function neverFinding(attempt: Attempt): Finding {
  const first = attempt.arrivals[0]
  if (first !== undefined) {
    const request = `${first.method} ${quote(first.target)}`
    return {
      met: false,
      says: `the request reached the gateway ${times(attempt.arrivals.length)} (${request} from ${first.peer}, ${verdictInWords(first)})`,
    }
  }
  if (attempt.exchange.verdict.kind !== 'not-the-gateway') return unmarked(attempt)
  return { met: true, silent: true, says: 'nothing of it arrived at the gateway' }
}

/** The client heard what only the gateway says, yet nothing was recorded under the mark: the request did reach it. */
function unmarked(attempt: Attempt): Finding {
  return {
    met: false,
    says: `the gateway itself answered (${attempt.exchange.verdict.kind}), though no arrival carries the request's mark`,
  }
}

function heardGateway(attempt: Attempt): string {
  const { kind } = attempt.exchange.verdict
  return kind === 'not-the-gateway'
    ? ''
    : ` (the gateway itself ${kind} a request, but none with this mark was recorded)`
}

export function verdictInWords({ verdict }: Arrival): string {
  return verdict.kind === 'accepted' ? `accepted as ${verdict.user}` : `refused: ${verdict.reason}`
}

type Lines = Exclude<ArrivalExpectation, 'never'>

function lineFindings(expected: Lines, arrival: Arrival, identity: string): Finding[] {
  const findings: Finding[] = []
  if (expected.identity === 'blank-or-absent') findings.push(blankOrAbsent(identity, arrival))
  else if (expected.identity !== undefined) findings.push(exactly(identity, expected.identity, arrival))
  if (expected.aliases === 'none') findings.push(noAliases(identity, arrival))
  for (const value of expected.without ?? []) findings.push(withoutValue(value, arrival))
  for (const name of expected.absent ?? []) findings.push(absent(name, arrival))
  for (const [name, values] of Object.entries(expected.headers ?? {})) findings.push(exactly(name, values, arrival))
  if (expected.client !== undefined) findings.push(clientAddress(expected.client, arrival))
  if (expected.host !== undefined) findings.push(exactly('host', [expected.host], arrival))
  if (expected.target !== undefined) findings.push(target(expected.target, arrival))
  return findings
}

const sameName = (name: string, wanted: string) => name.toLowerCase() === wanted.toLowerCase()

/** Optional white space around a value is not part of it (RFC 9110 5.5). */
const lineValue = ([, value]: HeaderLine) => value.replace(/^[ \t]+|[ \t]+$/g, '')

function exactly(name: string, wanted: readonly string[], arrival: Arrival): Finding {
  const found = arrival.headers.filter(([header]) => sameName(header, name)).map(lineValue)
  const same = found.length === wanted.length && found.every((value, index) => value === wanted[index]?.trim())
  if (same && wanted.length === 0) return { met: true, says: `without ${name}` }
  if (same) return { met: true, says: `with ${name} ${quoteAll(wanted)}` }
  return { met: false, says: `${name} arrived as ${quoteAll(found)} instead of ${quoteAll(wanted)}` }
}

function blankOrAbsent(name: string, arrival: Arrival): Finding {
  const found = arrival.headers.filter(([header]) => sameName(header, name)).map(lineValue)
  if (found.every((value) => value === '')) return { met: true, says: `${name} blank or absent` }
  return { met: false, says: `${name} arrived as ${quoteAll(found)} instead of blank or absent` }
}

/** The name as CGI-like servers read it: `_`, `.` and a space before the colon are as good as `-` (RFC 3875 4.1.18). */
const fold = (name: string) => name.trimEnd().toLowerCase().replace(/[_. ]/g, '-')

function noAliases(identity: string, arrival: Arrival): Finding {
  const found = [...arrival.headers, ...arrival.trailers].filter(
    ([name]) => !sameName(name, identity) && fold(name) === fold(identity),
  )
  if (found.length === 0) return { met: true, says: `without another spelling of ${identity}` }
  const lines = found.map(([name, value]) => quote(`${name}: ${value}`))
  return { met: false, says: `another spelling of ${identity} arrived: ${list(lines)}` }
}

function withoutValue(value: string, arrival: Arrival): Finding {
  const places = [
    ...arrival.headers.filter((line) => line[1].includes(value)).map(([name]) => name),
    ...arrival.trailers.filter((line) => line[1].includes(value)).map(([name]) => `trailer ${name}`),
    ...(arrival.target.includes(value) || decoded(arrival.target).includes(value) ? ['the request target'] : []),
  ]
  if (places.length === 0) return { met: true, says: `without ${quote(value)}` }
  return { met: false, says: `${quote(value)} arrived in ${list(places)}` }
}

function decoded(target: string): string {
  return target.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}

function absent(name: string, arrival: Arrival): Finding {
  const found = [...arrival.headers, ...arrival.trailers].filter(([header]) => sameName(header, name)).map(lineValue)
  if (found.length === 0) return { met: true, says: `without ${name}` }
  return { met: false, says: `${name} arrived as ${quoteAll(found)}` }
}

/** IPv4-mapped IPv6 is the same client (docs/gateways.md#g2-1-peer-address). */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

function clientAddress(wanted: string, arrival: Arrival): Finding {
  const { attribution } = arrival
  const named = attribution.kind === 'trusted-proxy' ? attribution.client : arrival.peer
  if (attribution.kind === 'unattributable-proxy') {
    return {
      met: false,
      says: `the gateway could not attribute the request to a client (expected ${wanted}; ${forwarded(arrival)})`,
    }
  }
  if (plainAddress(named) === plainAddress(wanted)) return { met: true, says: `from client ${wanted}` }
  return { met: false, says: `the gateway took ${named} for the client instead of ${wanted} (${forwarded(arrival)})` }
}

function forwarded(arrival: Arrival): string {
  const lines = arrival.headers.filter(([name]) => sameName(name, 'x-forwarded-for')).map(lineValue)
  return `X-Forwarded-For ${lines.length === 0 ? 'absent' : quoteAll(lines)}`
}

/** The harness adds its mark to the query; it is no part of what the case speaks of. */
function target(wanted: string, arrival: Arrival): Finding {
  const found = withoutMark(arrival.target)
  if (found === withoutMark(wanted)) return { met: true, says: `with target ${quote(found)}` }
  return { met: false, says: `the target arrived as ${quote(found)} instead of ${quote(withoutMark(wanted))}` }
}
