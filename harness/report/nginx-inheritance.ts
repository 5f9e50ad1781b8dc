/** nginx passes proxy_set_header lines on to a location only if it has none of its own: the commonest way to lose a header. */
import { foldName } from '../gateways/rules/header-lines.ts'
import { type Unit, unitsOf } from '../plan/ablation/units.ts'

type NotInherited = {
  /** First line of the location. */
  readonly line: number
  /** The line above that it does not inherit. */
  readonly lost: string
  readonly lostAt: number
}

const setHeader = /^proxy_set_header\s+(\S+)/i

/**
 * Locations that lead somewhere, set other headers and not this one, although a block around them does.
 * @param header folded
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header
 */
export function notInherited(text: string, header: string): readonly NotInherited[] {
  const units = unitsOf(text)
  const setters = units.flatMap((unit) => {
    const name = setHeader.exec(unit.text)?.[1]
    return name === undefined ? [] : [{ unit, name: foldName(name), block: blockOf(unit, units) }]
  })
  return units.flatMap((location) => {
    if (!/^location\s/.test(location.text)) return []
    const own = setters.filter(({ block }) => block === location)
    const leads = units.some((unit) => /^proxy_pass\s/.test(unit.text) && blockOf(unit, units) === location)
    if (!leads || own.length === 0 || own.some(({ name }) => name === header)) return []
    const above = setters.find(
      ({ name, block }) => name === header && block !== location && (block === undefined || contains(block, location)),
    )
    return above === undefined ? [] : [{ line: location.from, lost: above.unit.text, lostAt: above.unit.from }]
  })
}

const contains = (outer: Unit, inner: Unit) => outer !== inner && outer.from <= inner.from && inner.to <= outer.to

/** The innermost block around it; outside all of them: none. */
function blockOf(unit: Unit, units: readonly Unit[]): Unit | undefined {
  return units
    .filter((one) => contains(one, unit))
    .toSorted((one, other) => one.to - one.from - (other.to - other.from))[0]
}
