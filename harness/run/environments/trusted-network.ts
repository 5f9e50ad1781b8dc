/**
 * Where the containers of a run live, so that an operator's `trustedProxies` covers the proxy, its neighbours and the internet as it does in the
 * operator's network (docs/gateways.md#g1-8-own-configuration-in-a-run).
 */
import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { covers, type Ipv4Range, ipv4RangeOf, isLoopback } from '../../gateways/rules/addresses.ts'
import type { OwnGateway } from '../../plan/gateway-file/own-gateway.ts'
import type { Topology } from '../../plan/proxy.ts'

export type TrustedNetwork = {
  /** First three octets of a network that fits; another one each time. */
  readonly base: () => string
  /** Position of the entry that stands for the proxy: its address, or the network that it is in. */
  readonly substituted?: number
  /** For the report; nothing where nothing had to be concluded. */
  readonly note?: string
}

/**
 * Private networks, and the part of each that runs use. A smaller range is replaced instead: it may well be in use, by the very deployment that
 * is tested, and no engine gives one network out twice.
 */
const blocks = [
  ['10.0.0.0/8', '10.192.0.0/11'],
  ['172.16.0.0/12', '172.24.0.0/13'],
  ['192.168.0.0/16', '192.168.128.0/17'],
  ['100.64.0.0/10', '100.96.0.0/11'],
] as const
/** Networks of runs have 256 addresses. */
const networkPrefix = 24
const attempts = 200

export function trustedNetwork({ gateway, proxyAddress }: OwnGateway, topology: Topology): TrustedNetwork {
  const { trustedProxies = [] } = gateway
  const ranges = trustedProxies.map((entry) => {
    const range = ipv4RangeOf(entry)
    // Where the proxy's address is known, an entry without it is not about the proxy.
    const covering = proxyAddress === undefined || contains(range, ipv4RangeOf(proxyAddress))
    return covering && range !== undefined && !isLoopback(textOf(range.first)) ? range : undefined
  })
  const wide = ranges.findIndex((range) => partIn(range) !== undefined)
  const part = partIn(ranges[wide])
  if (part !== undefined)
    return {
      base: () => freeBase([part]),
      note: `trustedProxies ${trustedProxies[wide]}: the network of the run lies in this range`,
    }
  const outside = () => freeBase(parts, (base) => !trustedProxies.some((one) => covers(one, `${base}.2`, 'ranges')))
  // Of a sidecar loopback is the proxy: an address of the network is another one's.
  const known = proxyAddress !== undefined && !isLoopback(proxyAddress)
  if (topology === 'sidecar') return { base: outside }
  const likely = ranges.findIndex((range) => range !== undefined && (known || isPrivate(range)))
  const single = ranges.findIndex((range) => range?.prefix === 32)
  const substituted = likely >= 0 ? likely : single
  if (substituted < 0) return { base: outside }
  const entry = trustedProxies[substituted] ?? ''
  const what =
    (ranges[substituted]?.prefix ?? 0) <= networkPrefix ? 'the network of the run' : "the proxy's address in the run"
  return {
    base: outside,
    substituted,
    note: `trustedProxies ${entry}: ${what}${known ? '' : ' (nothing says where your proxy is: it is taken to be there)'}`,
  }
}

/** The entry that stands for the proxy, as it is in the run. @param base first three octets. @param proxy its last octet */
export function substitute(entry: string, base: string, proxy: number): string {
  const bits = Math.max(ipv4RangeOf(entry)?.prefix ?? 32, networkPrefix)
  const mapped = entry.includes(':')
  const address = `${mapped ? '::ffff:' : ''}${base}.${bits === 32 ? proxy : 0}`
  return entry.includes('/') ? `${address}/${mapped ? bits + 96 : bits}` : address
}

/** The part of a private network that runs use, for a range that covers all of it. */
function partIn(range: Ipv4Range | undefined): Ipv4Range | undefined {
  const found = blocks.find(([whole]) => contains(range, rangeOf(whole)))
  return found && rangeOf(found[1])
}

const isPrivate = (range: Ipv4Range) => blocks.some(([whole]) => contains(rangeOf(whole), range))

function contains(outer: Ipv4Range | undefined, inner: Ipv4Range | undefined): boolean {
  if (outer === undefined || inner === undefined || outer.prefix > inner.prefix) return false
  return inner.first >= outer.first && inner.first < outer.first + 2 ** (32 - outer.prefix)
}

function rangeOf(entry: string): Ipv4Range {
  const range = ipv4RangeOf(entry)
  if (range === undefined) throw new Error(`${entry} is no IPv4 range`)
  return range
}

const parts = blocks.map(([, part]) => rangeOf(part))

/** A random network in one of the ranges. The last try counts, whatever it is: the engine refuses a network that is taken. */
function freeBase(ranges: readonly Ipv4Range[], fits: (base: string) => boolean = () => true): string {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  let base = ''
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const range = ranges[randomInt(ranges.length)]
    if (range === undefined) break
    base = textOf(range.first + randomInt(2 ** (networkPrefix - range.prefix)) * 256).replace(/\.\d+$/, '')
    const start = `${base}.`
    if (fits(base) && !own.some(({ address }) => address.startsWith(start))) return base
  }
  return base
}

const textOf = (address: number) => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

/** A network outside every private range, for clients on the internet: of RFC 2544, which nobody reaches. */
export const internetBase = () => freeBase([rangeOf('198.18.0.0/15')])
