/** The auth service is stopped and started again. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

export async function stopped(stage: Stage): Promise<readonly Finding[]> {
  if (stage.auth === undefined) throw new Error('this lab cannot stop the auth service, whatever the features say')
  await stage.auth.stop()
  const asked = await Promise.all(
    stage.transports.flatMap((transport) =>
      (['alice', 'anonymous'] as const).flatMap((as) =>
        [{}, { headers: [['{identity}', '{alice}']] as const }].map(async (request) => ({
          as,
          ...(await stage.send(request, { as, transport })),
        })),
      ),
    ),
  )
  // Before asking what arrived: the control request sent afterwards goes through the proxy as a user.
  await stage.auth.start()
  const arrived = await stage.arrived()
  const through = asked.filter(({ mark }) => arrived.some((arrival) => belongsTo(arrival, mark)))
  const welcome = asked.filter(({ exchange }) => (exchange.response?.status ?? 500) < 300)
  const who = through.some(({ as }) => as === 'anonymous') ? 'anonymous' : 'alice'
  return [
    through.length === 0
      ? { met: true, says: `none of ${asked.length} requests arrived while the auth service was stopped` }
      : {
          met: false,
          says: `${through.length} of ${asked.length} requests arrived while the auth service was stopped`,
          about: { kind: 'reached', who },
        },
    welcome.length === 0
      ? { met: true, says: 'none of them was answered with success' }
      : {
          met: false,
          says: `${welcome.length} of them were answered with ${welcome[0]?.exchange.response?.status}`,
          about: { kind: 'answer' },
        },
  ]
}
