import { expect, it } from 'vitest'
import { programOf } from '../../gateways/programs.ts'
import { dropsToAnotherUser, realGateway } from '../../lab/containers/confinement.ts'
import { octets } from '../../lab/containers/network.ts'
import type { PreparedService } from '../../lab/images/prepare.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import { chainsOf } from '../chains.ts'
import type { PreparedEnvironment } from '../protocol/request.ts'
import { harnessSpec, hostNamesOf, octetOf, serviceSpec } from './container-specs.ts'
import { gatewaySpec } from './real-gateway.ts'
import { Secrets } from './secrets.ts'

function service(name: string, beside?: 'gateway'): Service {
  const empty = { with: [], env: {}, files: {}, after: [], tmpfs: [] }
  const program = { title: name, version: '1', source: { pull: name }, command: [name], ready: { port: 1 }, ports: [] }
  return { name, ...program, ...empty, ...(beside && { beside }) }
}

function variant(services: readonly Service[], names: Variant['names'] = {}): Variant {
  const sidecar = services.some(({ beside }) => beside)
  return {
    name: 'of-this-test',
    title: '',
    folder: '',
    services,
    identity: 'X-Forwarded-User',
    requiredHeaders: [],
    host: 'app.test',
    names,
    features: [],
    login: { callbacks: [], clientAuth: 'client_secret_basic' },
    topology: sidecar ? 'sidecar' : 'network',
    gateway: { bind: 'lan', allowUsers: [], without: [] },
  }
}

it('gives a proxy of its own its public names, and the gateway only the gateway’s', () => {
  const apart = variant([service('proxy'), service('auth')], {
    gateway: ['coderclaw'],
    proxy: ['app.test', 'www.test'],
  })
  expect(hostNamesOf('proxy', apart)).toEqual(['proxy', 'app.test', 'www.test'])
  expect(hostNamesOf('gateway', apart)).toEqual(['gateway', 'coderclaw'])
  expect(octetOf('proxy', apart.services)).toBe(octets.proxy)
})

it('leads the names of whoever lives beside the gateway to the gateway', () => {
  const beside = variant([service('proxy', 'gateway'), service('auth')])
  expect(hostNamesOf('gateway', beside)).toEqual(['gateway', 'proxy', 'app.test'])
  expect(octetOf('proxy', beside.services)).toBe(octets.gateway)
  expect(octetOf('auth', beside.services)).toBe(octets.auth)
})

it('leaves the public name to a proxy in front of the sidecar', () => {
  const chain = variant([service('proxy'), service('sidecar', 'gateway')])
  expect(hostNamesOf('gateway', chain)).toEqual(['gateway', 'sidecar'])
  expect(octetOf('sidecar', chain.services)).toBe(octets.gateway)
  expect(octetOf('proxy', chain.services)).toBe(octets.proxy)
})

it('lends one program of a real gateway to all but sidecars, which get one each', () => {
  const environment = (id: string, services: readonly Service[]): PreparedEnvironment => ({
    id,
    proxy: 'p',
    proxyTitle: '',
    proxyVersion: '1',
    embedded: false,
    variant: variant(services),
    gateway: { name: 'openclaw', version: '1' },
    gatewayFeatures: [],
    knownFailures: [],
    cells: [],
    services: {},
  })
  const apart = [service('proxy')]
  const beside = [service('proxy', 'gateway')]
  const { chains } = chainsOf(
    [environment('a', apart), environment('b', beside), environment('c', apart), environment('d', beside)],
    2,
  )
  expect(chains.map(({ environments }) => environments.map(({ id }) => id))).toEqual([['a', 'c'], ['b'], ['d']])
})

const prepared: PreparedService = {
  source: 'build',
  version: '1',
  image: { kind: 'registry', reference: 'image' },
  binds: [{ source: '/cache/program', target: '/bin/program' }],
}

it('gives each kind of container its allowance: a service may change its user, a gateway nothing', () => {
  const proxy = { ...service('proxy'), files: { 'a.conf': '/etc/a.conf' } }
  const environment: PreparedEnvironment = {
    ...{ id: 'a', proxy: 'p', proxyTitle: '', proxyVersion: '1', embedded: false, variant: variant([proxy]) },
    ...{ gateway: { name: 'openclaw', version: '1' }, gatewayFeatures: [], knownFailures: [], cells: [] },
    services: { proxy: prepared },
  }
  const spec = serviceSpec(proxy, environment, {}, new Secrets())
  expect(spec.allowance).toBe(dropsToAnotherUser)
  expect(spec.binds.filter(({ writable }) => writable)).toEqual([])
  expect(spec.binds.map(({ target }) => target)).toEqual(['/bin/program', '/etc/a.conf'])
  expect(gatewaySpec(programOf('openclaw', '2026.9.6'), prepared, '/folder').allowance).toBe(realGateway)
})

it('shows the suite’s own containers what runs, and nothing else of the checkout', () => {
  const { allowance, binds } = harnessSpec(prepared, 'idp', [], [])
  // The smallest is the default.
  expect(allowance).toBeUndefined()
  expect(binds.map(({ target, writable }) => [target, writable ?? false])).toEqual([
    ['/bin/program', false],
    ['/conformance/harness', false],
    ['/conformance/node_modules', false],
    ['/conformance/package.json', false],
    ['/compiled', true],
  ])
})
