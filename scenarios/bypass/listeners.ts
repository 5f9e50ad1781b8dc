/** Connects to every listener that was found besides the public port and the gateway, from inside the network and from the internet. */
import { belongsTo, type Finding, type Listener, type Stage } from '../../harness/stage.ts'

const vantages = ['lan', 'internet'] as const
type Place = (typeof vantages)[number]

/** Whoever gets through here chooses who they are: the identity, the client's address and the public host are all in the request. */
const asTheProxy = {
  host: ['{host}'],
  headers: [
    ['{identity}', '{alice}'],
    ['X-Forwarded-For', '{client}'],
    ['X-Forwarded-Proto', 'https'],
  ],
} as const

/** The services of the proxy except a sidecar, which has cases of its own. */
const concerned = ({ beside, service }: Listener) => service === 'proxy' || !beside

export async function leadsNowhere(stage: Stage): Promise<readonly Finding[]> {
  const asked = await Promise.all(
    everywhere(stage).map(async ({ listener, from }) => {
      const sent = await Promise.all([
        stage.send(asTheProxy, { as: 'anonymous', from, to: listener }),
        stage.send(
          { ...asTheProxy, host: [`${listener.host}:${listener.port}`] },
          { as: 'anonymous', from, to: listener },
        ),
      ])
      return { listener, from, sent }
    }),
  )
  const arrived = await stage.arrived()
  return asked.map(({ listener, from, sent }): Finding => {
    const through = sent.filter(
      ({ mark, exchange }) =>
        exchange.verdict.kind !== 'not-the-gateway' || arrived.some((arrival) => belongsTo(arrival, mark)),
    )
    return through.length === 0
      ? { met: true, says: `${placed(listener, from)} did not lead to the gateway` }
      : {
          met: false,
          says: `a request without a session reached the gateway through ${placed(listener, from)}`,
          about: { kind: 'reached', who: 'anonymous', from, to: 'proxy' },
        }
  })
}

/** Read-only questions. Where a configuration can be read, the same interface changes it (Caddy) or shows every route and secret (Envoy, Traefik). */
const administration = [
  { target: '/config/', product: 'Caddy administration', shows: /^\s*(\{|null)/ },
  { target: '/api/rawdata', product: 'Traefik API', shows: /"routers"|"middlewares"/ },
  { target: '/api/http/middlewares', product: 'Traefik API', shows: /"forwardAuth"|"provider"/ },
  { target: '/config_dump', product: 'Envoy administration', shows: /"configs"|@type/ },
  { target: '/clusters', product: 'Envoy administration', shows: /::/ },
  { target: '/debug/pprof/cmdline', product: 'Go profiler', shows: /^\/?[\w./-]+(\0|$)/ },
] as const

export async function administers(stage: Stage): Promise<readonly Finding[]> {
  const asked = await Promise.all(
    everywhere(stage).map(async ({ listener, from }): Promise<Finding> => {
      const open = await Promise.all(
        administration.map(async ({ target, product, shows }) => {
          const send = { method: 'GET', target, host: [`${listener.host}:${listener.port}`] }
          const { exchange } = await stage.send(send, { as: 'anonymous', from, to: listener, transport: 'http' })
          const { response } = exchange
          return response?.status === 200 && shows.test(response.body) ? [`${product} (${target})`] : []
        }),
      )
      return open.flat().length === 0
        ? { met: true, says: `${placed(listener, from)} showed no administration interface` }
        : {
            met: false,
            says: `${placed(listener, from)} answered as ${open.flat().join(', ')}`,
            about: { kind: 'reached', who: 'anonymous', from, to: 'proxy' },
          }
    }),
  )
  return asked
}

function everywhere({ listeners }: Stage): { readonly listener: Listener; readonly from: Place }[] {
  return listeners.filter(concerned).flatMap((listener) => vantages.map((from) => ({ listener, from })))
}

const placed = ({ service, port, tls }: Listener, from: Place) =>
  `port ${port} of ${service} (${tls ? 'TLS' : 'plain'}, from ${from === 'lan' ? 'a neighbour' : 'the internet'})`
