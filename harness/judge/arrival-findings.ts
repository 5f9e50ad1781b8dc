/** The first observation: what arrived at a gateway that records. */
import type { Arrival } from '../gateways/recording/arrival.ts'
import { foldName, sameName } from '../gateways/rules/header-lines.ts'
import type { ArrivalExpectation, HeaderLine } from '../plan/case.ts'
import { forgedCore } from '../plan/forged.ts'
import { withoutMark } from '../plan/marks.ts'
import type { OwnAbout } from './about.ts'
import { differing, textOf, wroteAny, wroteValue } from './client-wrote.ts'
import { disguisesOf, percentDecoded } from './disguises.ts'
import type { Attempt, Finding } from './observation.ts'
import { answerInWords, list, quote, quoteAll, times, verdictInWords } from './words.ts'

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
    const about: OwnAbout = arrivals.length === 0 ? { kind: 'turned-away', wanted: 'accepted' } : { kind: 'multiplied' }
    return [
      { met: false, says: `the request arrived ${times(arrivals.length)} instead of ${times(count)}${instead}`, about },
    ]
  }
  const findings = arrivals.flatMap((arrival) => lineFindings(expected, arrival, identity, attempt))
  if (mustUpgrade && arrivals.some((arrival) => arrival.transport !== 'websocket')) {
    const about: OwnAbout = { kind: 'not-upgraded' }
    findings.unshift({ met: false, says: 'the upgrade arrived as a plain HTTP request', about })
  }
  return [{ met: true, says: `the request arrived ${times(arrivals.length)}` }, ...findings]
}

function neverFinding(attempt: Attempt): Finding {
  const first = attempt.arrivals[0]
  if (first !== undefined) {
    const request = `${first.method} ${quote(first.target)}`
    return {
      met: false,
      about: { kind: 'reached' },
      says: `the request reached the gateway ${times(attempt.arrivals.length)} (${request} from ${first.peer}, ${verdictInWords(first.verdict)})`,
    }
  }
  if (attempt.exchange.verdict.kind !== 'not-the-gateway') return unmarked(attempt)
  return { met: true, silent: true, says: 'nothing of it arrived at the gateway' }
}

/** The client heard what only the gateway says, yet nothing was recorded under the mark: the request did reach it. */
function unmarked(attempt: Attempt): Finding {
  return {
    met: false,
    about: { kind: 'reached' },
    says: `the response came from the gateway (${attempt.exchange.verdict.kind}), but the gateway recorded no request with this ID`,
  }
}

function heardGateway(attempt: Attempt): string {
  const { kind } = attempt.exchange.verdict
  return kind === 'not-the-gateway'
    ? ''
    : ` (the response came from the gateway, ${kind}, but the gateway recorded no request with this ID)`
}

type Lines = Exclude<ArrivalExpectation, 'never'>

function lineFindings(expected: Lines, arrival: Arrival, identity: string, attempt: Attempt): Finding[] {
  const { baseline } = attempt
  const findings: Finding[] = []
  if (expected.identity === 'blank-or-absent') findings.push(blankOrAbsent(identity, arrival, attempt))
  else if (expected.identity !== undefined) findings.push(identityIs(expected.identity, arrival, identity, attempt))
  if (expected.aliases === 'none') findings.push(noAliases(identity, arrival))
  for (const value of expected.without ?? []) findings.push(withoutValue(value, arrival, identity, attempt))
  for (const name of expected.absent ?? []) findings.push(absent(name, arrival, baseline))
  for (const [name, values] of Object.entries(expected.headers ?? {}))
    findings.push(exactly(name, values, arrival, attempt))
  if (expected.client !== undefined) findings.push(clientAddress(expected.client, arrival, attempt))
  if (expected.host !== undefined) findings.push(exactly('host', [expected.host], arrival, attempt))
  if (expected.target !== undefined) findings.push(target(expected.target, arrival))
  return findings
}

/** Optional white space around a value is not part of it (RFC 9110 5.5). */
const lineValue = ([, value]: HeaderLine) => value.replace(/^[ \t]+|[ \t]+$/g, '')

function exactly(name: string, wanted: readonly string[], arrival: Arrival, attempt: Attempt): Finding {
  const found = arrival.headers.filter(([header]) => sameName(header, name)).map(lineValue)
  const same = found.length === wanted.length && found.every((value, index) => value === wanted[index]?.trim())
  if (same && wanted.length === 0) return { met: true, says: `without ${name}` }
  if (same) return { met: true, says: `with ${name} ${quoteAll(wanted)}` }
  const about = differing(name, wanted, found, attempt)
  return { met: false, says: `${name} arrived as ${quoteAll(found)} instead of ${quoteAll(wanted)}`, about }
}

function identityIs(wanted: readonly string[], arrival: Arrival, identity: string, attempt: Attempt): Finding {
  const { sent } = attempt
  const finding = exactly(identity, wanted, arrival, attempt)
  // A blank line may be the client's own: then the client can write the header, which is more than that it is missing.
  const mayBeClients = sent?.headers.some(([name]) => foldName(name) === foldName(identity)) ?? true
  const lacks = mayBeClients
    ? !arrival.headers.some(([name]) => sameName(name, identity))
    : lacksIdentity(arrival, identity)
  if (finding.met || wanted.length === 0 || !lacks) return finding
  return { ...finding, lacksIdentity: true, about: { kind: 'lost', header: foldName(identity) } }
}

/** Nobody arrives: no line of the trusted header, or none with anything in it, which the gateway takes for none. */
export function lacksIdentity(arrival: Arrival, identity: string): boolean {
  return arrival.headers.every((line) => !sameName(line[0], identity) || lineValue(line) === '')
}

