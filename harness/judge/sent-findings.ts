/** What arrives is what was sent unless the case says otherwise (RFC 9110 7.6): the default findings of every case that demands an arrival. */
import type { Arrival } from '../gateways/recording/arrival.ts'
import { foldName, sameName } from '../gateways/rules/header-lines.ts'
import type { ArrivalExpectation, Changeable, HeaderLine } from '../plan/case.ts'
import { markHeader, withoutMark } from '../plan/marks.ts'
import type { OwnAbout } from './about.ts'
import type { Attempt, Finding, SentRequest } from './observation.ts'
import { quote, quoteAll, times } from './words.ts'

/** Only what is not as it was sent comes back: the case's own findings say what holds. */
export function sentFindings({ sent, arrivals, expect }: Attempt, identity: string): Finding[] {
  const arrives = typeof expect.arrives === 'object' ? expect.arrives : {}
  const changed = new Set<Changeable>(arrives.changed)
  const found: Finding[] = []
  // Where the case counts, its own finding says so.
  if (expect.arrives === undefined && arrivals.length > 1)
    found.push(unmet(`the request arrived ${times(arrivals.length)} instead of once`, { kind: 'multiplied' }))
  if (sent === undefined) return found
  for (const arrival of arrivals) {
    if (!changed.has('method') && arrival.method !== sent.method)
      found.push(
        unmet(`the method arrived as ${quote(arrival.method)} instead of ${quote(sent.method)}`, changedPart('method')),
      )
    if (arrives.target === undefined) found.push(...targetFindings(sent, arrival, changed))
    if (!changed.has('body') && arrival.transport === 'http') found.push(...bodyFindings(sent, arrival))
    if (!changed.has('headers')) found.push(...headerFindings(sent, arrival, namedBy(arrives, identity)))
  }
  return found
}

const unmet = (says: string, about: OwnAbout = { kind: 'changed' }): Finding => ({ met: false, says, about })

const changedPart = (part: NonNullable<OwnAbout['part']>): OwnAbout => ({ kind: 'changed', part })

function targetFindings(sent: SentRequest, arrival: Arrival, changed: ReadonlySet<Changeable>): Finding[] {
  const wanted = parts(sent.target)
  const found = parts(arrival.target)
  const differs = (what: 'path' | 'query') => {
    if (changed.has(what) || wanted[what] === found[what]) return []
    const [before, after] = [withoutMark(wanted[what]), withoutMark(found[what])]
    // Where all but the mark is the same, the mark itself is what was changed.
    const [from, to] = before === after ? [wanted[what], found[what]] : [before, after]
    return [
      unmet(`the ${what} arrived as ${to === '' ? 'nothing' : quote(to)} instead of ${quote(from)}`, changedPart(what)),
    ]
  }
  return [...differs('path'), ...differs('query')]
}

/** The absolute form means the same as path and query (RFC 9112 3.2.2). */
function parts(target: string): { readonly path: string; readonly query: string } {
  const origin = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const at = origin.indexOf('?')
  return at === -1 ? { path: origin, query: '' } : { path: origin.slice(0, at), query: origin.slice(at) }
}

function bodyFindings(sent: SentRequest, { bodyLength, bodyDigest, complete }: Arrival): Finding[] {
  if (bodyLength !== sent.bodyLength)
    return [unmet(`${bodyLength} bytes of the body arrived instead of ${sent.bodyLength}`, changedPart('body'))]
  if (!complete) return [unmet('the body did not arrive to its end', changedPart('body'))]
  if (bodyDigest !== sent.bodyDigest)
    return [
      unmet(`the body arrived with other content (${bodyLength} bytes, as many as were sent)`, changedPart('body')),
    ]
  return []
}

/** Each line that the client sent, as often as it was sent and with the same value. */
function headerFindings(sent: SentRequest, arrival: Arrival, isNamed: (name: string) => boolean): Finding[] {
  const names = new Map(sent.headers.map(([name]) => [name.toLowerCase(), name]))
  return [...names.values()].flatMap((name) => {
    if (endsAtNextHop.test(name) || fromProxy.test(name) || isNamed(name)) return []
    const wanted = valuesOf(name, sent.headers)
    const found = valuesOf(name, arrival.headers)
    // A proxy may be configured to pass on known headers alone (RFC 9110 5.1): the suite's own mark is then missing.
    if (sameName(name, markHeader) && found.length === 0) return []
    if (wanted.length === found.length && wanted.every((value, index) => value === found[index])) return []
    const about: OwnAbout = { kind: found.length === 0 ? 'lost' : 'changed', header: foldName(name) }
    return [unmet(`${name} arrived as ${quoteAll(found)} instead of ${quoteAll(wanted)}`, about)]
  })
}

function valuesOf(wanted: string, lines: readonly HeaderLine[]): string[] {
  return lines.filter(([name]) => sameName(name, wanted)).map(([, value]) => value.trim())
}

/** RFC 9110 7.6.1, and what a proxy writes anew for its own connection or session. */
const endsAtNextHop =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|expect|host|cookie|authorization|sec-websocket-(key|version|extensions))$/i

/** What a proxy may write, overwrite or take away: identity, forwarding, methods and addresses in other names, the gateway's own scopes. */
const fromProxy =
  /forward|user|mail|auth|claim|scope|group|role|original|rewrite|override|jwt|assertion|token|-ip$|^via$|^remote|^origin$|openclaw|coderclaw/i

function namedBy(arrives: Exclude<ArrivalExpectation, 'never'>, identity: string): (name: string) => boolean {
  const names = [identity, ...(arrives.absent ?? []), ...Object.keys(arrives.headers ?? {})].map(foldName)
  return (name) => names.includes(foldName(name))
}
