/** The embedded chain as a run uses it: reference proxy, reference gateway, and nothing else in between. */
import { expect, it } from 'vitest'
import type { Arrival } from '../gateways/recording/arrival.ts'
import { Recorder } from '../gateways/recording/recorder.ts'
import { ReferenceGateway } from '../gateways/reference/reference-gateway.ts'
import { startup } from '../gateways/rules/config.ts'
import { profiles } from '../gateways/rules/profiles.ts'
import { gatewayPort } from '../lab/ports.ts'
import type { Behaviour } from './behaviour.ts'
import { Bench, exchange, handshake, identity } from './bench.testing.ts'
import { mutantNamed } from './mutants.ts'

/** The bench's proxy in front of the reference gateway, profile `attributed`. */
async function chain(bench: Bench): Promise<Arrival[]> {
  const { proxy, gateway } = bench.network.addresses
  const profile = profiles.attributed
  const started = startup(
    {
      gateway: {
        mode: 'local',
        port: gatewayPort,
        bind: 'lan',
        trustedProxies: [proxy],
        auth: {
          mode: 'trusted-proxy',
          trustedProxy: {
            userHeader: identity,
            requiredHeaders: ['x-forwarded-proto'],
            allowUsers: ['alice@example.test'],
          },
        },
        controlUi: { allowedOrigins: ['https://app.test'] },
      },
    },
    profile,
  )
  if (started.kind !== 'started') throw new Error(JSON.stringify(started))
  const recorder = new Recorder()
  const arrivals: Arrival[] = []
  recorder.follow((arrival) => {
    arrivals[arrival.sequence - 1] = arrival
  })
  const reference = new ReferenceGateway({
    policy: { profile, config: started.config },
    recorder,
    ownAddresses: () => [gateway, '127.0.0.1'],
  })
  await bench.gateway[Symbol.asyncDispose]()
  bench.network.listen({
    names: ['gateway'],
    address: gateway,
    port: gatewayPort,
    onConnection: (socket, peer) => reference.accept(socket, peer),
  })
  return arrivals
}

const probe = (bench: Bench, cookie: string) =>
  bench.exchange(
    ['POST /tools/invoke HTTP/1.1', 'Host: app.test', 'Connection: close', `Cookie: ${cookie}`, 'Content-Length: 2'],
    '{}',
  )

it.each<[who: 'alice' | 'bob', mutant: string | undefined, verdict: object]>([
  ['alice', undefined, { kind: 'accepted', user: 'alice@example.test' }],
  ['bob', undefined, { kind: 'refused', reason: 'trusted_proxy_user_not_allowed' }],
  ['alice', 'xff-none', { kind: 'refused', reason: 'proxy_attribution_required' }],
  ['alice', 'loopback-source', { kind: 'refused' }],
])('brings %s to the reference gateway (mutant: %s)', async (who, mutant, verdict) => {
  const behaviour: Behaviour | undefined = mutant === undefined ? undefined : mutantNamed(mutant).behaviour
  await using bench = await Bench.start(behaviour)
  const arrivals = await chain(bench)
  await probe(bench, bench[who])
  expect(arrivals).toHaveLength(1)
  expect(arrivals[0]?.verdict).toMatchObject(verdict)
})

it('carries the challenge of the gateway through the tunnel', async () => {
  await using bench = await Bench.start()
  const arrivals = await chain(bench)
  const socket = await bench.connect()
  socket.on('data', (chunk) => String(chunk).includes('connect.challenge') && socket.end())
  const heard = await exchange(socket, ['GET / HTTP/1.1', 'Host: app.test', `Cookie: ${bench.alice}`, ...handshake])
  expect(heard).toMatch(/^HTTP\/1.1 101 /)
  expect(heard).toContain('connect.challenge')
  expect(arrivals[0]).toMatchObject({
    transport: 'websocket',
    attribution: { kind: 'trusted-proxy', client: bench.network.addresses.internet },
    verdict: { kind: 'accepted', user: 'alice@example.test' },
  })
})

it.each([
  [undefined, []],
  ['smuggle', ['alice@example.test', undefined]],
])('shows the gateway a smuggled second request only behind the mutant that smuggles (%s)', async (mutant, users) => {
  await using bench = await Bench.start(mutant === undefined ? undefined : mutantNamed(mutant).behaviour)
  const arrivals = await chain(bench)
  const smuggled = `POST /tools/invoke HTTP/1.1\r\nHost: app.test\r\n${identity}: evil@attacker.test\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`
  const head = ['POST /tools/invoke HTTP/1.1', 'Host: app.test', `Cookie: ${bench.alice}`, 'Transfer-Encoding: chunked']
  await bench.exchange([...head, `Content-Length: ${smuggled.length + 5}`], `0\r\n\r\n${smuggled}`)
  expect(arrivals.map(({ verdict }) => (verdict.kind === 'accepted' ? verdict.user : undefined))).toEqual(users)
})