function blankOrAbsent(identity: string, arrival: Arrival, attempt: Attempt): Finding {
  if (lacksIdentity(arrival, identity)) return { met: true, says: `${identity} blank or absent` }
  const found = arrival.headers.filter(([name]) => sameName(name, identity)).map(lineValue)
  const about: OwnAbout = {
    kind: wroteAny(identity, found, attempt) ? 'passed' : 'made-up',
    header: foldName(identity),
  }
  return { met: false, says: `${identity} arrived as ${quoteAll(found)} instead of blank or absent`, about }
}

const inTrailer = { in: 'trailer' } as const

function noAliases(identity: string, arrival: Arrival): Finding {
  const found = [...arrival.headers, ...arrival.trailers].filter(
    ([name]) => !sameName(name, identity) && foldName(name) === foldName(identity),
  )
  if (found.length === 0) return { met: true, says: `without another spelling of ${identity}` }
  const lines = found.map(([name, value]) => quote(`${name}: ${value}`))
  const after = found.every((line) => arrival.trailers.includes(line)) && inTrailer
  const about: OwnAbout = { kind: 'passed', header: foldName(identity), spelled: 'otherwise', ...after }
  return { met: false, says: `another spelling of ${identity} arrived: ${list(lines)}`, about }
}

/** A forged value is looked for in every form in which it could still be read: cut, percent-encoded, in base64. */
function withoutValue(value: string, arrival: Arrival, identity: string, attempt: Attempt): Finding {
  const core = forgedCore(value)
  const isIn = core === undefined ? (text: string) => text.includes(value) : disguisesOf(core)
  const holds = (text: string) => {
    const decoded = percentDecoded(text)
    return isIn(text) || (decoded !== text && isIn(decoded))
  }
  const places = [
    ...arrival.headers.filter((line) => holds(line[1])).map(([name]) => name),
    ...arrival.trailers.filter((line) => holds(line[1])).map(([name]) => `trailer ${name}`),
    ...(holds(arrival.target) ? ['the request target'] : []),
  ]
  if (places.length === 0) return { met: true, says: `without ${quote(value)}` }
  const clients = core !== undefined || wroteValue(value, attempt)
  const namesIn = (lines: readonly HeaderLine[]) =>
    new Set(lines.filter((line) => holds(line[1])).map(([name]) => name))
  const before = namesIn(arrival.headers)
  const about = [...before.union(namesIn(arrival.trailers))].map((name): OwnAbout => {
    const kind = clients ? 'passed' : foldName(name) === foldName(identity) ? 'made-up' : 'changed'
    const header = foldName(name)
    const otherwise = !sameName(name, header === foldName(identity) ? identity : header)
    return { kind, header, ...(otherwise && { spelled: 'otherwise' }), ...(!before.has(name) && inTrailer) }
  })
  return {
    met: false,
    says: `${quote(value)} arrived in ${list([...new Set(places)])}`,
    about: about.length > 0 ? about : { kind: 'changed' },
  }
}

/** Of the client: what the proxy writes there by itself, whatever the client sends, is the proxy's own. */
function absent(name: string, arrival: Arrival, baseline: readonly HeaderLine[] | undefined): Finding {
  const named = (lines: readonly HeaderLine[]) => lines.filter(([header]) => sameName(header, name)).map(lineValue)
  const found = named([...arrival.headers, ...arrival.trailers])
  if (found.length === 0) return { met: true, says: `without ${name}` }
  const own = named(baseline ?? [])
  const overwritten = own.length === found.length && own.every((value, index) => value === found[index])
  if (overwritten) return { met: true, says: `with ${name} ${quoteAll(found)}, which the proxy sets by itself` }
  return {
    met: false,
    says: `${name} arrived as ${quoteAll(found)}`,
    about: { kind: 'passed', header: foldName(name), ...(named(arrival.headers).length === 0 && inTrailer) },
  }
}

/** IPv4-mapped IPv6 is the same client (docs/gateways.md#g2-4-client-address). */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

function clientAddress(wanted: string, arrival: Arrival, attempt: Attempt): Finding {
  const { attribution } = arrival
  const named = attribution.kind === 'trusted-proxy' ? attribution.client : arrival.peer
  if (attribution.kind === 'unattributable-proxy') {
    return {
      met: false,
      about: { kind: 'client-address', address: 'unknown' },
      says: `the gateway could not attribute the request to a client (expected ${wanted}; ${forwarded(arrival)})`,
    }
  }
  if (plainAddress(named) === plainAddress(wanted)) return { met: true, says: `from client ${wanted}` }
  return {
    met: false,
    about: { kind: 'client-address', address: textOf(attempt).includes(named) ? 'forged' : 'other' },
    says: `the gateway took ${named} for the client instead of ${wanted} (${forwarded(arrival)})`,
  }
}

function forwarded(arrival: Arrival): string {
  const lines = arrival.headers.filter(([name]) => sameName(name, 'x-forwarded-for')).map(lineValue)
  return `X-Forwarded-For ${lines.length === 0 ? 'absent' : quoteAll(lines)}`
}

/** The suite adds its mark to the query; it is no part of what the case speaks of. */
function target(wanted: string, arrival: Arrival): Finding {
  const found = withoutMark(arrival.target)
  if (found === withoutMark(wanted)) return { met: true, says: `with target ${quote(found)}` }
  return {
    met: false,
    about: { kind: 'changed', part: 'path' },
    says: `the target arrived as ${quote(found)} instead of ${quote(withoutMark(wanted))}`,
  }
}
