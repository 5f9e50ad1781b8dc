import { duplexPair } from 'node:stream'
import { expect, it } from 'vitest'
import type { Dial } from '../../lab/dial.ts'
import type { Service, Variant } from '../../plan/proxy.ts'
import { isNode, nodesInRun } from './user-nodes.ts'

const service = (name: string, beside?: 'gateway'): Service => ({
  name,
  title: name,
  version: '1',
  source: {},
  with: [],
  command: [],
  env: {},
  files: {},
  ready: { log: '^this node is (\\S+)$' },
  after: [],
  ports: [],
  tmpfs: [],
  ...(beside && { beside }),
})
const variant: Pick<Variant, 'host' | 'names' | 'services'> = {
  host: 'app.test',
  names: {},
  services: [service('proxy', 'gateway'), service('alice'), service('tagged')],
}
const named = { alice: 'alice', nobody: 'tagged', host: 'proxy', port: 1055 }

/** Remembers what was dialled; nobody answers. */
function lab(logs: Readonly<Record<string, readonly string[]>>) {
  const dialled: string[] = []
  const dial =
    (from: string): Dial =>
    async (host, port) => {
      dialled.push(`${from} ${host}:${port}`)
      const [near, far] = duplexPair()
      far.end()
      return near
    }
  return {
    dialled,
    direct: dial('clients'),
    beside: dial('gateway'),
    publicSide: (inner: Dial) => inner,
    addressOf: () => '10.0.0.9',
    logOf: async (name: string) => logs[name] ?? [],
  }
}

const logs = {
  alice: ['tailscaled starts', 'this node is 100.64.0.2'],
  tagged: ['this node is 100.64.0.4'],
  proxy: ['this node is 100.64.0.1'],
}

it('takes the address that each node says in the line by which it is ready', async () => {
  const { nodes, host } = await nodesInRun(named, variant, lab(logs))
  expect([nodes.alice.address, nodes.anonymous.address, host?.address]).toEqual([
    '100.64.0.2',
    '100.64.0.4',
    '100.64.0.1',
  ])
})

it('lets a user without a node connect from the one that is nobody’s', async () => {
  const { nodes } = await nodesInRun(named, variant, lab(logs))
  expect(nodes.bob.address).toBe(nodes.anonymous.address)
})

it('reaches the machine of proxy and gateway through the node, by its public name, and nothing else', async () => {
  const here = lab(logs)
  const { nodes, host } = await nodesInRun(named, variant, here)
  for (const name of ['app.test', 'gateway']) await expect(nodes.alice.dial(name, 18_789)).rejects.toThrow('app.test')
  await nodes.alice.dial('idp.test', 80)
  await expect(host?.dial('app.test', 443)).rejects.toThrow('app.test')
  expect(here.dialled).toEqual([
    'clients alice:1055',
    'clients alice:1055',
    'clients idp.test:80',
    'gateway 127.0.0.1:1055',
  ])
})

it('says which node has not said its address', async () => {
  await expect(nodesInRun(named, variant, lab({ ...logs, tagged: ['tailscaled starts'] }))).rejects.toThrow(
    'tagged did not say its address',
  )
})

it('tells nodes of users from services that are tested', () => {
  const login = { callbacks: [], clientAuth: 'client_secret_basic', signIn: { kind: 'address', nodes: named } } as const
  expect(['alice', 'tagged', 'proxy', 'control'].filter((name) => isNode(name, { login }))).toEqual(['alice', 'tagged'])
})
