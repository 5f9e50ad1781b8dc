/** A forged identity behind so many header lines that a proxy may have stopped to look. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

const lines = 150

export async function manyLines(stage: Stage): Promise<readonly Finding[]> {
  const others = Array.from({ length: lines }, (_, at) => [`X-Filler-${at + 1}`, '1'] as const)
  const { mark, exchange } = await stage.send({ headers: [...others, ['{identity}', '{bob}']] })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  const forged = own.some(({ headers }) => headers.some(([, value]) => value.includes(stage.nameOf('bob'))))
  const answer = exchange.response?.status ?? 'no answer'
  if (own.length === 0)
    return [
      { met: true, says: `the request with ${lines} other header lines did not arrive (the client got ${answer})` },
    ]
  return [
    {
      met: !forged,
      says: `behind ${lines} other header lines the forged identity ${forged ? 'arrived' : 'did not arrive'}`,
    },
  ]
}
