import { describe, expect, it } from 'vitest'
import { covers } from '../../gateways/rules/addresses.ts'
import type { OwnGateway } from '../../plan/gateway-file/own-gateway.ts'
import type { Topology } from '../../plan/proxy.ts'
import { internetBase, substitute, trustedNetwork } from './trusted-network.ts'

function own(trustedProxies: readonly string[], proxyAddress?: string): OwnGateway {
  return {
    file: '/x/gateway.json',
    files: ['/x/gateway.json'],
    shown: 'gateway.json',
    gateway: { trustedProxies: [...trustedProxies] },
    otherSections: [],
    environment: {},
    unused: [],
    ...(proxyAddress !== undefined && { proxyAddress }),
  }
}

/** Who is trusted in a run with this list. */
function trusted(trustedProxies: readonly string[], proxyAddress?: string, topology: Topology = 'network') {
  const network = trustedNetwork(own(trustedProxies, proxyAddress), topology)
  const base = network.base()
  const entries = trustedProxies.map((entry, index) =>
    index === network.substituted ? substitute(entry, base, 2) : entry,
  )
  const covered = (address: string) => entries.some((entry) => covers(entry, address, 'ranges'))
  return {
    proxy: covered(`${base}.2`),
    neighbour: covered(`${base}.4`),
    internet: covered(`${internetBase()}.10`),
    entries,
  }
}

const nobody = { proxy: false, neighbour: false, internet: false }
const proxyAlone = { proxy: true, neighbour: false, internet: false }
const network = { proxy: true, neighbour: true, internet: false }

describe("in the run's network, the list of trusted proxies covers whom it covers in the operator's:", () => {
  it.each([
    ['every address', ['0.0.0.0/0'], { proxy: true, neighbour: true, internet: true }],
    ['every private network', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'], network],
    ['one private network', ['192.168.0.0/16'], network],
    ['shared addresses (RFC 6598)', ['100.64.0.0/10'], network],
    ['a range in IPv4-mapped form', ['::ffff:172.16.0.0/108'], network],
    ["the network of a compose file, which a machine's engine may have given out already", ['172.18.0.0/16'], network],
    ['a small network', ['192.168.7.0/24'], network],
    ['a part of a network', ['10.1.2.0/29'], network],
    ['one address', ['172.18.0.5'], proxyAlone],
    ['one address with a prefix', ['172.18.0.5/32'], proxyAlone],
    ['one address in IPv4-mapped form', ['::ffff:172.18.0.5'], proxyAlone],
    ['one address of the internet', ['203.0.113.80'], proxyAlone],
    ['loopback and one address', ['127.0.0.1', '::1', '10.0.0.9'], proxyAlone],
    ['a host name', ['traefik', 'proxy.internal'], nobody],
    ['local IPv6 alone', ['fc00::/7'], nobody],
    ['loopback alone', ['127.0.0.1', '::1'], nobody],
    ['ranges of a content network alone', ['173.245.48.0/20', '103.21.244.0/22'], nobody],
    ['bad ranges', ['10.0.0.0/33', '10.0.0', 'any'], nobody],
  ])('%s', (_what, list, who) => {
    for (let round = 0; round < 20; round += 1) expect(trusted(list)).toMatchObject(who)
  })

  it.each([
    ['it is in the list', ['172.20.0.3', '172.20.0.2'], '172.20.0.2', proxyAlone],
    ['another one is in the list', ['172.20.0.3'], '172.20.0.2', nobody],
    ['another network is in the list', ['10.0.0.0/8'], '192.168.1.10', nobody],
    ['its network is in the list', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.1.10', network],
  ])('%s, where the address of the proxy is known', (_what, list, address, who) => {
    for (let round = 0; round < 20; round += 1) expect(trusted(list, address)).toMatchObject(who)
  })

  it('of a sidecar, whose address is loopback, no entry is taken for the proxy', () => {
    expect(trusted(['127.0.0.1', '10.0.0.9'], undefined, 'sidecar')).toMatchObject({
      ...nobody,
      entries: ['127.0.0.1', '10.0.0.9'],
    })
  })
})

it('says which entry was taken for what', () => {
  expect(trustedNetwork(own(['10.0.0.0/8']), 'network').note).toBe(
    'trustedProxies 10.0.0.0/8: the network of the run lies in this range',
  )
  expect(trustedNetwork(own(['172.18.0.5']), 'network').note).toBe(
    "trustedProxies 172.18.0.5: the proxy's address in the run (nothing says where your proxy is: it is taken to be there)",
  )
  expect(trustedNetwork(own(['172.18.0.0/16'], '172.18.0.2'), 'network').note).toBe(
    'trustedProxies 172.18.0.0/16: the network of the run',
  )
  expect(trustedNetwork(own(['traefik']), 'network').note).toBeUndefined()
})
