/** IP addresses as the gateways compare them: textual peers, IPv4-mapped IPv6, ranges of `trustedProxies`. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.process>

/**
 * The canonical text of an IP address, IPv4-mapped IPv6 as IPv4, without a zone; `undefined` for anything else.
 * `isIP` goes first: ipaddr.js alone takes `10.1` and octal forms for addresses.
 */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString()
}

/** One hop of `X-Forwarded-For`: `ip`, `ip:port`, `[v6]` and `[v6]:port`; `undefined` when it is none of them. */
export function hopAddress(hop: string): string | undefined {
  const text = hop.trim()
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1]
  return canonicalAddress(bracketed ?? withPort ?? text)
}

/** 127.0.0.0/8 and ::1, also IPv4-mapped. */
export function isLoopback(address: string): boolean {
  return parseAddress(address)?.range() === 'loopback'
}

/** The ranges that the origin rule calls a private host: RFC 1918, loopback, link-local, unique local. */
export function isPrivateAddress(address: string): boolean {
  const range = parseAddress(address)?.range()
  return range === 'private' || range === 'loopback' || range === 'linkLocal' || range === 'uniqueLocal'
}

/**
 * What a range of IPv4-mapped addresses (`::ffff:10.0.0.0/104`) covers: the IPv4 addresses that it says (OpenClaw 2026.9.4 on);
 * those of the IPv4 range with the same number behind the slash, which from /32 on is one address (before); or none of IPv4.
 */
export type MappedRanges = 'ranges' | 'ipv4-prefix' | 'never'

/** Whether an entry of `trustedProxies` covers the address. Host names and bad ranges never match and are not refused (docs/gateways.md#g1-3-trusted-proxy-addresses). */
export function covers(entry: string, address: string, mappedRanges: MappedRanges): boolean {
  const peer = parseAddress(address)
  if (!peer) return false
  const [base = '', prefix, ...rest] = entry.trim().split('/')
  if (rest.length > 0) return false
  if (prefix === undefined) return canonicalAddress(base) === peer.toString()
  if (!/^\d{1,3}$/.test(prefix) || isIP(base) === 0) return false
  return inRange(ipaddr.parse(base), Number(prefix), peer, mappedRanges)
}

function inRange(base: Address, prefix: number, peer: Address, mapped: MappedRanges): boolean {
  if (mapped !== 'never' && base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && prefix <= 128) {
    const ipv4Prefix = mapped === 'ranges' ? Math.max(0, prefix - 96) : Math.min(32, prefix)
    return inRange(base.toIPv4Address(), ipv4Prefix, peer, mapped)
  }
  if (base instanceof ipaddr.IPv4) return prefix <= 32 && peer instanceof ipaddr.IPv4 && peer.match(base, prefix)
  return prefix <= 128 && peer instanceof ipaddr.IPv6 && peer.match(base, prefix)
}

/** An IPv4 range as numbers, also in IPv4-mapped form; one address is a range of one. */
export type Ipv4Range = { readonly first: number; readonly prefix: number }

/** What an entry of `trustedProxies` means in IPv4, whatever a version makes of it; nothing for IPv6, host names and bad ranges. */
export function ipv4RangeOf(entry: string): Ipv4Range | undefined {
  const [base = '', prefix, ...rest] = entry.trim().split('/')
  if (rest.length > 0 || isIP(base) === 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return undefined
  const written = ipaddr.parse(base)
  const mapped = written instanceof ipaddr.IPv6 && written.isIPv4MappedAddress()
  const address = mapped ? written.toIPv4Address() : written
  if (!(address instanceof ipaddr.IPv4)) return undefined
  const bits = prefix === undefined ? 32 : Number(prefix) - (mapped ? 96 : 0)
  if (bits < 0 || bits > 32) return undefined
  const number = address.octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const size = 2 ** (32 - bits)
  return { first: Math.floor(number / size) * size, prefix: bits }
}

/** The same few peers, ranges and own addresses come with every request. Bounded, since clients write addresses too. */
const parsed = new Map<string, Address | undefined>()
const mostParsed = 256

function parseAddress(text: string): Address | undefined {
  if (parsed.has(text)) return parsed.get(text)
  const [bare = ''] = text.trim().split('%')
  const address = isIP(bare) === 0 ? undefined : ipaddr.process(bare)
  if (parsed.size >= mostParsed) parsed.clear()
  parsed.set(text, address)
  return address
}
