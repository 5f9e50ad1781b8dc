/** Requests of several users at the same time. The mark in each request identifies it on arrival. */
import { type Asked, belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

type User = 'alice' | 'bob'
type Sent = Asked & { readonly as: User }

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
  const user = { ...(await connection.send({}, 'alice')), as: 'alice' as const }
  const nobody = await connection.send({}, 'anonymous')
  const arrived = (await stage.arrived()).filter((arrival) => belongsTo(arrival, nobody.mark))
  return [
    ...(await asThemselves(stage, [user])),
    arrived.length === 0
      ? { met: true, says: 'the request without a session that followed did not arrive' }
      : { met: false, says: `the request without a session that followed arrived ${arrived.length} times` },
  ]
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

async function asThemselves(stage: Stage, sent: readonly Sent[]): Promise<readonly Finding[]> {
  const arrived = await stage.arrived()
  const wrong = sent.flatMap(({ as, mark, exchange }) => {
    const own = arrived.filter((arrival) => belongsTo(arrival, mark))
    const [only] = own
    if (only === undefined || own.length > 1) {
      const answer = exchange.fault ?? `the client got ${exchange.response?.status ?? 'no answer'}`
      return [`a request of ${as} arrived ${own.length} times instead of once (${answer})`]
    }
    const names = only.headers
      .filter(([name]) => name.toLowerCase() === stage.identity.toLowerCase())
      .map(([, value]) => value)
    if (names.length === 1 && names[0] === stage.emails[as]) return []
    return [`a request of ${as} arrived as ${names.length === 0 ? 'nobody' : names.join(' and ')}`]
  })
  const [first] = wrong
  if (first === undefined)
    return [{ met: true, says: `all ${sent.length} requests arrived with the user who sent them` }]
  return [{ met: false, says: wrong.length === 1 ? first : `${first}, and ${wrong.length - 1} more of ${sent.length}` }]
}
