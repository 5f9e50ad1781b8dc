/** Concurrent requests of a sub-agent with the password on loopback and of a user through the proxy. */
import { type Arrival, belongsTo, type Finding, isIndistinct, type Stage } from '../../harness/stage.ts'

export async function eachAsThemselves(stage: Stage): Promise<readonly Finding[]> {
  const each = await Promise.all(
    Array.from({ length: stage.many / 20 }, async () => {
      const [local, user] = await Promise.all([
        stage.send({ password: 'right' }, { from: 'gateway-loopback', as: 'anonymous' }),
        stage.send({}, { from: 'internet', as: 'alice' }),
      ])
      return { local, user }
    }),
  )
  const arrived = await stage.arrived()
  const acceptedAs = (mark: string) =>
    arrived.filter((arrival) => !isIndistinct(arrival) && belongsTo(arrival, mark)).map(inWords)
  // Only what came through a proxy that drops the mark can be indistinct: these are the user's requests, all alike, one for each.
  const indistinct = arrived.filter((arrival) => isIndistinct(arrival) && belongsTo(arrival, each[0]?.user.mark ?? ''))
  const share = (index: number) => indistinct.filter((_, at) => at % each.length === index).map(inWords)
  return [
    finding(
      'sub-agent',
      'local',
      each.map(({ local }) => acceptedAs(local.mark)),
    ),
    finding(
      'user',
      stage.nameOf('alice'),
      each.map(({ user }, index) => [...acceptedAs(user.mark), ...share(index)]),
    ),
  ]
}

function finding(who: 'sub-agent' | 'user', wanted: string, seen: readonly (readonly string[])[]): Finding {
  const wrong = seen.filter((verdicts) => verdicts.length !== 1 || verdicts[0] !== wanted)
  const [first] = wrong
  if (first === undefined)
    return { met: true, says: `all ${seen.length} requests of the ${who} were accepted as ${wanted}` }
  const instead = first.length === 0 ? 'not seen' : first.join(' and ')
  return {
    met: false,
    says: `${wrong.length} of ${seen.length} requests of the ${who} were ${instead} instead of ${wanted}`,
    about: {
      kind: 'turned-away',
      wanted: 'accepted',
      ...(who === 'sub-agent' && { who: 'anonymous', from: 'gateway-loopback' }),
    },
  }
}

const inWords = ({ verdict }: Arrival) => (verdict.kind === 'accepted' ? verdict.user : `refused (${verdict.reason})`)
