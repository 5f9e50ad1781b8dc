/** Which of the places that a configuration forwards to is the gateway. */
import { refuseOn } from '../../plan/refuse-on.ts'
import type { Place } from '../../plan/yaml/problem.ts'
import type { Said, Upstream } from '../products/facts.ts'

type Chosen = {
  readonly gateway: Said<Upstream>
  /** Others that are the same program on another port: in a run the gateway is there as well. */
  readonly parts: readonly Said<Upstream>[]
  /** Why it is this one, where nothing says it. */
  readonly assumed?: string
}

type Wanted = {
  /** `HOST:PORT` or `PORT`, as the operator wrote it. */
  readonly written?: string
  /** Where the gateway listens, by its own configuration or as usual. */
  readonly port: number
  readonly start: Place
}

/** @throws UserError that names the places where none can be told from the others */
export function chosenGateway(upstreams: readonly Said<Upstream>[], { written, port, start }: Wanted): Chosen {
  const [first] = upstreams
  if (first === undefined) return refuse(start, 'expected an upstream: the file forwards to no gateway')
  const listed = placesOf(upstreams).join(' and ')
  if (written !== undefined) {
    const gateway = upstreams.find((one) => placeOf(one) === written || String(one.value.port) === written)
    return gateway === undefined
      ? refuse(first.place, `gateway: expected one of ${listed}, found ${written}`)
      : { gateway, parts: [] }
  }
  const onPort = upstreams.find(({ value }) => value.port === port)
  if (onPort !== undefined || placesOf(upstreams).length === 1) return { gateway: onPort ?? first, parts: [] }
  const [found, why] = told(upstreams)
  const site = found[0]?.value.site
  if (found.length === 0 || (site === undefined && placesOf(found).length > 1))
    return refuse(
      first.place,
      `expected the gateway on port ${port}, found ${listed}: write the line "gateway: ${placeOf(first)}" into conformance.yaml beside this file, with the one that trusts the header`,
    )
  const own = found.filter(({ value }) => value.site === site)
  const gateway = own.find(({ value }) => value.below === undefined) ?? own[0] ?? first
  const parts = own.filter((one) => one !== gateway && one.value.port !== gateway.value.port)
  const same = parts.length === 0 ? '' : `, and so ${parts.length === 1 ? 'is' : 'are'} ${placesOf(parts).join(', ')}`
  return {
    gateway,
    parts,
    assumed: `${placeOf(gateway)} is the gateway${same}: ${why}. For another one write the line "gateway: HOST:PORT" into conformance.yaml beside this file`,
  }
}

/** Those that are told who the user is, or else those that only signed-in users reach. */
function told(upstreams: readonly Said<Upstream>[]): readonly [readonly Said<Upstream>[], string] {
  const users = upstreams.filter(({ value }) => value.behind === 'user')
  if (users.length > 0) return [users, 'it is told who the user is']
  return [upstreams.filter(({ value }) => value.behind === 'log-in'), 'only signed-in users get there']
}

const placeOf = ({ value }: Said<Upstream>) => `${value.host}:${value.port}`
const placesOf = (upstreams: readonly Said<Upstream>[]) => [...new Set(upstreams.map(placeOf))]

function refuse(place: Place, message: string): never {
  refuseOn([{ ...place, message }])
  throw new Error(message)
}
