/** Whether what arrived is the client's own: what a proxy writes by itself is another mistake than what it passes on. */
import { foldName } from '../gateways/rules/header-lines.ts'
import type { OwnAbout } from './about.ts'
import type { Attempt } from './observation.ts'

/** Everything that the client wrote, one character for each byte. */
export const textOf = ({ exchange }: Attempt) => exchange.sent.toString('latin1')

/** What is wrong with a header that arrived with other values than it should. */
export function differing(
  name: string,
  wanted: readonly string[],
  found: readonly string[],
  attempt: Attempt,
): OwnAbout {
  const header = foldName(name)
  const more = found.filter((value, index) => value !== wanted[index]?.trim())
  // The name of the proxy's own host is nobody's to hide: a wrong one is a change, whoever wrote it.
  if (header !== 'host' && more.length > 0 && wroteAny(name, more, attempt)) return { kind: 'passed', header }
  return { kind: found.every((value) => value === '') ? 'lost' : 'changed', header }
}

/** Whether the client wrote one of these values in a header of that name, in whatever spelling. */
export function wroteAny(name: string, values: readonly string[], attempt: Attempt): boolean {
  const own = linesOf(attempt).filter(([header]) => foldName(header) === foldName(name))
  return own.some(([, written]) => values.some((value) => isOf(value, written)))
}

/** Whether this text stands in some header value of the client's. */
export function wroteValue(value: string, attempt: Attempt): boolean {
  return linesOf(attempt).some(([, written]) => written.includes(value))
}

/** A blank value is the client's only where the client sent a blank one. */
function isOf(value: string, written: string): boolean {
  const [arrived, own] = [value.trim(), written.trim()]
  return arrived === '' || own === '' ? arrived === own : arrived.includes(own) || own.includes(arrived)
}

function linesOf({ sent, exchange }: Attempt): readonly (readonly [string, string])[] {
  const raw = exchange.sent
    .toString('latin1')
    .split(/[\r\n]+/)
    .flatMap((line): [string, string][] => {
      const colon = line.indexOf(':', 1)
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]]
    })
  return [...(sent?.headers ?? []), ...raw]
}
