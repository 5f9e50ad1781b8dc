/** Requests of several users at the same time. The mark in each request identifies it on arrival. */
import type { Finding, Stage } from '../../harness/stage.ts'
import { asThemselves, type Sent } from './arrived-as.ts'

type User = 'alice' | 'bob'

/** Ten connections at once, five of each user. */
export async function ownConnections(stage: Stage): Promise<readonly Finding[]> {
  const sent = await Promise.all(
    Array.from({ length: 10 }, async (_, index) =>
      inTurns(stage, index % 2 === 0 ? ['alice'] : ['bob'], stage.many / 10),
    ),
  )
  return await asThemselves(stage, sent.flat())
}

export async function oneConnection(stage: Stage): Promise<readonly Finding[]> {
  return await asThemselves(stage, await inTurns(stage, ['alice', 'bob'], 20))
}

export async function afterAUser(stage: Stage): Promise<readonly Finding[]> {
  await using connection = stage.connect()
  const sent: Sent[] = []
  for (const as of ['alice', 'anonymous'] as const) sent.push({ as, ...(await connection.send({}, as)) })
  return await asThemselves(stage, sent)
}

export async function upgrades(stage: Stage): Promise<readonly Finding[]> {
  const users = Array.from({ length: stage.many / 10 }, (_, index): User => (index % 2 === 0 ? 'alice' : 'bob'))
  const sent = await Promise.all(users.map(async (as) => ({ as, ...(await stage.send({}, { as })) })))
  return await asThemselves(stage, sent)
}

/** One connection, on which the users alternate. */
async function inTurns(stage: Stage, users: readonly User[], requests: number): Promise<Sent[]> {
  await using connection = stage.connect()
  const sent: Sent[] = []
  for (let index = 0; index < requests; index += 1) {
    const as = users[index % users.length] ?? 'alice'
    sent.push({ as, ...(await connection.send({}, as)) })
  }
  return sent
}

/** Methods, transports and kinds of client at once; rounds, so that one request meets another at different moments. */
export async function mixed(stage: Stage): Promise<readonly Finding[]> {
  const connections = Array.from({ length: 8 }, () => stage.connect())
  // Opened first: what is sent then is under way at the same time.
  await Promise.all(connections.map((connection) => connection.send({}, 'alice')))
  const transports = stage.transports.filter((transport) => transport !== 'http')
  const sent: Sent[] = []
  for (let round = 0; round < Math.max(stage.many / 20, 3); round += 1) {
    const kept = connections.map(async (connection, index) => {
      const { as, request } = mixture[(index + round) % mixture.length] ?? { as: 'anonymous', request: {} }
      return { as, ...(await connection.send(request, as)) }
    })
    const others = mixture.flatMap(({ as, request }) =>
      transports.map(async (transport) => {
        const { headers } = request
        return {
          as,
          ...(await stage.send(transport !== 'h2' ? { ...(headers && { headers }) } : request, {
            as,
            transport,
          })),
        }
      }),
    )
    sent.push(...(await Promise.all([...kept, ...(round === 0 ? others : [])])))
  }
  return await asThemselves(stage, sent)
}

const forged = [['{identity}', '{alice}']] as const

const mixture: readonly { readonly as: Sent['as']; readonly request: Parameters<Stage['send']>[0] }[] = [
  { as: 'alice', request: { method: 'GET', target: '/control-ui-config.json' } },
  { as: 'anonymous', request: {} },
  { as: 'bob', request: {} },
  { as: 'anonymous', request: { method: 'GET', target: '/control-ui-config.json', headers: forged } },
  { as: 'alice', request: {} },
  { as: 'bob', request: { method: 'PUT', body: '{}', headers: forged } },
  { as: 'anonymous', request: { headers: forged } },
  { as: 'alice', request: { method: 'DELETE' } },
]

/** Two pairs of requests of one user that are under way together. */
export async function ownAnswers(stage: Stage): Promise<readonly Finding[]> {
  const connections = Array.from({ length: 4 }, () => stage.connect())
  await Promise.all(connections.map((connection) => connection.send({}, 'alice')))
  const sent = await Promise.all(
    connections.map(async (connection, index) => {
      const target = index % 2 === 0 ? '/control-ui-config.json' : '/v1/models'
      return { as: 'alice' as const, ...(await connection.send({ method: 'GET', target }, 'alice')) }
    }),
  )
  return await asThemselves(stage, sent)
}

/** One URL, asked by everybody in turn. */
export async function sameUrl(stage: Stage): Promise<readonly Finding[]> {
  const requests = stage.transport === 'websocket' ? [{}] : [{}, { method: 'GET', target: '/control-ui-config.json' }]
  const sent: Sent[] = []
  for (const request of requests) {
    for (const as of ['alice', 'bob', 'anonymous', 'alice', 'anonymous', 'bob'] as const) {
      sent.push({ as, ...(await stage.send(request, { as })) })
    }
  }
  return await asThemselves(stage, sent)
}
