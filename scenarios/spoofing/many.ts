/** A forged identity in many requests, and what becomes of refused requests later. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

/** More than one in fifty of them must be wrong to be seen at all; four connections, so that no worker of the proxy is left out for long. */
const requests = 120

export async function everyTime(stage: Stage): Promise<readonly Finding[]> {
  const marks = await Promise.all(
    Array.from({ length: 4 }, async () => {
      await using connection = stage.connect()
      const own: string[] = []
      for (let index = 0; index < requests / 4; index += 1) {
        own.push((await connection.send({ headers: [['{identity}', '{bob}']] }, 'alice')).mark)
      }
      return own
    }),
  )
  const arrived = await stage.arrived()
  const wrong = marks
    .flat()
    .filter((mark) =>
      arrived
        .filter((arrival) => belongsTo(arrival, mark))
        .some(({ headers }) => headers.some(([, value]) => value.includes(stage.nameOf('bob')))),
    )
  const says = `in ${wrong.length} of ${requests} requests the forged identity arrived`
  return [{ met: wrong.length === 0, says, about: { kind: 'passed', header: stage.identity.toLowerCase() } }]
}

/** How long a refused request could still be on its way. */
const patienceMs = 600
const betweenLooksMs = 100

export async function notLater(stage: Stage): Promise<readonly Finding[]> {
  const forged = [['{identity}', '{alice}']] as const
  const asked = await Promise.all(
    stage.transports.flatMap((transport) =>
      [{}, { headers: forged }].map((request) => stage.send(request, { as: 'anonymous', transport })),
    ),
  )
  const until = performance.now() + patienceMs
  for (;;) {
    const arrived = await stage.arrived()
    const late = asked.filter(({ mark }) => arrived.some((arrival) => belongsTo(arrival, mark)))
    if (late.length > 0)
      return [
        {
          met: false,
          says: `${late.length} of ${asked.length} requests without a session arrived after all`,
          about: { kind: 'reached', who: 'anonymous' },
        },
      ]
    if (performance.now() >= until)
      return [{ met: true, says: `none of ${asked.length} requests without a session arrived within ${patienceMs} ms` }]
    await new Promise((resolve) => setTimeout(resolve, betweenLooksMs))
  }
}
